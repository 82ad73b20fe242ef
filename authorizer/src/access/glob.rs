//! Patterns with `*` and `?`, as in IAM and the access rules.

use std::str::Chars;

/// A pattern over whole strings: `*` matches any run of characters, `?` matches one character, and every other
/// character matches itself. Matching is case-sensitive, and `/` is not special.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Glob(String);

impl Glob {
    /// Every string is a valid pattern.
    pub(crate) const fn new(pattern: String) -> Self {
        Self(pattern)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the whole string matches. Only the last `*` is tried again, so this takes at most (pattern length ×
    /// string length) steps, and no memory.
    pub fn matches(&self, string: &str) -> bool {
        let (mut pattern, mut rest) = (self.0.chars(), string.chars());
        let mut last_star: Option<(Chars<'_>, Chars<'_>)> = None;
        loop {
            let mut next = pattern.clone();
            match (next.next(), rest.clone().next()) {
                (Some('*'), _) => {
                    last_star = Some((next.clone(), rest.clone()));
                    pattern = next;
                }
                (None, None) => return true,
                (Some(expected), Some(found)) if expected == '?' || expected == found => {
                    pattern = next;
                    rest.next();
                }
                _ => {
                    // Let the last star match one more character, and retry everything after it.
                    let Some((after, from)) = &mut last_star else {
                        return false;
                    };
                    if from.next().is_none() {
                        return false;
                    }
                    (pattern, rest) = (after.clone(), from.clone());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_match_whole_strings() {
        for (pattern, string, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "a/b", true),
            ("**", "", true),
            ("?", "", false),
            ("?", "\u{e9}", true),
            ("??", "\u{e9}", false),
            ("a*", "a", true),
            ("a*", "ba", false),
            ("*a", "ab", false),
            ("eng-*", "eng-backend", true),
            ("eng-*", "Eng-backend", false),
            ("*@example.com", "a@example.com", true),
            ("*@example.com", "a@example.com.evil", false),
            ("caf\u{e9}*", "caf\u{e9}s", true),
            ("*a*b", "xaxxbab", true),
            ("*a*b", "xaxxbac", false),
            ("a.c", "abc", false),
            ("[a]", "a", false),
            ("\\*", "\\x", true),
            ("a?c", "a/c", true),
        ] {
            let glob = Glob::new(pattern.to_owned());
            assert_eq!(glob.matches(string), expected, "{pattern} {string}");
        }
    }

    #[test]
    fn a_hostile_pattern_is_matched_in_bounded_time() {
        let pattern = Glob::new(format!("{}b", "*a".repeat(100)));
        assert!(!pattern.matches(&"a".repeat(10_000)));
    }
}
