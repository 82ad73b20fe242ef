//! Decides which paths of a route the patterns of rules cover.
//!
//! Routes and rules are patterns of characters, so this is a question about regular languages, with an exact answer.

use std::collections::{BTreeSet, HashSet};

use crate::template::route_path::{RoutePath, Segment};

/// A set of paths, as a regular language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Paths(Vec<Piece>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    One(Class),
    /// One such character or none.
    Maybe(Class),
    /// Any number of such characters, also none.
    Many(Class),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Only(char),
    NotSlash,
    Any,
}

/// The maximum number of steps of a search. Beyond it the answer is the cautious one: such a path exists.
const MAX_STEPS: usize = 100_000;

impl Paths {
    /// The paths that a route matches, in every spelling.
    pub(super) fn of_route(path: &RoutePath) -> Self {
        Self::as_written(path).in_every_spelling()
    }

    /// The paths that a route matches, without the slashes that are ignored.
    pub(super) fn as_written(path: &RoutePath) -> Self {
        let mut pieces = Vec::new();
        for segment in path.segments() {
            pieces.push(Piece::One(Class::Only('/')));
            match segment {
                Segment::Static(text) => {
                    pieces.extend(text.chars().map(Class::Only).map(Piece::One))
                }
                Segment::Parameter(_) => {
                    pieces.extend([Piece::One(Class::NotSlash), Piece::Many(Class::NotSlash)]);
                }
                Segment::Greedy(_) => {
                    pieces.extend([Piece::One(Class::Any), Piece::Many(Class::Any)]);
                }
                Segment::Default => pieces.push(Piece::Many(Class::Any)),
            }
        }
        if pieces.is_empty() {
            pieces.push(Piece::One(Class::Only('/')));
        }
        Self(pieces)
    }

    /// The strings that a pattern with `*` and `?` matches.
    pub(super) fn of_pattern(pattern: &str) -> Self {
        let piece = |character| match character {
            '*' => Piece::Many(Class::Any),
            '?' => Piece::One(Class::Any),
            other => Piece::One(Class::Only(other)),
        };
        Self(pattern.chars().map(piece).collect())
    }

    /// The same paths with the slashes that a route ignores: any number at the beginning, and one at the end.
    pub(super) fn in_every_spelling(mut self) -> Self {
        self.0.insert(0, Piece::Many(Class::Only('/')));
        self.0.push(Piece::Maybe(Class::Only('/')));
        self
    }

    fn characters(&self) -> impl Iterator<Item = char> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::One(class) | Piece::Maybe(class) | Piece::Many(class) => match class {
                Class::Only(character) => Some(*character),
                Class::NotSlash | Class::Any => None,
            },
        })
    }

    /// The positions in the pattern before the first character.
    fn start(&self) -> BTreeSet<usize> {
        self.closed([0].into())
    }

    /// The positions after one more character.
    fn after(&self, places: &BTreeSet<usize>, character: char) -> BTreeSet<usize> {
        let moved = places.iter().filter_map(|place| match self.0.get(*place)? {
            Piece::One(class) | Piece::Maybe(class) => class.has(character).then_some(place + 1),
            Piece::Many(class) => class.has(character).then_some(*place),
        });
        self.closed(moved.collect())
    }

    /// Adds the positions after pieces that may match nothing.
    fn closed(&self, mut places: BTreeSet<usize>) -> BTreeSet<usize> {
        for place in 0..self.0.len() {
            let may_match_nothing =
                matches!(self.0.get(place), Some(Piece::Maybe(_) | Piece::Many(_)));
            if places.contains(&place) && may_match_nothing {
                places.insert(place + 1);
            }
        }
        places
    }

    fn ends(&self, places: &BTreeSet<usize>) -> bool {
        places.contains(&self.0.len())
    }
}

impl Class {
    const fn has(self, character: char) -> bool {
        match self {
            Self::Only(own) => own as u32 == character as u32,
            Self::NotSlash => character != '/',
            Self::Any => true,
        }
    }
}

