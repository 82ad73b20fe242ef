//! Which method of the API a request is for.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::template::api::Method;

/// The path of a resource: static segments, `{name}` for one segment, `{name+}` at the end for one or more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    text: String,
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Static(String),
    Parameter(String),
    Greedy(String),
}

impl Segment {
    /// The order in which API Gateway prefers resources: static, then a parameter, then a greedy one.
    const fn rank(&self) -> u8 {
        match self {
            Self::Static(_) => 0,
            Self::Parameter(_) => 1,
            Self::Greedy(_) => 2,
        }
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for PathPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let path = text
            .strip_prefix('/')
            .ok_or_else(|| format!("Path: `{text}` must begin with `/`"))?;
        let mut segments = Vec::new();
        for segment in path.split('/').filter(|_| !path.is_empty()) {
            if matches!(segments.last(), Some(Segment::Greedy(_))) {
                return Err(format!(
                    "Path: `{text}` has a segment after one that takes all"
                ));
            }
            segments.push(match segment.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')) {
                Some(name) => match name.strip_suffix('+') {
                    Some(name) => Segment::Greedy(name.to_owned()),
                    None => Segment::Parameter(name.to_owned()),
                },
                None if segment.is_empty() || segment.contains(['{', '}']) => {
                    return Err(format!("Path: `{text}` has a segment `{segment}`: expected text, {{name}} or {{name+}}"));
                }
                None => Segment::Static(segment.to_owned()),
            });
        }
        Ok(Self {
            text: text.to_owned(),
            segments,
        })
    }
}

impl PathPattern {
    /// The path's parameters, as sent, when the pattern matches.
    ///
    /// Nothing is decoded, so `%2F` separates no segments. One slash at the end, and any number at the beginning, do
    /// not count, as they do not at AWS.
    #[must_use]
    pub fn matches(&self, path: &str) -> Option<BTreeMap<String, String>> {
        let path = path.trim_start_matches('/');
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut parameters = BTreeMap::new();
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
            }
        }
        rest.is_none().then_some(parameters)
    }

    fn ranks(&self) -> Vec<u8> {
        self.segments.iter().map(Segment::rank).collect()
    }
}

/// A method that was found for a request, and the parameters of its path.
#[derive(Debug)]
pub struct Route<'a> {
    /// The method.
    pub method: &'a Method,
    /// The parameters, as sent.
    pub parameters: BTreeMap<String, String>,
}

/// Finds the most specific resource for the path, then its method for the verb, else its `ANY`.
///
/// A resource without such a method is not passed over for a less specific one.
#[must_use]
pub fn find<'a>(methods: &'a [Method], verb: &str, path: &str) -> Option<Route<'a>> {
    let matching = || {
        methods
            .iter()
            .filter_map(|method| Some((method, method.path.matches(path)?)))
    };
    let (best, _) = matching().min_by_key(|(method, _)| method.path.ranks())?;
    let of_verb = |wanted: Option<&str>| {
        matching().find(|(method, _)| method.path == best.path && method.verb.as_deref() == wanted)
    };
    let (method, parameters) = of_verb(Some(verb)).or_else(|| of_verb(None))?;
    Some(Route { method, parameters })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn methods() -> Vec<Method> {
        [
            "GET /state",
            "GET /state/{id}",
            "ANY /state/{id}",
            "GET /state/all",
            "ANY /{proxy+}",
            "GET /a/{x}/b",
            "GET /",
        ]
        .iter()
        .map(|text| {
            let (verb, path) = text.split_once(' ').unwrap();
            let verb = (verb != "ANY").then(|| verb.to_owned());
            Method {
                path: path.parse().unwrap(),
                verb,
                function: "f".to_owned(),
                authorizer: None,
            }
        })
        .collect()
    }

    #[test]
    fn requests_find_their_method() {
        fn check(verb: &str, path: &str, expected: Option<&str>) {
            let methods = methods();
            let found = find(&methods, verb, path).map(|route| {
                let verb = route.method.verb.as_deref().unwrap_or("ANY");
                let parameters: Vec<_> = route
                    .parameters
                    .iter()
                    .map(|(k, v)| format!(" {k}={v}"))
                    .collect();
                format!("{verb} {}{}", route.method.path, parameters.concat())
            });
            assert_eq!(found.as_deref(), expected, "{verb} {path}");
        }
        check("GET", "/state", Some("GET /state"));
        check("GET", "/state/", Some("GET /state"));
        check("GET", "//state", Some("GET /state"));
        check("GET", "/state/1", Some("GET /state/{id} id=1"));
        check("PUT", "/state/1", Some("ANY /state/{id} id=1"));
        check("GET", "/state/all", Some("GET /state/all"));
        // The static resource has no PUT, and no other resource is tried.
        check("PUT", "/state/all", None);
        check("PUT", "/state", None);
        check("GET", "/state/a%2Fb", Some("GET /state/{id} id=a%2Fb"));
        check("GET", "/state/1/2", Some("ANY /{proxy+} proxy=state/1/2"));
        check("GET", "/a/1/c", Some("ANY /{proxy+} proxy=a/1/c"));
        check("GET", "/a/1/b", Some("GET /a/{x}/b x=1"));
        check("GET", "/", Some("GET /"));
        check("PUT", "/", None);
        check("GET", "/STATE", Some("ANY /{proxy+} proxy=STATE"));
    }

    #[test]
    fn patterns_that_are_none() {
        for text in ["", "state", "/{a+}/b", "/a{b}", "/a//b"] {
            assert!(text.parse::<PathPattern>().is_err(), "{text}");
        }
    }
}
