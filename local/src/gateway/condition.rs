//! Conditions of a policy's statements, evaluated for what API Gateway knows of a request.
//!
//! AWS does not document which keys have a value for an authorizer's policy. Here the keys of its own samples have one,
//! if they make sense on one machine. A condition on any other key does not hold, and a warning says so.

use std::net::IpAddr;

use serde_json::{Map, Value};
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime};

use super::malformed::Malformed;
use super::pattern::{glob, texts};

/// The facts of a request that conditions are evaluated for.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// `aws:CurrentTime` and `aws:EpochTime`.
    pub now: OffsetDateTime,
    /// `aws:SourceIp`.
    pub source_ip: IpAddr,
    /// `aws:UserAgent`.
    pub user_agent: Option<&'a str>,
    /// `aws:Referer`.
    pub referer: Option<&'a str>,
}

impl Facts<'_> {
    #[cfg(test)]
    pub(super) fn for_test(now: i64) -> Self {
        Self {
            now: OffsetDateTime::from_unix_timestamp(now).unwrap(),
            source_ip: IpAddr::from([127, 0, 0, 1]),
            user_agent: Some("curl/8"),
            referer: None,
        }
    }

    /// A key's value; none for a key without one, an error for an unknown key.
    fn value(&self, key: &str) -> Result<Option<String>, NotEvaluated> {
        Ok(match key.to_ascii_lowercase().as_str() {
            "aws:currenttime" => self.now.format(&Rfc3339).ok(),
            "aws:epochtime" => Some(self.now.unix_timestamp().to_string()),
            "aws:sourceip" => Some(self.source_ip.to_string()),
            "aws:useragent" => self.user_agent.map(str::to_owned),
            "aws:referer" => self.referer.map(str::to_owned),
            // API Gateway accepts only TLS; this machine has none.
            "aws:securetransport" => Some("true".to_owned()),
            _ => return Err(NotEvaluated::Key),
        })
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Conditions(Vec<Condition>);

#[derive(Clone, Debug)]
struct Condition {
    /// The operator and the key, for messages.
    name: String,
    operator: Operator,
    key: String,
    wanted: Vec<String>,
}

impl Conditions {
    /// Reads the member `Condition` of a statement.
    pub(super) fn read(conditions: &Map<String, Value>) -> Result<Self, Malformed> {
        let mut read = Vec::new();
        for (operator, keys) in conditions {
            let parsed = Operator::parse(operator)
                .ok_or_else(|| Malformed::UnknownOperator(operator.clone()))?;
            let place = format!("policyDocument: Condition: {operator}");
            let keys = keys
                .as_object()
                .ok_or_else(|| Malformed::member(&place, "an object"))?;
            for (key, wanted) in keys {
                let wanted = match wanted {
                    Value::Bool(boolean) => vec![boolean.to_string()],
                    Value::Number(number) => vec![number.to_string()],
                    other => texts(other).ok_or_else(|| {
                        Malformed::member(
                            format!("{place}: {key}"),
                            "a string or a list of strings",
                        )
                    })?,
                };
                read.push(Condition {
                    name: format!("{operator} on `{key}`"),
                    operator: parsed,
                    key: key.clone(),
                    wanted,
                });
            }
        }
        Ok(Self(read))
    }

    /// Whether all conditions hold. One that cannot be evaluated does not, and `warn` receives the reason.
    pub(super) fn hold(&self, facts: &Facts<'_>, warn: &mut dyn FnMut(String)) -> bool {
        self.0.iter().all(|condition| {
            condition.holds(facts).unwrap_or_else(|problem| {
                let name = &condition.name;
                warn(format!("the condition {name} does not hold: {problem}"));
                false
            })
        })
    }
}

/// Why a condition cannot be evaluated here.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum NotEvaluated {
    #[error("the key has no value on one machine")]
    Key,
    #[error("`{0}` is not a date")]
    Date(String),
    #[error("`{0}` is not a number")]
    Number(String),
    #[error("`{0}` is not a network")]
    Network(String),
}

