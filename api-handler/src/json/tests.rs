use serde_json::json;

use super::*;

#[test]
fn what_comes_back_is_equal() {
    let check = |text: &str, back: &str| {
        assert_eq!(parse(text.as_bytes()).unwrap().to_string(), back, "{text}")
    };
    check("null", "null");
    check(" [1, 2 ,\n{}] ", "[1,2,{}]");
    check("0", "0");
    check("-0", "-0.0");
    check("1.0", "1.0");
    check("1.50", "1.5");
    check("1E2", "100.0");
    check("0.1", "0.1");
    check("18446744073709551615", "18446744073709551615");
    check("-9223372036854775808", "-9223372036854775808");
    check("1e22", "1e+22");
    check("5e-324", "5e-324");
    check("1.7976931348623157e308", "1.7976931348623157e+308");
    check("0.000", "0.0");
    check("0e99", "0.0");
    check(r#""\ud83d\ude00 \u0000 \/""#, "\"\u{1f600} \\u0000 /\"");
    check(
        r#"{"a":"1e999","b":"\"1e999"}"#,
        r#"{"a":"1e999","b":"\"1e999"}"#,
    );
}

#[test]
fn what_would_not_come_back_is_refused() {
    let check = |text: &str, pointer: &str| match parse(text.as_bytes()) {
        Err(Problem::Unprocessable(faults)) => assert_eq!(faults[0].pointer, pointer, "{text}"),
        other => panic!("{text}: {other:?}"),
    };
    check("18446744073709551616", "#");
    check(r#"{"a":[0,{"b/~":-9223372036854775809}]}"#, "#/a/1/b~1~0");
    check("123456789012345678901234567890", "#");
    check("0.1000000000000000055511151231257827", "#");
    check("1e-400", "#");
    check("9007199254740993.5", "#");
    check("1.00000000000000000001", "#");
    check(r#"{"a":1,"a":1}"#, "#/a");
    check(r#"[{"a":{"b":1,"\u0062":2}}]"#, "#/0/a/b");
    check(
        &format!("{}1{}", "[".repeat(101), "]".repeat(101)),
        &format!("#{}", "/0".repeat(101)),
    );
}

#[test]
fn what_is_not_json_is_a_400() {
    for text in [
        "",
        " ",
        "{",
        "[1,]",
        "{a:1}",
        "'a'",
        "NaN",
        "Infinity",
        "01",
        "1.",
        ".5",
        "+1",
        "1 2",
        "\u{feff}1",
        "// x\n1",
        "\"\t\"",
        "tru",
        r#""\ud800""#,
        r#""\ud800\u0041""#,
        r#""\udc00""#,
        r#""\x41""#,
        "1e400",
        "-1e400",
        r#"{"a":1}}"#,
    ] {
        assert!(
            matches!(parse(text.as_bytes()), Err(Problem::BadRequest(_))),
            "{text}: {:?}",
            parse(text.as_bytes())
        );
    }
    assert!(matches!(parse(b"\"\xff\""), Err(Problem::BadRequest(_))));
    assert!(matches!(
        parse("[".repeat(1_000_000).as_bytes()),
        Err(Problem::Unprocessable(_))
    ));
}

#[test]
fn a_hundred_levels_are_not_too_deep() {
    let value = parse(format!("{}1{}", "[".repeat(100), "]".repeat(100)).as_bytes()).unwrap();
    assert_eq!(depth(&value), 100);
    assert!(!is_shallow(&value));
    assert!(is_shallow(&value[0]));
}

#[test]
fn numbers_are_equal_by_what_they_say() {
    let check = |a: &str, b: &str, same: bool| assert_eq!(same_number(a, b), same, "{a} {b}");
    check("1", "1.0", true);
    check("100", "1e2", true);
    check("1E+2", "100.00", true);
    check("0.001", "1e-3", true);
    check("-0", "0.0", true);
    check("10", "1", false);
    check("1", "-1", false);
    check("1e99999999999999999999", "1", false);
    assert!(equal(&json!({"a": [1, 2.0]}), &json!({"a": [1.0, 2]})));
    assert!(!equal(&json!({"a": 1}), &json!({"a": 1, "b": 1})));
    assert!(!equal(&json!("1"), &json!(1)));
}
