use serde_json::json;

use super::*;

#[test]
fn conditions() {
    fn check(operator: &str, key: &str, wanted: &Value, expected: bool) {
        let mut warnings = Vec::new();
        let conditions = Map::from_iter([(operator.to_owned(), json!({key: wanted}))]);
        let found = Conditions::read(&conditions)
            .unwrap()
            .hold(&Facts::for_test(1_000_000_000), &mut |warning| {
                warnings.push(warning)
            });
        assert_eq!(found, expected, "{operator} {key} {wanted}: {warnings:?}");
        assert_eq!(warnings, [""; 0], "{operator} {key} {wanted}");
    }
    let now = "2001-09-09T01:46:40Z";
    check("DateEquals", "aws:CurrentTime", &json!(now), true);
    check("DateLessThan", "aws:CurrentTime", &json!(now), false);
    check("DateLessThanEquals", "AWS:currenttime", &json!([now]), true);
    check(
        "DateGreaterThan",
        "aws:CurrentTime",
        &json!("2001-09-09"),
        true,
    );
    for minute in ["2001-09-09T01:46Z", "2001-09-09T03:46+02:00", "2001-09"] {
        check("DateGreaterThan", "aws:CurrentTime", &json!(minute), true);
    }
    check(
        "DateLessThan",
        "aws:CurrentTime",
        &json!("1000000001"),
        true,
    );
    check("DateLessThan", "aws:EpochTime", &json!(1_000_000_001), true);
    check(
        "NumericGreaterThan",
        "aws:EpochTime",
        &json!("999999999"),
        true,
    );
    check(
        "StringEquals",
        "aws:UserAgent",
        &json!(["x", "curl/8"]),
        true,
    );
    check(
        "StringNotEquals",
        "aws:UserAgent",
        &json!(["x", "curl/8"]),
        false,
    );
    check("StringLike", "aws:UserAgent", &json!("curl/*"), true);
    check("StringEquals", "aws:Referer", &json!("x"), false);
    check("StringNotEquals", "aws:Referer", &json!("x"), true);
    check("StringEqualsIfExists", "aws:Referer", &json!("x"), true);
    check("Null", "aws:Referer", &json!("true"), true);
    check("Null", "aws:Referer", &json!("TRUE"), true);
    check("Null", "aws:UserAgent", &json!(true), false);
    check("Bool", "aws:SecureTransport", &json!(true), true);
    check("Bool", "aws:SecureTransport", &json!("True"), true);
    check("Bool", "aws:UserAgent", &json!("curl/8"), false);
    check("ArnLike", "aws:UserAgent", &json!("curl*"), false);
    check("ArnNotEquals", "aws:UserAgent", &json!("curl/8"), true);
    check(
        "ForAnyValue:StringLike",
        "aws:UserAgent",
        &json!(["x", "curl*"]),
        true,
    );
    check("ForAnyValue:StringLike", "aws:Referer", &json!("*"), false);
    check(
        "ForAllValues:StringEquals",
        "aws:Referer",
        &json!("x"),
        true,
    );
    check(
        "IpAddress",
        "aws:SourceIp",
        &json!(["10.0.0.0/8", "127.0.0.0/8"]),
        true,
    );
    check("IpAddress", "aws:SourceIp", &json!("127.0.0.1"), true);
    check("IpAddress", "aws:SourceIp", &json!("0.0.0.0/0"), true);
    check("IpAddress", "aws:SourceIp", &json!("::/0"), false);
    check(
        "NotIpAddress",
        "aws:SourceIp",
        &json!("127.0.0.0/31"),
        false,
    );
}