impl Condition {
    fn holds(&self, facts: &Facts<'_>) -> Result<bool, NotEvaluated> {
        let value = facts.value(&self.key)?;
        let (compare, negated) = match self.operator.test {
            Test::Null => {
                let mut wanted = self.wanted.iter().map(|wanted| boolean(wanted));
                return Ok(wanted.any(|wanted| wanted == Some(value.is_none())));
            }
            Test::Compare { compare, negated } => (compare, negated),
        };
        match value {
            // A missing value equals nothing, so negated operators hold; `ForAllValues` holds for no values,
            // `ForAnyValue` does not.
            None => Ok(match self.operator.set {
                Some(Set::All) => true,
                Some(Set::Any) => false,
                None => self.operator.if_exists || negated,
            }),
            Some(value) => {
                let mut problem = None;
                for wanted in &self.wanted {
                    match compare(&value, wanted) {
                        Ok(true) => return Ok(!negated),
                        Ok(false) => {}
                        Err(error) => problem = Some(error),
                    }
                }
                problem.map_or(Ok(negated), Err)
            }
        }
    }
}

type Compare = fn(&str, &str) -> Result<bool, NotEvaluated>;

#[derive(Clone, Copy, Debug)]
struct Operator {
    set: Option<Set>,
    if_exists: bool,
    test: Test,
}

/// The prefixes for keys with several values. No key has more than one here.
#[derive(Clone, Copy, Debug)]
enum Set {
    All,
    Any,
}

#[derive(Clone, Copy, Debug)]
enum Test {
    Null,
    Compare { compare: Compare, negated: bool },
}

impl Operator {
    /// Reads the name of an operator; none for one that IAM does not have.
    fn parse(name: &str) -> Option<Self> {
        let (set, rest) = match name.split_once(':') {
            Some(("ForAllValues", rest)) => (Some(Set::All), rest),
            Some(("ForAnyValue", rest)) => (Some(Set::Any), rest),
            Some(_) => return None,
            None => (None, name),
        };
        if rest == "Null" {
            let test = Test::Null;
            let if_exists = false;
            return Some(Self {
                set,
                if_exists,
                test,
            });
        }
        let (rest, if_exists) = rest
            .strip_suffix("IfExists")
            .map_or((rest, false), |rest| (rest, true));
        let (compare, negated) = comparison(rest)?;
        let test = Test::Compare { compare, negated };
        Some(Self {
            set,
            if_exists,
            test,
        })
    }
}

/// How an operator compares the request's value with the policy's, and whether the result is negated.
fn comparison(operator: &str) -> Option<(Compare, bool)> {
    Some(match operator {
        "StringEquals" => (|found, wanted| Ok(found == wanted), false),
        "StringNotEquals" => (|found, wanted| Ok(found == wanted), true),
        "StringEqualsIgnoreCase" => (
            |found, wanted| Ok(found.eq_ignore_ascii_case(wanted)),
            false,
        ),
        "StringNotEqualsIgnoreCase" => {
            (|found, wanted| Ok(found.eq_ignore_ascii_case(wanted)), true)
        }
        "StringLike" => (|found, wanted| Ok(glob(wanted, found)), false),
        "StringNotLike" => (|found, wanted| Ok(glob(wanted, found)), true),
        "ArnEquals" | "ArnLike" => (|found, wanted| Ok(same_arn(found, wanted)), false),
        "ArnNotEquals" | "ArnNotLike" => (|found, wanted| Ok(same_arn(found, wanted)), true),
        "BinaryEquals" => (|found, wanted| Ok(found == wanted), false),
        "Bool" => (
            |found, wanted| Ok(boolean(found).is_some() && boolean(found) == boolean(wanted)),
            false,
        ),
        "IpAddress" => (in_network, false),
        "NotIpAddress" => (in_network, true),
        "DateEquals" => (|found, wanted| Ok(date(found)? == date(wanted)?), false),
        "DateNotEquals" => (|found, wanted| Ok(date(found)? == date(wanted)?), true),
        "DateLessThan" => (|found, wanted| Ok(date(found)? < date(wanted)?), false),
        "DateLessThanEquals" => (|found, wanted| Ok(date(found)? <= date(wanted)?), false),
        "DateGreaterThan" => (|found, wanted| Ok(date(found)? > date(wanted)?), false),
        "DateGreaterThanEquals" => (|found, wanted| Ok(date(found)? >= date(wanted)?), false),
        "NumericEquals" => (|found, wanted| Ok(number(found)? == number(wanted)?), false),
        "NumericNotEquals" => (|found, wanted| Ok(number(found)? == number(wanted)?), true),
        "NumericLessThan" => (|found, wanted| Ok(number(found)? < number(wanted)?), false),
        "NumericLessThanEquals" => (|found, wanted| Ok(number(found)? <= number(wanted)?), false),
        "NumericGreaterThan" => (|found, wanted| Ok(number(found)? > number(wanted)?), false),
        "NumericGreaterThanEquals" => {
            (|found, wanted| Ok(number(found)? >= number(wanted)?), false)
        }
        _ => return None,
    })
}

