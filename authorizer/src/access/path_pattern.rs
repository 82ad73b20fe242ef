//! The paths that an access rule covers.

use thiserror::Error;

use crate::access::glob::Glob;

/// A path pattern as in IAM: `*` also matches slashes. Policies contain it unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PathPattern(Glob);

/// Why a string is not a path pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PathPatternError {
    #[error("a path begins with `/`")]
    NoSlash,
    /// It has a path parameter of a route, such as `{id}`, which matches no request when it is in a policy.
    #[error("a path parameter never matches: write `*` for it")]
    Braces,
    #[error(
        "a path has no blanks, control characters or letters outside ASCII: write them percent-encoded"
    )]
    Character,
}

/// The pattern that covers every path.
const EVERYTHING: &str = "/*";

impl PathPattern {
    /// Parses the pattern of a rule. Fails if no request could match it, or if IAM gives it another meaning (`${…}` is
    /// a policy variable).
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
        Ok(Self(Glob::new(pattern.to_owned())))
    }

    pub(crate) fn everything() -> Self {
        Self(Glob::new(EVERYTHING.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it is `/*`, which covers everything.
    pub fn covers_everything(&self) -> bool {
        self.as_str() == EVERYTHING
    }

    pub(crate) fn covers(&self, path: &str) -> bool {
        self.0.matches(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_match_as_in_iam() {
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
    fn a_pattern_that_matches_no_request_is_refused() {
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
