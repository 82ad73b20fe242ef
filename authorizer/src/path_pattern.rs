//! The paths that an access rule covers.

use thiserror::Error;

/// A pattern over paths as in IAM: `*` is any run of characters, slashes included, `?` is one, and everything else is
/// itself. It is written into policies as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PathPattern(String);

/// Text that is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PathPatternError {
    /// Every path begins so.
    #[error("a path begins with `/`")]
    NoSlash,
    /// A path parameter of a route: in a policy it is mere text, and matches no request.
    #[error("a path parameter never matches: write `*` for it")]
    Braces,
    /// What never stands in a request's path.
    #[error(
        "a path has no blanks, control characters or letters outside ASCII: write them percent-encoded"
    )]
    Character,
}

impl PathPattern {
    /// Takes a pattern from a rule.
    ///
    /// # Errors
    ///
    /// If it could not match any request, or IAM would read it otherwise (`${…}` is a policy variable).
    pub fn parse(pattern: &str) -> Result<Self, PathPatternError> {
        if !pattern.starts_with('/') {
            return Err(PathPatternError::NoSlash);
        }
        if pattern.contains(['{', '}']) {
            return Err(PathPatternError::Braces);
        }
        if !pattern.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(PathPatternError::Character);
        }
        Ok(Self(pattern.to_owned()))
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is `/*`, which covers everything.
    #[must_use]
    pub fn covers_everything(&self) -> bool {
        self.0 == "/*"
    }

    /// Whether it covers a path.
    #[must_use]
    pub fn covers(&self, path: &str) -> bool {
        covers(self.0.as_bytes(), path.chars())
    }
}

/// Greedy matching that goes back to the last `*` alone, so it takes at most pattern times text steps.
fn covers(pattern: &[u8], mut text: std::str::Chars<'_>) -> bool {
    let mut rest = pattern;
    let mut last_star: Option<(&[u8], std::str::Chars<'_>)> = None;
    loop {
        if let [b'*', after @ ..] = rest {
            last_star = Some((after, text.clone()));
            rest = after;
            continue;
        }
        match (rest, text.next()) {
            ([], None) => return true,
            ([expected, after @ ..], Some(found))
                if *expected == b'?' || char::from(*expected) == found =>
            {
                rest = after
            }
            _ => {
                // The last star takes one character more, and all that follows it is tried again.
                let Some((after, ref mut from)) = last_star else {
                    return false;
                };
                if from.next().is_none() {
                    return false;
                }
                text = from.clone();
                rest = after;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_are_those_of_iam() {
        for (pattern, path, expected) in [
            ("/state", "/state", true),
            ("/state", "/state/", false),
            ("/state", "/States", false),
            ("/state/*", "/state/", true),
            ("/state/*", "/state/a/b", true),
            ("/state/*", "/state", false),
            ("/*", "/", true),
            ("/*", "/any/thing", true),
            ("/a?c", "/abc", true),
            ("/a?c", "/a/c", true),
            ("/a?c", "/ac", false),
            ("/a?c", "/a\u{e9}c", true),
            ("/*/edit", "/a/b/edit", true),
            ("/*/edit", "/a/b/edit/", false),
            ("/*a*b", "/xaxxbab", true),
            ("/*a*b", "/xaxxbac", false),
            ("/a.c", "/abc", false),
            ("/[a]", "/a", false),
            ("/", "/", true),
            ("/", "", false),
            ("/**", "/x", true),
        ] {
            assert_eq!(
                PathPattern::parse(pattern).unwrap().covers(path),
                expected,
                "{pattern} {path}"
            );
        }
    }

    #[test]
    fn a_pattern_made_to_be_slow_is_not() {
        let pattern = PathPattern::parse(&format!("/{}b", "*a".repeat(100))).unwrap();
        assert!(!pattern.covers(&format!("/{}", "a".repeat(10_000))));
    }

    #[test]
    fn what_matches_no_request_is_refused() {
        for (pattern, expected) in [
            ("", PathPatternError::NoSlash),
            ("*", PathPatternError::NoSlash),
            ("state", PathPatternError::NoSlash),
            ("/state/{id}", PathPatternError::Braces),
            ("/${aws:userid}", PathPatternError::Braces),
            ("/a b", PathPatternError::Character),
            ("/a\n", PathPatternError::Character),
            ("/caf\u{e9}", PathPatternError::Character),
        ] {
            assert_eq!(PathPattern::parse(pattern), Err(expected), "{pattern:?}");
        }
    }
}
