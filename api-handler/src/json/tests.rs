use super::*;
use crate::problem::Problem;

fn read(text: &str) -> Json {
    parse(text.as_bytes(), 100).unwrap()
}

#[test]
fn accepted_json_is_returned_equal() {
    let check = |text: &str, back: &str| {
        let value = read(text);
        assert_eq!(value.to_string(), back, "{text}");
        assert_eq!(value.compact_len(), back.len(), "{text}");
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
    check("1999999999999999.0", "1999999999999999.0");
    check("1.7976931348623157e308", "1.7976931348623157e+308");
    check("0.000", "0.0");
    check("0e99", "0.0");
    check(r#""\ud83d\ude00 \u0000 \/""#, "\"\u{1f600} \\u0000 /\"");
    check(
        r#"{"a":"1e999","b":"\"1e999"}"#,
        r#"{"a":"1e999","b":"\"1e999"}"#,
    );
    check(
        r#"[1,"2",-3,4.5,"5.5",6,7e0]"#,
        r#"[1,"2",-3,4.5,"5.5",6,7.0]"#,
    );
    check(r#"{"b":1,"":2,"a":{}}"#, r#"{"":2,"a":{},"b":1}"#);
}

#[test]
fn names_of_library_internals_are_treated_as_data() {
    for name in ["RawValue", "Number"] {
        let text = format!(r#"{{"$serde_json::private::{name}":"[1]"}}"#);
        assert_eq!(read(&text).to_string(), text);
        assert_eq!(read(&text).depth(), 1);
    }
}

#[test]
fn json_that_would_change_is_rejected() {
    let check = |text: &str, pointer: &str| match parse(text.as_bytes(), 100) {
        Err(Problem::Unprocessable(faults)) => assert_eq!(faults[0].pointer(), pointer, "{text}"),
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
        &format!("#{}", "/0".repeat(100)),
    );
}

#[test]
fn malformed_json_is_a_400() {
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
            matches!(parse(text.as_bytes(), 100), Err(Problem::BadRequest(_))),
            "{text}: {:?}",
            parse(text.as_bytes(), 100)
        );
    }
    assert!(matches!(
        parse(b"\"\xff\"", 100),
        Err(Problem::BadRequest(_))
    ));
    assert!(matches!(
        parse("[".repeat(1_000_000).as_bytes(), 100),
        Err(Problem::Unprocessable(_))
    ));
}

#[test]
fn depth_is_limited_exactly() {
    let nested = |levels: usize| {
        let text = format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        parse(text.as_bytes(), 100)
    };
    assert_eq!(nested(0).unwrap().depth(), 0);
    assert_eq!(nested(100).unwrap().depth(), 100);
    assert!(matches!(nested(101), Err(Problem::Unprocessable(_))));
    assert_eq!(read(r#"[[],{"a":[{}]},1]"#).depth(), 4);
}

#[test]
fn a_pointer_is_cut_to_its_first_256_characters() {
    let name = "\u{e4}/".repeat(300);
    let Err(Problem::BadRequest(faults)) = parse(format!("{{\"{name}\":x}}").as_bytes(), 100)
    else {
        panic!("expected a fault");
    };
    let pointer = faults[0].pointer();
    assert_eq!(pointer.chars().count(), 256);
    assert!(pointer.starts_with("#/\u{e4}~1\u{e4}~1") && pointer.ends_with('\u{2026}'));
}

#[test]
fn values_are_equal_as_json() {
    let check =
        |a: &str, b: &str, same: bool| assert_eq!(read(a).equals(&read(b)), same, "{a} {b}");
    check(r#"{"a":[1,2.0]}"#, r#"{"a":[1.0,2]}"#, true);
    check(r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, true);
    check(r#"{"a":1}"#, r#"{"a":1,"b":1}"#, false);
    check(r#"{"a":1}"#, r#"{"b":1}"#, false);
    check("[1]", "[1,1]", false);
    check(r#""1""#, "1", false);
    check("null", "false", false);
    check("9007199254740993", "9007199254740992.0", false);
}

#[test]
fn objects_keep_their_members_sorted_and_unique() {
    let mut object = Object::default();
    assert_eq!(object.insert("b", Json::Null), None);
    assert_eq!(object.insert("a", Json::Bool(true)), None);
    assert_eq!(object.insert("b", Json::Bool(false)), Some(Json::Null));
    assert_eq!(
        Json::Object(object.clone()).to_string(),
        r#"{"a":true,"b":false}"#
    );
    assert_eq!(object.remove("c"), None);
    assert_eq!(object.remove("a"), Some(Json::Bool(true)));
    assert_eq!(
        (object.len(), object.get("b")),
        (1, Some(&Json::Bool(false)))
    );
}
