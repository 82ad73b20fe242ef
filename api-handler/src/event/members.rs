//! Objects in an event, borrowed from it where they have no escapes.

use std::{fmt, marker::PhantomData};

use lambda_support::borrowed_text::BorrowedText;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

/// The members of an object, in order. They are read once from start to end, so they need no index. A repeated name
/// occurs more than once, like a repeated header.
pub(super) struct Members<'e, V>(pub(super) Vec<(BorrowedText<'e>, V)>);

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
