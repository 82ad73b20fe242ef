//! The members of a JSON object, read so that a repeated name is seen.

use std::fmt;

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of one JSON object, in the order they stand, their values not yet read.
///
/// A repeated name is an error: `serde_json::Value` would let the last one win, so that two readers of one
/// document could see two different keys.
#[derive(Debug)]
pub(super) struct Members<'a>(Vec<(String, &'a RawValue)>);

/// Why a text is not an object with distinct members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotMembers {
    NotAnObject,
    Duplicate,
}

impl<'a> Members<'a> {
    pub(super) fn parse(json: &'a str) -> Result<Self, NotMembers> {
        let mut members: Self = serde_json::from_str(json).map_err(|_| NotMembers::NotAnObject)?;
        members.0.sort_by(|a, b| a.0.cmp(&b.0));
        let repeated = members
            .0
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a.0 == b.0));
        if repeated {
            Err(NotMembers::Duplicate)
        } else {
            Ok(members)
        }
    }

    pub(super) fn raw(&self, name: &str) -> Option<&'a RawValue> {
        let at = self
            .0
            .binary_search_by(|member| member.0.as_str().cmp(name))
            .ok()?;
        self.0.get(at).map(|member| member.1)
    }

    /// A member read as `T`; `None` if it is not there, an error if it is something else.
    pub(super) fn read<T: Deserialize<'a>>(
        &self,
        name: &str,
    ) -> Result<Option<T>, serde_json::Error> {
        self.raw(name)
            .map(|raw| serde_json::from_str(raw.get()))
            .transpose()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Object).map(Self)
    }
}
