//! IAM's operators of conditions.

use std::net::IpAddr;

use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime};

use crate::gateway::pattern::glob;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ConditionError {
    #[error("the key has no value on one machine")]
    Key,
    #[error("`{0}` is not a date")]
    Date(String),
    #[error("`{0}` is not a number")]
    Number(String),
    #[error("`{0}` is not a network")]
    Network(String),
}

pub(super) type Compare = fn(&str, &str) -> Result<bool, ConditionError>;

#[derive(Clone, Copy, Debug)]
pub(super) struct Operator {
    pub(super) set: Option<Set>,
    pub(super) if_exists: bool,
    pub(super) test: Test,
}

/// The prefixes for keys with several values. Here no key has more than one value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Set {
    All,
    Any,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Test {
    Null,
    Compare { compare: Compare, negated: bool },
}

impl Operator {
    /// Reads the name of an operator; none if IAM does not have it.
    pub(super) fn parse(name: &str) -> Option<Self> {
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

/// The comparison of an operator, and whether its result is negated.
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

/// `true` or `false`, ignoring case.
pub(super) fn boolean(text: &str) -> Option<bool> {
    text.to_ascii_lowercase().parse().ok()
}

/// Whether the six parts of an ARN match one by one: no `*` crosses a colon between them.
fn same_arn(found: &str, wanted: &str) -> bool {
    let parts = |arn| str::splitn(arn, 6, ':').collect::<Vec<_>>();
    let (found, wanted) = (parts(found), parts(wanted));
    let mut pairs = found.iter().zip(&wanted);
    found.len() == 6 && wanted.len() == 6 && pairs.all(|(found, wanted)| glob(wanted, found))
}

/// A date as IAM accepts it: a form of the W3C's note on dates and times, or seconds since 1970. A number of four
/// digits is seconds, not a year.
fn date(text: &str) -> Result<OffsetDateTime, ConditionError> {
    let day = time::macros::format_description!("[year]-[month]-[day]");
    let midnight = |text: &str| Some(Date::parse(text, &day).ok()?.midnight().assume_utc());
    let moment = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    moment(text)
        .or_else(|| moment(&format!("{}:00{}", text.get(..16)?, text.get(16..)?)))
        .or_else(|| midnight(text))
        .or_else(|| midnight(&format!("{text}-01")))
        .or_else(|| OffsetDateTime::from_unix_timestamp(text.parse().ok()?).ok())
        .ok_or_else(|| ConditionError::Date(text.to_owned()))
}

fn number(text: &str) -> Result<f64, ConditionError> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| ConditionError::Number(text.to_owned()))
}

/// Whether an address is in a network such as `10.0.0.0/8`, or equals an address.
fn in_network(address: &str, network: &str) -> Result<bool, ConditionError> {
    let wrong = || ConditionError::Network(network.to_owned());
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
            // Only digits in the usual form: no sign, no leading zero.
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
