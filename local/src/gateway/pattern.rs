//! The patterns of a policy.

use serde_json::Value;

/// A string, or a list of strings.
pub(super) fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}

/// Whether the whole string matches: `*` is any run of characters, also an empty one, and `?` is exactly one.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let mut rest = text;
    let mut pieces = pattern.split('*');
    let Some(first) = pieces.next() else {
        return text.is_empty();
    };
    let Some(after) = strip(first, rest) else {
        return false;
    };
    rest = after;
    let Some(last) = pieces.next_back() else {
        return rest.is_empty();
    };
    for piece in pieces {
        // The leftmost match is always as good as any later one.
        let found = rest
            .char_indices()
            .map(|(at, _)| at)
            .chain([rest.len()])
            .find_map(|at| strip(piece, rest.get(at..)?));
        let Some(after) = found else { return false };
        rest = after;
    }
    let length = last.chars().count();
    let count = rest.chars().count();
    let Some(skip) = count.checked_sub(length) else {
        return false;
    };
    let tail: String = rest.chars().skip(skip).collect();
    strip(last, &tail).is_some_and(str::is_empty)
}

/// The rest of the string after a piece without `*`.
fn strip<'a>(piece: &str, text: &'a str) -> Option<&'a str> {
    let mut characters = text.chars();
    for wanted in piece.chars() {
        let found = characters.next()?;
        if wanted != '?' && wanted != found {
            return None;
        }
    }
    Some(characters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        fn check(pattern: &str, text: &str, expected: bool) {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
        check("", "", true);
        check("", "a", false);
        check("*", "", true);
        check("*", "a/b", true);
        check("a*", "a", true);
        check("a*c", "abc", true);
        check("a*c", "abcd", false);
        check("a*b*c", "aXbYbZc", true);
        check("a*b*c", "acb", false);
        check("?", "", false);
        check("?", "é", true);
        check("a?c", "abc", true);
        check("*?", "", false);
        check("*??", "ab", true);
        check("a.c", "abc", false);
        check("**", "x", true);
        check("*ab", "aab", true);
        check("ab*ab", "ab", false);
    }
}
