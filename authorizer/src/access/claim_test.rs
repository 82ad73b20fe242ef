//! Tests of a claim's value.

use std::fmt;

use serde_json::{Number, Value};

use crate::access::glob::Glob;
use crate::claim_name::ClaimName;

/// One of the values that a rule lists for a claim.
#[derive(Debug, Clone, PartialEq)]
pub enum Alternative {
    String(String),
    Number(ExactNumber),
    Bool(bool),
    /// A string that matches the pattern.
    Like(Glob),
}

/// A number that is compared by value: 1 and 1.0 are equal, and no integer is rounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ExactNumber {
    /// A whole number in any notation.
    Integer(i128),
    Fraction(f64),
}

/// The alternatives for one claim.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimTest {
    pub(crate) name: ClaimName,
    /// The index of the claim among those that the rules name, set by [`AccessRules`](super::AccessRules).
    pub(super) place: usize,
    pub(crate) alternatives: Vec<Alternative>,
}

impl ClaimTest {
    pub(crate) const fn new(name: ClaimName, alternatives: Vec<Alternative>) -> Self {
        Self {
            name,
            place: 0,
            alternatives,
        }
    }

    pub const fn name(&self) -> &ClaimName {
        &self.name
    }

    /// The values that `claims` accepts or `notClaims` refuses.
    pub fn alternatives(&self) -> &[Alternative] {
        &self.alternatives
    }

    /// Whether a value is one of the alternatives. An array matches if one of its elements does.
    pub(super) fn matches(&self, value: Option<&Value>) -> bool {
        let any = |value: &Value| {
            self.alternatives
                .iter()
                .any(|alternative| alternative.matches(value))
        };
        match value {
            None => false,
            Some(Value::Array(elements)) => elements.iter().any(any),
            Some(value) => any(value),
        }
    }
}

impl Alternative {
    /// Parses an alternative from a rule. `None` if the JSON is not an alternative.
    pub(crate) fn parse(value: &Value) -> Option<Self> {
        match value {
            Value::String(string) => Some(Self::String(string.clone())),
            Value::Bool(bool) => Some(Self::Bool(*bool)),
            Value::Number(number) => ExactNumber::new(number).map(Self::Number),
            Value::Object(members) => match (members.len(), members.get("like")) {
                (1, Some(Value::String(pattern))) => Some(Self::Like(Glob::new(pattern.clone()))),
                _ => None,
            },
            Value::Null | Value::Array(_) => None,
        }
    }

    fn matches(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::String(expected), Value::String(found)) => expected == found,
            (Self::Like(pattern), Value::String(found)) => pattern.matches(found),
            (Self::Bool(expected), Value::Bool(found)) => expected == found,
            (Self::Number(expected), Value::Number(found)) => {
                ExactNumber::new(found).is_some_and(|found| found == *expected)
            }
            _ => false,
        }
    }
}

impl ExactNumber {
    /// `None` if the JSON parser may have rounded the number: it parses whole numbers beyond 64 bits as the nearest
    /// double.
    pub(crate) fn new(number: &Number) -> Option<Self> {
        const END: f64 = 18_446_744_073_709_551_616.0;
        if let Some(integer) = number.as_i128() {
            return Some(Self::Integer(integer));
        }
        let double = number.as_f64()?;
        if double.fract() != 0.0 {
            Some(Self::Fraction(double))
        } else if double > -END / 2.0 && double < END {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a whole number within 65 bits"
            )]
            Some(Self::Integer(double as i128))
        } else {
            None
        }
    }
}

/// The description that people read.
impl fmt::Display for ClaimTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let alternatives: Vec<String> = self.alternatives.iter().map(ToString::to_string).collect();
        write!(f, "{:?}: {}", self.name.as_str(), alternatives.join(" or "))
    }
}

impl fmt::Display for Alternative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(string) => write!(f, "{string:?}"),
            Self::Number(ExactNumber::Integer(integer)) => write!(f, "{integer}"),
            Self::Number(ExactNumber::Fraction(double)) => write!(f, "{double}"),
            Self::Bool(bool) => write!(f, "{bool}"),
            Self::Like(pattern) => write!(f, "like {:?}", pattern.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strict_json;

    /// Parses JSON as rules and tokens are parsed.
    fn read(json: &str) -> Value {
        strict_json::parse_value(json.as_bytes()).unwrap()
    }

    #[track_caller]
    fn check(alternative: &str, value: &str, expected: bool) {
        let alternatives = vec![Alternative::parse(&read(alternative)).unwrap()];
        let test = ClaimTest::new(ClaimName::parse("a").unwrap(), alternatives.clone());
        assert_eq!(test.alternatives(), alternatives);
        assert_eq!(
            test.matches(Some(&read(value))),
            expected,
            "{test:?} {value}"
        );
    }

    #[test]
    fn values_are_equal_by_type_and_value() {
        for (alternative, value, expected) in [
            (r#""a""#, r#""a""#, true),
            (r#""a""#, r#""A""#, false),
            (r#""1""#, "1", false),
            ("1", r#""1""#, false),
            ("true", "true", true),
            ("true", r#""true""#, false),
            ("true", "1", false),
            ("false", "null", false),
            (r#""""#, r#""""#, true),
            (r#""""#, "null", false),
            (r#""a""#, r#"["b", "a"]"#, true),
            (r#""a""#, r#"[["a"]]"#, false),
            (r#""a""#, "[]", false),
            (r#""a""#, r#"{"a": "a"}"#, false),
            ("2", "[1, 2.0]", true),
        ] {
            check(alternative, value, expected);
        }
    }

    #[test]
    fn numbers_are_equal_by_value_and_never_rounded() {
        for (alternative, value, expected) in [
            ("1", "1.0", true),
            ("1.0", "1", true),
            ("1e2", "100", true),
            ("0", "-0", true),
            ("-1", "-1.0", true),
            ("0.5", "5e-1", true),
            ("0.5", "0", false),
            ("9007199254740993", "9007199254740992", false),
            ("9007199254740993", "9007199254740992.0", false),
            ("9007199254740992", "9007199254740992.0", true),
            ("1999999999999999", "1999999999999999.0", true),
            ("18446744073709551615", "18446744073709551615", true),
            ("18446744073709551615", "18446744073709551614", false),
            ("18446744073709551615", "18446744073709551616", false),
            ("18446744073709551615", "1.8446744073709552e19", false),
            ("-9223372036854775808", "-9223372036854775808", true),
            ("1e19", "10000000000000000000", true),
        ] {
            check(alternative, value, expected);
        }
    }

    #[test]
    fn globs_match_strings_only() {
        for (value, expected) in [
            (r#""eng-backend""#, true),
            (r#""eng-a/b""#, true),
            (r#""Eng-backend""#, false),
            (r#""x-eng-backend""#, false),
            (r#"["sales", "eng-x"]"#, true),
            (r#"["sales"]"#, false),
            ("5", false),
            (r#"{"like": "eng-x"}"#, false),
        ] {
            check(r#"{"like": "eng-*"}"#, value, expected);
        }
        check(r#"{"like": "*"}"#, "5", false);
    }

    #[test]
    fn malformed_alternatives_are_refused() {
        for json in [
            "null",
            "[]",
            r#"["a"]"#,
            "{}",
            r#"{"like": 5}"#,
            r#"{"like": "a", "not": "b"}"#,
            r#"{"Like": "a"}"#,
            "18446744073709551616",
            "1e300",
            "-9223372036854775809",
        ] {
            assert_eq!(Alternative::parse(&read(json)), None, "{json}");
        }
    }
}
