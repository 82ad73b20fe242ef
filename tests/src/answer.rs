//! A whole HTTP answer, and the comparison of whole answers.

use serde_json::Value;

/// The status, the headers and the body of an answer.
#[derive(Debug)]
pub struct HttpAnswer {
    pub status: u16,
    /// The headers, with names in lower case.
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl HttpAnswer {
    /// Reads an answer to its end.
    ///
    /// # Panics
    ///
    /// If the connection breaks.
    pub async fn read(response: reqwest::Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.text().await.expect("the answer's body"),
        }
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// If it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// A header's value; empty if the header is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

/// Compares a whole JSON answer with the expected one. `…` in an expected string matches any run of characters, such as
/// times and ids.
///
/// # Panics
///
/// If they differ. The message has both.
pub fn assert_matches(case: &str, actual: &Value, expected: &Value) {
    let mut differences = Vec::new();
    compare("", actual, expected, &mut differences);
    assert!(
        differences.is_empty(),
        "{case}:\n  {}\nanswer was {actual:#}\nexpected   {expected:#}",
        differences.join("\n  ")
    );
}

fn compare(at: &str, actual: &Value, expected: &Value, differences: &mut Vec<String>) {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => {
            for (name, value) in actual {
                match expected.get(name) {
                    Some(wanted) => compare(&format!("{at}/{name}"), value, wanted, differences),
                    None => differences.push(format!("{at}/{name}: unexpected")),
                }
            }
            for name in expected.keys().filter(|name| !actual.contains_key(*name)) {
                differences.push(format!("{at}/{name}: missing"));
            }
        }
        (Value::Array(actual), Value::Array(expected)) if actual.len() == expected.len() => {
            for (index, (value, wanted)) in actual.iter().zip(expected).enumerate() {
                compare(&format!("{at}/{index}"), value, wanted, differences);
            }
        }
        (Value::Number(_), Value::String(pattern)) if pattern == "…" => {}
        (Value::String(text), Value::String(pattern)) if text_matches(text, pattern) => {}
        (actual, expected) if actual == expected => {}
        (actual, expected) => differences.push(format!("{at}: {actual} instead of {expected}")),
    }
}

/// Whether `text` is `pattern` with each `…` filled by something.
pub fn text_matches(text: &str, pattern: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('…') else {
        return text == pattern;
    };
    text.strip_prefix(head).is_some_and(|tail| {
        tail.char_indices()
            .map(|(index, _)| index)
            .chain([tail.len()])
            .any(|index| {
                tail.get(index..)
                    .is_some_and(|tail| text_matches(tail, rest))
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_ellipsis_matches_any_run_of_characters() {
        for (text, pattern, expected) in [
            ("abc", "abc", true),
            ("abc", "abd", false),
            ("abc", "a…", true),
            ("abc", "…c", true),
            ("abc", "a…c", true),
            ("ac", "a…c", true),
            ("abcd", "a…c", false),
            ("abcbc", "a…bc", true),
            ("", "…", true),
            ("a*c", "a*c", true),
            ("abc", "a*c", false),
        ] {
            assert_eq!(
                text_matches(text, pattern),
                expected,
                "{text:?} against {pattern:?}"
            );
        }
    }
}