/// In any case.
fn boolean(text: &str) -> Option<bool> {
    text.to_ascii_lowercase().parse().ok()
}

/// Whether the six parts of an ARN match one by one: no `*` crosses a colon between them.
fn same_arn(found: &str, wanted: &str) -> bool {
    let parts = |arn| str::splitn(arn, 6, ':').collect::<Vec<_>>();
    let (found, wanted) = (parts(found), parts(wanted));
    let mut pairs = found.iter().zip(&wanted);
    found.len() == 6 && wanted.len() == 6 && pairs.all(|(found, wanted)| glob(wanted, found))
}

/// A date as IAM takes it: a form of the W3C's note on dates and times, or seconds since 1970. Four digits are seconds.
fn date(text: &str) -> Result<OffsetDateTime, NotEvaluated> {
    let day = time::macros::format_description!("[year]-[month]-[day]");
    let midnight = |text: &str| Some(Date::parse(text, &day).ok()?.midnight().assume_utc());
    let moment = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    moment(text)
        .or_else(|| moment(&format!("{}:00{}", text.get(..16)?, text.get(16..)?)))
        .or_else(|| midnight(text))
        .or_else(|| midnight(&format!("{text}-01")))
        .or_else(|| OffsetDateTime::from_unix_timestamp(text.parse().ok()?).ok())
        .ok_or_else(|| NotEvaluated::Date(text.to_owned()))
}

fn number(text: &str) -> Result<f64, NotEvaluated> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| NotEvaluated::Number(text.to_owned()))
}

/// Whether an address lies in a network such as `10.0.0.0/8`, or is the one named.
fn in_network(address: &str, network: &str) -> Result<bool, NotEvaluated> {
    let wrong = || NotEvaluated::Network(network.to_owned());
    let (base, length) = network
        .split_once('/')
        .map_or((network, None), |(base, length)| (base, Some(length)));
    let base: IpAddr = base.parse().map_err(|_| wrong())?;
    let address: IpAddr = address.parse().map_err(|_| wrong())?;
    let bits = |address: IpAddr| match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)) << 96, 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    };
    if base.is_ipv4() != address.is_ipv4() {
        return Ok(false);
    }
    let ((base, width), (address, _)) = (bits(base), bits(address));
    let length = length
        .map_or(Some(width), |length| {
            // Digits as they are usually written: no sign, no leading zero.
            length
                .parse()
                .ok()
                .filter(|parsed: &u32| parsed.to_string() == length)
        })
        .filter(|length| *length <= width)
        .ok_or_else(wrong)?;
    let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
    Ok(base & mask == address & mask)
}

#[cfg(test)]
mod tests {
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
            let conditions =
                Map::from_iter([(operator.to_owned(), json!({"aws:Referer": wanted}))]);
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
}
