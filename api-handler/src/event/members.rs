//! Parts of an event, borrowed from it where they have no escapes.

use std::{borrow::Cow, fmt, marker::PhantomData, ops::Deref};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

/// A string.
#[derive(Deserialize)]
pub(super) struct Text<'e>(#[serde(borrow)] Cow<'e, str>);

impl Text<'_> {
    pub(super) fn into_owned(self) -> String {
        self.0.into_owned()
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// The members of an object, in order. It is read once from start to end, so it needs no index. A repeated name occurs
/// more than once, like a repeated header.
pub(super) struct Members<'e, V>(pub(super) Vec<(Text<'e>, V)>);

impl<'de: 'e, 'e, V: Deserialize<'de>> Deserialize<'de> for Members<'e, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor(PhantomData))
    }
}

struct MembersVisitor<'e, V>(PhantomData<Members<'e, V>>);

impl<'de: 'e, 'e, V: Deserialize<'de>> Visitor<'de> for MembersVisitor<'e, V> {
    type Value = Members<'e, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(8);
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}
