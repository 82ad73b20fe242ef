//! Parses JSON that can be returned unchanged, and rejects anything else.
//!
//! `serde_json` changes some documents silently: it keeps only the last of several members with the same name, and rounds
//! a number that does not fit `u64`, `i64` or `f64`. So this parser rejects repeated names, and compares each float with
//! the number as it was written.

use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

use super::{Json, Object, number::same_number};
use crate::problem::{Fault, Problem};

/// Parses a JSON document that nests at most `max_depth` arrays and objects. `max_depth` may be at most 126, because
/// `serde_json` stops at 127. Fails with 400 if the document is not JSON (RFC 8259) or has a lone surrogate, and with
/// 422 if it could not be returned unchanged, because of repeated members, numbers that would be rounded, or nesting
/// that is too deep.
pub(crate) fn parse(text: &[u8], max_depth: usize) -> Result<Json, Problem> {
    let mut reading = Reading {
        numbers: Numbers::new(text),
        levels_left: max_depth,
        trail: Vec::new(),
        rejected: None,
    };
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let parsed = Node(&mut reading)
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    parsed.map_err(|error| {
        let path: Vec<_> = reading
            .trail
            .iter()
            .rev()
            .map(PathStep::to_string)
            .collect();
        match reading.rejected {
            Some(detail) => Problem::Unprocessable(vec![Fault::at(path, detail)]),
            None => Problem::BadRequest(vec![Fault::at(path, error.to_string())]),
        }
    })
}

/// One step from an array or object to a value in it.
enum PathStep {
    Index(usize),
    Name(Box<str>),
}

impl fmt::Display for PathStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => index.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// The state of the parser.
struct Reading<'a> {
    numbers: Numbers<'a>,
    levels_left: usize,
    /// After a fault: the path to its place, innermost step first.
    trail: Vec<PathStep>,
    /// After a fault in valid JSON: why the value is rejected.
    rejected: Option<&'static str>,
}

impl Reading<'_> {
    fn reject<E: serde::de::Error>(&mut self, detail: &'static str) -> E {
        self.rejected = Some(detail);
        E::custom(detail)
    }

    /// Parses the contents of an array or object, one level deeper.
    fn nested<T, E: serde::de::Error>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let Some(levels_left) = self.levels_left.checked_sub(1) else {
            return Err(
                self.reject("nested too deeply; a value may nest at most 100 arrays and objects")
            );
        };
        self.levels_left = levels_left;
        let result = read(self);
        self.levels_left += 1;
        result
    }
}

/// The numbers of a JSON document as they are written, in order.
struct Numbers<'a> {
    rest: &'a [u8],
    /// The number of integers in `rest` that have been parsed. They are exact, so they are skipped.
    skipped: usize,
}

impl<'a> Numbers<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self {
            rest: text,
            skipped: 0,
        }
    }

    fn skip(&mut self) {
        self.skipped += 1;
    }

    fn next(&mut self) -> Option<&'a str> {
        for _ in 0..std::mem::take(&mut self.skipped) {
            self.advance()?;
        }
        self.advance()
    }

    fn advance(&mut self) -> Option<&'a str> {
        let starts = |b: &u8| *b == b'"' || *b == b'-' || b.is_ascii_digit();
        loop {
            let start = self.rest.iter().position(starts)?;
            let (first, rest) = self.rest.get(start..)?.split_first()?;
            if *first == b'"' {
                self.rest = after_string(rest)?;
                continue;
            }
            let number = self.rest.get(start..)?;
            let part_of_number = |b: &u8| b.is_ascii_digit() || b"+-.eE".contains(b);
            let end = number.iter().position(|b| !part_of_number(b));
            let (number, rest) = number.split_at(end.unwrap_or(number.len()));
            self.rest = rest;
            return std::str::from_utf8(number).ok();
        }
    }
}

fn after_string(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        let at = rest.iter().position(|b| matches!(b, b'"' | b'\\'))?;
        match rest.get(at..)? {
            [b'\\', _, tail @ ..] => rest = tail,
            [_, tail @ ..] => return Some(tail),
            [] => return None,
        }
    }
}

struct Node<'r, 'a>(&'r mut Reading<'a>);

impl<'de> DeserializeSeed<'de> for Node<'_, '_> {
    type Value = Json;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_, '_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, v: bool) -> Result<Json, E> {
        Ok(Json::Bool(v))
    }

    fn visit_str<E>(self, v: &str) -> Result<Json, E> {
        Ok(Json::String(v.into()))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Json, E> {
        self.0.numbers.skip();
        Ok(Json::Number(v.into()))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Json, E> {
        self.0.numbers.skip();
        Ok(Json::Number(v.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, v: f64) -> Result<Json, E> {
        let text = self.0.numbers.next().unwrap_or_default();
        let number =
            serde_json::Number::from_f64(v).ok_or_else(|| E::custom("number out of range"))?;
        if same_number(text, &number.to_string()) {
            Ok(Json::Number(number))
        } else {
            Err(self
                .0
                .reject("a number that would be rounded; send it as a string"))
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        self.0.nested(|reading| {
            let mut items = Vec::new();
            loop {
                match seq.next_element_seed(Node(reading)) {
                    Ok(Some(item)) => items.push(Box::new(item)),
                    Ok(None) => break,
                    Err(error) => {
                        reading.trail.push(PathStep::Index(items.len()));
                        return Err(error);
                    }
                }
            }
            items.shrink_to_fit();
            Ok(Json::Array(items))
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        self.0.nested(|reading| {
            let mut members = Vec::new();
            while let Some(name) = map.next_key::<Box<str>>()? {
                match map.next_value_seed(Node(reading)) {
                    Ok(value) => members.push((name, value)),
                    Err(error) => {
                        reading.trail.push(PathStep::Name(name));
                        return Err(error);
                    }
                }
            }
            members.shrink_to_fit();
            Object::new(members).map(Json::Object).map_err(|name| {
                reading.trail.push(PathStep::Name(name));
                reading.reject("a repeated member; each name may occur once")
            })
        })
    }
}
