//! A strict JSON parser: a repeated member is an error at every depth.
//!
//! RFC 7515, section 4 and RFC 7519, section 4 allow a parser to refuse repeated names or to use the last one. Two
//! parsers that choose differently would read different claims from one token, so this parser refuses them. Settings
//! are parsed in the same way.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Value};
use thiserror::Error;

/// Why bytes are refused as JSON. The fault contains no part of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum StrictJsonError {
    /// The input is not JSON, or is nested deeper than 127 levels.
    #[error("not valid JSON (line {line}, column {column})")]
    Malformed { line: usize, column: usize },
    /// A number is too large for a double. The input before it is well-formed; the rest has not been parsed.
    #[error("JSON with a number that is out of range (line {line}, column {column})")]
    NumberOutOfRange { line: usize, column: usize },
    #[error("an object with a repeated member (line {line}, column {column})")]
    RepeatedMember { line: usize, column: usize },
    /// The input is JSON, but not an object.
    #[error("not a JSON object")]
    NotAnObject,
}

/// Parses one JSON value and nothing after it.
pub(crate) fn parse_value(json: &[u8]) -> Result<Value, StrictJsonError> {
    let repeated = Cell::new(false);
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let value = Strict {
        repeated: &repeated,
    }
    .deserialize(&mut deserializer);
    value
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| {
            let (line, column) = (error.line(), error.column());
            if repeated.get() {
                StrictJsonError::RepeatedMember { line, column }
            } else if error.to_string().starts_with("number out of range") {
                StrictJsonError::NumberOutOfRange { line, column }
            } else {
                StrictJsonError::Malformed { line, column }
            }
        })
}

/// Parses one JSON object and nothing after it.
pub(crate) fn parse_object(json: &[u8]) -> Result<Map<String, Value>, StrictJsonError> {
    match parse_value(json)? {
        Value::Object(members) => Ok(members),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(StrictJsonError::NotAnObject)
        }
    }
}

/// Builds a [`Value`] and records whether it stopped at a repeated member.
#[derive(Clone, Copy)]
struct Strict<'a> {
    repeated: &'a Cell<bool>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(self)? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let Entry::Vacant(entry) = object.entry(name) else {
                self.repeated.set(true);
                return Err(de::Error::custom("repeated member"));
            };
            entry.insert(members.next_value_seed(self)?);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: Result<(), &str>) {
        let found = parse_object(json.as_bytes())
            .map(|_| ())
            .map_err(|fault| match fault {
                StrictJsonError::Malformed { .. } => "malformed",
                StrictJsonError::RepeatedMember { .. } => "repeated",
                StrictJsonError::NumberOutOfRange { .. } => "number out of range",
                StrictJsonError::NotAnObject => "not an object",
            });
        assert_eq!(found, expected, "{json}");
    }

    #[test]
    fn objects_are_read_and_everything_else_is_refused() {
        check("{}", Ok(()));
        check(r#" {"a": [1, {"a": null}], "b": {"a": 1.5}} "#, Ok(()));
        check("", Err("malformed"));
        check("{", Err("malformed"));
        check("{} {}", Err("malformed"));
        check(r#"{"a": 1,}"#, Err("malformed"));
        check(r#"{"a": "\ud800"}"#, Err("malformed"));
        check("[]", Err("not an object"));
        check("null", Err("not an object"));
        check(r#""{}""#, Err("not an object"));
    }

    #[test]
    fn repeated_members_are_refused_at_every_depth_and_in_any_spelling() {
        check(r#"{"a": 1, "a": 1}"#, Err("repeated"));
        check(r#"{"a": 1, "\u0061": 2}"#, Err("repeated"));
        check(r#"{"x": {"a": 1, "a": 2}}"#, Err("repeated"));
        check(r#"{"x": [[{"a": 1, "b": 0, "a": 2}]]}"#, Err("repeated"));
    }

    /// `serde_json` distinguishes this fault only by its message. If that changes, this test fails.
    #[test]
    fn a_number_out_of_range_is_distinguished_from_malformed_json() {
        check(r#"{"a": 1e400}"#, Err("number out of range"));
        check(r#"{"a": [{"b": -1.5E+999}]}"#, Err("number out of range"));
        check(
            &format!("{{\"a\": {}}}", "9".repeat(400)),
            Err("number out of range"),
        );
        check(r#"{"a": 1e-999, "b": 1e308}"#, Ok(()));
        check(r#"{"a": 1e}"#, Err("malformed"));
        check(r#"{"a": "number out of range"#, Err("malformed"));
    }

    #[test]
    fn nesting_is_limited() {
        let deep =
            |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        check(&deep(100), Ok(()));
        check(&deep(128), Err("malformed"));
        check(&"[".repeat(100_000), Err("malformed"));
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_refused() {
        assert!(parse_object(b"{\"a\": \"\xff\"}").is_err());
    }
}
