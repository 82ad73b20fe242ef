//! JSON values that take a bounded amount of memory.
//!
//! `serde_json::Value` is not used for callers' JSON. It takes 600 bytes for an object with one member, so a body of 512
//! KiB would take 60 MB, and its deserialiser treats an object specially if its first name is
//! `$serde_json::private::RawValue`. [`Json`] takes at most 40 times the bytes of the JSON, and inserting into a large
//! array or object moves 8 bytes for each later element.

mod number;
mod read;

use std::{fmt, iter::Peekable};

use lambda_support::json_len;
use serde::{Serialize, Serializer, ser::SerializeMap as _};

use self::number::same_number;
pub(crate) use self::read::parse;

/// A JSON value that [`parse`] accepted, or that was built from such values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    String(Box<str>),
    #[expect(
        clippy::vec_box,
        reason = "an insertion moves 8 bytes for each later element instead of 24"
    )]
    Array(Vec<Box<Self>>),
    Object(Object),
}

/// The members of an object, by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Object {
    // INVARIANT: sorted by name, each name once.
    #[expect(
        clippy::vec_box,
        reason = "an insertion moves 8 bytes for each later member instead of 40"
    )]
    members: Vec<Box<Member>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    name: Box<str>,
    value: Json,
}

impl Json {
    /// The nesting depth of arrays and objects: 0 for a scalar.
    pub(crate) fn depth(&self) -> usize {
        match self {
            Self::Array(items) => 1 + items.iter().map(|item| item.depth()).max().unwrap_or(0),
            Self::Object(object) => 1 + object.iter().map(|(_, v)| v.depth()).max().unwrap_or(0),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => 0,
        }
    }

    /// The length of the value as it is stored and returned, in bytes: JSON without white space.
    pub(crate) fn compact_len(&self) -> usize {
        json_len(self)
    }

    /// Whether two values are equal (RFC 6902, section 4.6): 1 equals 1.0.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => {
                a == b || same_number(&a.to_string(), &b.to_string())
            }
            (Self::Array(a), Self::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.equals(b))
            }
            (Self::Object(a), Self::Object(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .zip(b.iter())
                        .all(|((a_name, a), (b_name, b))| a_name == b_name && a.equals(b))
            }
            _ => self == other,
        }
    }
}

impl Object {
    /// Builds an object. The error is the first repeated name.
    pub(crate) fn new(
        members: impl IntoIterator<Item = (Box<str>, Json)>,
    ) -> Result<Self, Box<str>> {
        let mut members: Vec<_> = members
            .into_iter()
            .map(|(name, value)| Box::new(Member { name, value }))
            .collect();
        members.sort_by(|a, b| a.name.cmp(&b.name));
        let twice = members.windows(2).find_map(|pair| match pair {
            [a, b] if a.name == b.name => Some(a.name.clone()),
            _ => None,
        });
        match twice {
            Some(name) => Err(name),
            None => Ok(Self { members }),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The members, sorted by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.members
            .iter()
            .map(|member| (&*member.name, &member.value))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        let at = self.find(name).ok()?;
        self.members.get(at).map(|member| &member.value)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Json> {
        let at = self.find(name).ok()?;
        self.members.get_mut(at).map(|member| &mut member.value)
    }

    /// Sets a member and returns its previous value.
    pub(crate) fn insert(&mut self, name: &str, value: Json) -> Option<Json> {
        match self.find(name) {
            Ok(at) => {
                let member = self.members.get_mut(at)?;
                Some(std::mem::replace(&mut member.value, value))
            }
            Err(at) => {
                let name = name.into();
                self.members.insert(at, Box::new(Member { name, value }));
                None
            }
        }
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<Json> {
        let at = self.find(name).ok()?;
        Some(self.members.remove(at).value)
    }

    /// Combines two objects in one pass over both. `combine` receives the two values of a name and returns the new
    /// value, or `None` to leave out the member.
    pub(crate) fn merge(
        self,
        other: Self,
        mut combine: impl FnMut(Option<Json>, Option<Json>) -> Option<Json>,
    ) -> Self {
        let mut ours = self.members.into_iter().peekable();
        let mut theirs = other.members.into_iter().peekable();
        let mut members = Vec::new();
        while let Some((name, our, their)) = next_of_both(&mut ours, &mut theirs) {
            if let Some(value) = combine(our, their) {
                members.push(Box::new(Member { name, value }));
            }
        }
        members.shrink_to_fit();
        Self { members }
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.members
            .binary_search_by(|member| (*member.name).cmp(name))
    }
}

type MemberIter = Peekable<std::vec::IntoIter<Box<Member>>>;

/// The next name in two sorted lists, with its value in each.
fn next_of_both(
    ours: &mut MemberIter,
    theirs: &mut MemberIter,
) -> Option<(Box<str>, Option<Json>, Option<Json>)> {
    let from_ours = match (ours.peek(), theirs.peek()) {
        (Some(our), Some(their)) if our.name == their.name => {
            let (our, their) = (ours.next()?, theirs.next()?);
            return Some((our.name, Some(our.value), Some(their.value)));
        }
        (Some(our), Some(their)) => our.name < their.name,
        (our, _) => our.is_some(),
    };
    if from_ours {
        ours.next().map(|our| (our.name, Some(our.value), None))
    } else {
        theirs
            .next()
            .map(|their| (their.name, None, Some(their.value)))
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(value) => value.serialize(serializer),
            Self::String(value) => serializer.serialize_str(value),
            Self::Array(items) => serializer.collect_seq(items.iter().map(|item| &**item)),
            Self::Object(object) => {
                let mut map = serializer.serialize_map(Some(object.len()))?;
                for (name, value) in object.iter() {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests;