#[test]
fn conditions_that_cannot_be_evaluated_do_not_hold() {
    fn check(operator: &str, key: &str, wanted: &Value, expected: &str) {
        let mut warnings = Vec::new();
        let conditions = Map::from_iter([(operator.to_owned(), json!({key: wanted}))]);
        let conditions = Conditions::read(&conditions).unwrap();
        let facts = Facts::for_test(0);
        assert!(
            !conditions.hold(&facts, &mut |warning| warnings.push(warning)),
            "{operator} {key}"
        );
        assert!(
            warnings.concat().contains(expected),
            "{operator} {key}: {warnings:?}"
        );
    }
    check(
        "StringEquals",
        "aws:PrincipalArn",
        &json!("x"),
        "has no value on one machine",
    );
    check(
        "StringNotEquals",
        "aws:PrincipalArn",
        &json!("x"),
        "has no value on one machine",
    );
    check(
        "DateLessThan",
        "aws:CurrentTime",
        &json!("soon"),
        "`soon` is not a date",
    );
    for date in ["2001-13", "2001-09-09T01:46", "2001-09-09T01:60Z", "2001-9"] {
        check(
            "DateLessThan",
            "aws:CurrentTime",
            &json!(date),
            "is not a date",
        );
    }
    for network in ["10.0.0.0/33", "127.0.0.0/08", "127.0.0.0/+8", "127.0.0.0/"] {
        check(
            "IpAddress",
            "aws:SourceIp",
            &json!(network),
            "is not a network",
        );
    }
    for number in ["inf", "-inf", "NaN", "1e999"] {
        check(
            "NumericNotEquals",
            "aws:EpochTime",
            &json!(number),
            "is not a number",
        );
    }
}

#[test]
fn the_order_of_values_does_not_matter() {
    for wanted in [json!(["soon", "2001-09-10"]), json!(["2001-09-10", "soon"])] {
        let conditions = Map::from_iter([(
            "DateLessThan".to_owned(),
            json!({"aws:CurrentTime": wanted}),
        )]);
        let facts = Facts::for_test(1_000_000_000);
        let holds = Conditions::read(&conditions)
            .unwrap()
            .hold(&facts, &mut |warning| panic!("{warning}"));
        assert!(holds, "{wanted}");
    }
}

#[test]
fn each_part_of_an_arn_is_compared() {
    fn check(operator: &str, found: &str, wanted: &str, expected: bool) {
        let conditions = Map::from_iter([(operator.to_owned(), json!({"aws:Referer": wanted}))]);
        let facts = Facts {
            referer: Some(found),
            ..Facts::for_test(0)
        };
        let holds = Conditions::read(&conditions)
            .unwrap()
            .hold(&facts, &mut |warning| panic!("{warning}"));
        assert_eq!(holds, expected, "{operator} {found} {wanted}");
    }
    let user = "arn:aws:iam::123456789012:user/a:b";
    check("ArnLike", user, user, true);
    check("ArnEquals", user, "arn:*:iam::*:user/*", true);
    check("ArnLike", user, "arn:aws:iam::123456789012:user/?:b", true);
    check("ArnLike", user, "arn:aws:iam::123456789012:*", true);
    check("ArnLike", user, "arn:aws:iam*user/a:b", false);
    check("ArnLike", user, "arn:aws:iam:*:user/a:b", false);
    check("ArnLike", user, "*", false);
    check("ArnNotLike", user, "arn:aws:iam::*:user/*", false);
    check("ArnNotEquals", user, "arn:*", true);
    check("ArnLike", "curl/8", "arn:*:*:*:*:*", false);
}

#[test]
fn malformed_conditions() {
    fn check(operator: &str, keys: &Value, expected: &str) {
        let conditions = Map::from_iter([(operator.to_owned(), keys.clone())]);
        let error = Conditions::read(&conditions).unwrap_err().to_string();
        assert_eq!(error, format!("policyDocument: Condition: {expected}"));
    }
    let any = json!({"aws:UserAgent": "x"});
    let unknown = |operator: &str| format!("the operator `{operator}` is unknown");
    for operator in [
        "StringMatches",
        "stringEquals",
        "ForSomeValues:StringEquals",
        "NullIfExists",
        "StringEqualsIfExistsIfExists",
        "",
    ] {
        check(operator, &any, &unknown(operator));
    }
    check(
        "StringEquals",
        &json!("x"),
        "StringEquals: expected an object",
    );
    let nested = json!({"aws:UserAgent": {"a": 1}});
    let expected = "StringEquals: aws:UserAgent: expected a string or a list of strings";
    check("StringEquals", &nested, expected);
}
