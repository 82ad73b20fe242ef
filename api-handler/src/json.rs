//! JSON that comes back equal, or is refused.
//!
//! `serde_json` alone would change some documents without a word: of two members of one name it keeps the last, and a
//! number that fits no `u64`, `i64` or `f64` it rounds. Here each number is held against its own text.

use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::problem::{Fault, Problem};

/// Deepest nesting of a request body. `serde_json` itself stops at 128.
const MAX_DEPTH: usize = 100;

/// Reads a JSON document.
///
/// # Errors
/// 400 for what is not JSON (RFC 8259, lone surrogates included), 422 for JSON that could not be given back as it
/// came: repeated members, numbers that would be rounded, too deep nesting.
pub fn parse(text: &[u8]) -> Result<Value, Problem> {
    let mut reading = Reading {
        numbers: Numbers(text),
        path: Vec::new(),
        fault: None,
    };
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let parsed = Node(&mut reading)
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    parsed.map_err(|error| match reading.fault {
        Some(fault) => Problem::Unprocessable(vec![fault]),
        None => Problem::BadRequest(vec![Fault::new(pointer(&reading.path), error.to_string())]),
    })
}

/// How deep a value nests: a scalar is 0.
#[must_use]
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Whether [`parse`] would take the value from a request body: a patch can build what no body may hold.
#[must_use]
pub fn is_shallow(value: &Value) -> bool {
    depth(value) < MAX_DEPTH
}

/// Whether two values are equal as JSON has it: 1 and 1.0 are (RFC 6902, 4.6).
#[must_use]
pub fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => same_number(&a.to_string(), &b.to_string()),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(name, a)| b.get(name).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}

/// A JSON pointer (RFC 6901) as a URI fragment.
fn pointer(path: &[String]) -> String {
    path.iter().fold("#".to_owned(), |pointer, step| {
        pointer + "/" + &step.replace('~', "~0").replace('/', "~1")
    })
}

/// Where the reading is, and why it stopped.
struct Reading<'a> {
    numbers: Numbers<'a>,
    path: Vec<String>,
    fault: Option<Fault>,
}

impl Reading<'_> {
    fn refuse<E: serde::de::Error>(&mut self, detail: &str) -> E {
        self.fault = Some(Fault::new(pointer(&self.path), detail));
        E::custom(detail)
    }

    /// `read` as the parser understood the next number of the text.
    fn number<E: serde::de::Error>(&mut self, read: serde_json::Number) -> Result<Value, E> {
        let text = self.numbers.next().unwrap_or_default();
        if same_number(text, &read.to_string()) {
            return Ok(Value::Number(read));
        }
        Err(self.refuse("a number that would be rounded; send it as a string"))
    }
}

/// The texts of the numbers of a JSON document, in order.
struct Numbers<'a>(&'a [u8]);

impl<'a> Iterator for Numbers<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            let (&byte, rest) = self.0.split_first()?;
            if byte == b'"' {
                self.0 = after_string(rest);
            } else if byte == b'-' || byte.is_ascii_digit() {
                let part_of_number = |b: &u8| b.is_ascii_digit() || b"+-.eE".contains(b);
                let end = self
                    .0
                    .iter()
                    .position(|b| !part_of_number(b))
                    .unwrap_or(self.0.len());
                let (number, rest) = self.0.split_at(end);
                self.0 = rest;
                return std::str::from_utf8(number).ok();
            } else {
                self.0 = rest;
            }
        }
    }
}

fn after_string(mut rest: &[u8]) -> &[u8] {
    loop {
        match rest {
            [b'\\', _, tail @ ..] => rest = tail,
            [b'"', tail @ ..] => return tail,
            [_, tail @ ..] => rest = tail,
            [] => return rest,
        }
    }
}

/// Whether two number texts say the same number.
fn same_number(a: &str, b: &str) -> bool {
    a == b || matches!((decimal(a), decimal(b)), (Some(a), Some(b)) if a == b)
}

/// Sign, digits without zeros at either end, and exponent of the last digit: the same for equal numbers.
fn decimal(text: &str) -> Option<(bool, String, i64)> {
    let (negative, text) = text
        .strip_prefix('-')
        .map_or((false, text), |text| (true, text));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    if significant.trim_start_matches('0').is_empty() {
        return Some((false, String::new(), 0));
    }
    let dropped = i64::try_from(digits.len() - significant.len()).ok()?;
    let exponent = exponent
        .parse::<i64>()
        .ok()?
        .checked_sub(i64::try_from(fraction.len()).ok()?)?
        .checked_add(dropped)?;
    Some((
        negative,
        significant.trim_start_matches('0').to_owned(),
        exponent,
    ))
}

struct Node<'r, 'a>(&'r mut Reading<'a>);

impl<'de> DeserializeSeed<'de> for Node<'_, '_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if self.0.path.len() > MAX_DEPTH {
            return Err(self.0.refuse("nested too deep; at most 100 levels"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(Value::String(v.to_owned()))
    }

    fn visit_u64<E: serde::de::Error>(self, v: u64) -> Result<Value, E> {
        self.0.number(v.into())
    }

    fn visit_i64<E: serde::de::Error>(self, v: i64) -> Result<Value, E> {
        self.0.number(v.into())
    }

    fn visit_f64<E: serde::de::Error>(self, v: f64) -> Result<Value, E> {
        // `serde_json` reads floats fast, not always to the nearest one; the standard library does.
        let exact = self
            .0
            .numbers
            .clone_next()
            .and_then(|text| text.parse().ok())
            .unwrap_or(v);
        let number =
            serde_json::Number::from_f64(exact).ok_or_else(|| E::custom("number out of range"))?;
        self.0.number(number)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        loop {
            self.0.path.push(items.len().to_string());
            let item = seq.next_element_seed(Node(self.0))?;
            self.0.path.pop();
            match item {
                Some(item) => items.push(item),
                None => return Ok(Value::Array(items)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            self.0.path.push(name.clone());
            if members.contains_key(&name) {
                return Err(self
                    .0
                    .refuse("a member that is there twice; name each once"));
            }
            let value = map.next_value_seed(Node(self.0))?;
            self.0.path.pop();
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

impl<'a> Numbers<'a> {
    /// The next number, without moving on.
    fn clone_next(&self) -> Option<&'a str> {
        Numbers(self.0).next()
    }
}

#[cfg(test)]
mod tests;
