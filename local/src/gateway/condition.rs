//! Conditions of a policy's statements, over what API Gateway knows of a request.
//!
//! AWS does not document which keys have a value for an authorizer's policy; those that its own samples offer and that
//! make sense on one machine have one here. A condition on anything else does not hold, and is said.

use std::net::IpAddr;

use serde_json::{Map, Value};
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime};

use super::policy::{glob, texts};

/// What conditions are held against.
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

    /// A key's value; none for a key without one, an error for a key that is not known.
    fn value(&self, key: &str) -> Result<Option<String>, ()> {
        Ok(match key.to_ascii_lowercase().as_str() {
            "aws:currenttime" => self.now.format(&Rfc3339).ok(),
            "aws:epochtime" => Some(self.now.unix_timestamp().to_string()),
            "aws:sourceip" => Some(self.source_ip.to_string()),
            "aws:useragent" => self.user_agent.map(str::to_owned),
            "aws:referer" => self.referer.map(str::to_owned),
            // API Gateway is only ever reached by TLS; on one machine it is played without.
            "aws:securetransport" => Some("true".to_owned()),
            _ => return Err(()),
        })
    }
}

/// Whether all conditions hold. One that cannot be weighed does not, and `warn` hears of it.
pub(super) fn holds(
    conditions: &Map<String, Value>,
    facts: &Facts<'_>,
    warn: &mut dyn FnMut(String),
) -> bool {
    conditions.iter().all(|(operator, keys)| {
        let Some(keys) = keys.as_object() else {
            warn(format!(
                "the condition {operator} is not an object: it does not hold"
            ));
            return false;
        };
        keys.iter().all(|(key, wanted)| {
            one(operator, key, wanted, facts).unwrap_or_else(|problem| {
                warn(format!(
                    "the condition {operator} on `{key}` does not hold: {problem}"
                ));
                false
            })
        })
    })
}

fn one(operator: &str, key: &str, wanted: &Value, facts: &Facts<'_>) -> Result<bool, String> {
    let wanted = match wanted {
        Value::Bool(boolean) => vec![boolean.to_string()],
        Value::Number(number) => vec![number.to_string()],
        other => texts(other).ok_or("its value is neither text nor a list of texts")?,
    };
    let value = facts
        .value(key)
        .map_err(|()| "the key has no value on one machine".to_owned())?;
    if operator == "Null" {
        return Ok(wanted
            .iter()
            .any(|wanted| wanted == if value.is_none() { "true" } else { "false" }));
    }
    let (operator, if_exists) = operator
        .strip_suffix("IfExists")
        .map_or((operator, false), |operator| (operator, true));
    let (compare, negated) = comparison(operator).ok_or("the operator is not known")?;
    match value {
        // What is missing equals nothing, so the negated operators hold.
        None => Ok(if_exists || negated),
        Some(value) => {
            for wanted in &wanted {
                if compare(&value, wanted)? {
                    return Ok(!negated);
                }
            }
            Ok(negated)
        }
    }
}

type Compare = fn(&str, &str) -> Result<bool, String>;

/// How an operator compares the request's value with the policy's, and whether its answer is turned round.
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
        "Bool" => (
            |found, wanted| Ok(found.eq_ignore_ascii_case(wanted)),
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

/// A date as IAM takes it: RFC 3339, a day, or seconds since 1970.
fn date(text: &str) -> Result<OffsetDateTime, String> {
    let day = time::macros::format_description!("[year]-[month]-[day]");
    OffsetDateTime::parse(text, &Rfc3339)
        .ok()
        .or_else(|| Some(Date::parse(text, &day).ok()?.midnight().assume_utc()))
        .or_else(|| OffsetDateTime::from_unix_timestamp(text.parse().ok()?).ok())
        .ok_or_else(|| format!("`{text}` is no date"))
}

fn number(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| format!("`{text}` is no number"))
}

/// Whether an address lies in a network such as `10.0.0.0/8`, or is the one named.
fn in_network(address: &str, network: &str) -> Result<bool, String> {
    let wrong = || format!("`{network}` is no network");
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
        .map_or(Ok(width), str::parse::<u32>)
        .map_err(|_| wrong())?;
    if length > width {
        return Err(wrong());
    }
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
            let found = holds(
                &conditions,
                &Facts::for_test(1_000_000_000),
                &mut |warning| warnings.push(warning),
            );
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
        check("Null", "aws:UserAgent", &json!(true), false);
        check("Bool", "aws:SecureTransport", &json!(true), true);
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
    fn what_cannot_be_weighed_does_not_hold_and_is_said() {
        fn check(operator: &str, key: &str, wanted: &Value, expected: &str) {
            let mut warnings = Vec::new();
            let conditions = Map::from_iter([(operator.to_owned(), json!({key: wanted}))]);
            assert!(
                !holds(&conditions, &Facts::for_test(0), &mut |warning| warnings
                    .push(warning)),
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
            "ArnLike",
            "aws:UserAgent",
            &json!("x"),
            "the operator is not known",
        );
        check(
            "ForAnyValue:StringEquals",
            "aws:UserAgent",
            &json!("x"),
            "the operator is not known",
        );
        check(
            "DateLessThan",
            "aws:CurrentTime",
            &json!("soon"),
            "`soon` is no date",
        );
        check(
            "IpAddress",
            "aws:SourceIp",
            &json!("10.0.0.0/33"),
            "is no network",
        );
    }
}
