//! The path of a route.

use std::collections::BTreeMap;
use std::fmt;

use super::error::DefinitionError;

/// The path of a resource: static segments, `{name}` for one segment, `{name+}` at the end for one or more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RoutePath {
    text: String,
    segments: Vec<Segment>,
}

/// One part of a path between slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// These characters.
    Static(String),
    /// Any one segment.
    Parameter(String),
    /// One or more segments.
    Greedy(String),
    /// `$default` of an HTTP API.
    Default,
}

impl Segment {
    /// The order in which API Gateway prefers resources: static, then a parameter, then a greedy one.
    const fn rank(&self) -> u8 {
        match self {
            Self::Static(_) => 0,
            Self::Parameter(_) => 1,
            Self::Greedy(_) => 2,
            Self::Default => 3,
        }
    }
}

impl fmt::Display for RoutePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl RoutePath {
    /// Reads a path. One slash at the end is ignored, as it is at AWS.
    pub(crate) fn parse(text: &str) -> Result<Self, DefinitionError> {
        let wrong = |expected: &str| DefinitionError::Unexpected {
            expected: expected.to_owned(),
            found: format!("`{text}`"),
        };
        let path = text
            .strip_prefix('/')
            .ok_or_else(|| wrong("a path that begins with `/`"))?;
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut segments = Vec::new();
        for segment in path.split('/').filter(|_| !path.is_empty()) {
            if matches!(segments.last(), Some(Segment::Greedy(_))) {
                return Err(wrong("a path that ends with its greedy segment"));
            }
            let inner = segment
                .strip_prefix('{')
                .and_then(|inner| inner.strip_suffix('}'));
            segments.push(match inner {
                Some(name) => match name.strip_suffix('+') {
                    Some(name) => Segment::Greedy(name.to_owned()),
                    None => Segment::Parameter(name.to_owned()),
                },
                None if segment.is_empty() || segment.contains(['{', '}']) => {
                    return Err(wrong("a path of segments `text`, `{name}` or `{name+}`"));
                }
                None => Segment::Static(segment.to_owned()),
            });
        }
        Ok(Self {
            text: format!("/{path}"),
            segments,
        })
    }

    /// The path of the route `$default`, which matches every path.
    pub(crate) fn of_default_route() -> Self {
        Self {
            text: "$default".to_owned(),
            segments: vec![Segment::Default],
        }
    }

    pub(crate) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Whether it is the path of the route `$default`.
    pub(crate) fn is_default(&self) -> bool {
        self.segments.first() == Some(&Segment::Default)
    }

    /// The path's parameters, as sent, if the path matches.
    ///
    /// Nothing is decoded, so `%2F` separates no segments. One slash at the end, and any number at the beginning, are
    /// ignored, as they are at AWS.
    pub(crate) fn matches(&self, path: &str) -> Option<BTreeMap<String, String>> {
        let path = path.trim_start_matches('/');
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut parameters = BTreeMap::new();
        if self.is_default() {
            return Some(parameters);
        }
        let mut rest = Some(path).filter(|path| !path.is_empty());
        for segment in &self.segments {
            let remaining = rest?;
            let (first, after) = match remaining.split_once('/') {
                Some((first, after)) => (first, Some(after)),
                None => (remaining, None),
            };
            match segment {
                Segment::Static(text) if text == first => rest = after,
                Segment::Static(_) => return None,
                Segment::Parameter(_) if first.is_empty() => return None,
                Segment::Parameter(name) => {
                    parameters.insert(name.clone(), first.to_owned());
                    rest = after;
                }
                Segment::Greedy(name) => {
                    parameters.insert(name.clone(), remaining.to_owned());
                    rest = None;
                }
                Segment::Default => rest = None,
            }
        }
        rest.is_none().then_some(parameters)
    }

    /// The rank of each segment. The path with the smallest ranks is preferred.
    pub(crate) fn ranks(&self) -> Vec<u8> {
        self.segments.iter().map(Segment::rank).collect()
    }

    /// The ranks for an HTTP API, which prefers every path without a greedy segment, then a greedy path, then `$default`.
    pub(crate) fn http_ranks(&self) -> (u8, Vec<u8>) {
        let ranks = self.ranks();
        (ranks.last().copied().unwrap_or_default().max(1), ranks)
    }

    /// Whether both match the same paths: names of parameters are ignored.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.ranks() == other.ranks()
            && self
                .segments
                .iter()
                .zip(&other.segments)
                .all(|pair| match pair {
                    (Segment::Static(one), Segment::Static(other)) => one == other,
                    _ => true,
                })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_paths() {
        for text in ["", "state", "/{a+}/b", "/a{b}", "/a//b"] {
            assert!(RoutePath::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn paths_that_match_the_same_requests() {
        fn check(one: &str, other: &str, expected: bool) {
            let overlaps = RoutePath::parse(one)
                .unwrap()
                .overlaps(&RoutePath::parse(other).unwrap());
            assert_eq!(overlaps, expected, "{one} {other}");
        }
        check("/a", "/a/", true);
        check("/a/{x}", "/a/{y}", true);
        check("/a/{x}", "/a/{x+}", false);
        check("/a/{x}", "/b/{x}", false);
        check("/a", "/A", false);
        check("/", "/", true);
    }
}