/// Whether a string is in all of `inside` and in none of `outside`.
pub(super) fn exists(inside: &[&Paths], outside: &[&Paths]) -> bool {
    let all: Vec<&Paths> = inside.iter().chain(outside).copied().collect();
    let mut alphabet: BTreeSet<char> = all.iter().flat_map(|paths| paths.characters()).collect();
    alphabet.insert('/');
    // All characters that no pattern names behave alike, so one of them is enough.
    alphabet.extend(('\u{1}'..).find(|character| !alphabet.contains(character)));
    let start: Vec<BTreeSet<usize>> = all.iter().map(|paths| paths.start()).collect();
    let mut seen = HashSet::from([start.clone()]);
    let mut open = vec![start];
    while let Some(state) = open.pop() {
        let ends = |(paths, places): (&&Paths, &BTreeSet<usize>)| paths.ends(places);
        let mut ended = all.iter().zip(&state).map(ends);
        if ended.by_ref().take(inside.len()).all(|ends| ends) && !ended.any(|ends| ends) {
            return true;
        }
        if seen.len() > MAX_STEPS {
            return true;
        }
        for character in &alphabet {
            let next: Vec<_> = all
                .iter()
                .zip(&state)
                .map(|(paths, places)| paths.after(places, *character))
                .collect();
            let is_dead = next.iter().take(inside.len()).any(BTreeSet::is_empty);
            if !is_dead && seen.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RoutePath {
        match text {
            "$default" => RoutePath::of_default_route(),
            text => RoutePath::parse(text).unwrap(),
        }
    }

    #[test]
    fn patterns_cover_all_some_or_none_of_a_route() {
        for (route, pattern, all, some) in [
            ("/state", "/state", true, true),
            ("/state", "/state/*", false, true),
            ("/state", "/state/?*", false, false),
            ("/state", "//state", false, true),
            ("/state", "/*", true, true),
            ("/", "/*", true, true),
            ("/", "/", true, true),
            ("/", "//", false, true),
            ("/state/{id}", "/state/*", true, true),
            ("/state/{id}", "/state/?*", true, true),
            ("/state/{id}", "/state/?", false, true),
            ("/state/{id}", "/state/public-*", false, true),
            ("/state/{id}", "/state/a/b", false, false),
            ("/state/{id}/x", "/state/*", true, true),
            ("/{proxy+}", "/*", true, true),
            ("/{proxy+}", "/a/*", false, true),
            ("$default", "/*", true, true),
            ("$default", "/a", false, true),
            ("/a", "/b*", false, false),
        ] {
            let covered = Paths::of_pattern(pattern);
            assert_eq!(
                exists(&[&Paths::as_written(&path(route))], &[&covered]),
                !all,
                "{route} {pattern}"
            );
            assert_eq!(
                exists(&[&Paths::of_route(&path(route)), &covered], &[]),
                some,
                "{route} {pattern}"
            );
        }
    }

    #[test]
    fn patterns_cover_a_route_together_and_a_more_specific_route_keeps_its_calls() {
        let both = ["/state/?", "/state/??*"].map(Paths::of_pattern);
        let id = Paths::as_written(&path("/state/{id}"));
        assert!(!exists(&[&id], &[&both[0], &both[1]]));
        assert!(exists(&[&id], &[&both[1]]));
        let all = Paths::of_route(&path("/state/all"));
        let pattern = Paths::of_pattern("/state/all");
        assert!(exists(&[&id, &pattern], &[]));
        assert!(!exists(&[&id, &pattern], &[&all]));
    }

    #[test]
    fn a_search_with_many_wildcards_ends() {
        let many = Paths::of_pattern(&"*a?".repeat(40));
        assert!(exists(
            &[&Paths::of_pattern("/*")],
            &[&many, &Paths::of_pattern("*b?*c")]
        ));
    }
}
