//! The parsed members of a context, borrowed from the JSON where they have no escapes.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

use super::RESERVED_NAMES;
use crate::borrowed_text::BorrowedText;

/// The value of a member with a fixed name.
pub(super) enum MemberValue<'c> {
    Bool(bool),
    Number(f64),
    Text(BorrowedText<'c>),
    /// A value of a type that no such member has.
    Other,
}

/// The members by name. If a name is repeated, the last value applies.
#[derive(Default)]
pub(super) struct ReadMembers<'c> {
    pub(super) signed_in: Option<MemberValue<'c>>,
    pub(super) principal: Option<MemberValue<'c>>,
    pub(super) subject: Option<MemberValue<'c>>,
    pub(super) issuer: Option<MemberValue<'c>>,
    pub(super) client_id: Option<MemberValue<'c>>,
    pub(super) scopes: Option<MemberValue<'c>>,
    pub(super) groups: Option<MemberValue<'c>>,
    pub(super) expires_at: Option<MemberValue<'c>>,
    pub(super) token_id: Option<MemberValue<'c>>,
    pub(super) step_up: Option<MemberValue<'c>>,
    pub(super) claims: Map<String, Value>,
}

pub(super) struct ReadVisitor;

impl<'de> Visitor<'de> for ReadVisitor {
    type Value = ReadMembers<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ReadMembers<'de>, A::Error> {
        let mut read = ReadMembers::default();
        while let Some(BorrowedText(name)) = map.next_key()? {
            let member = match &*name {
                "signedIn" => &mut read.signed_in,
                "principal" => &mut read.principal,
                "sub" => &mut read.subject,
                "iss" => &mut read.issuer,
                "clientId" => &mut read.client_id,
                "scope" => &mut read.scopes,
                "groups" => &mut read.groups,
                "exp" => &mut read.expires_at,
                "jti" => &mut read.token_id,
                "stepUp" => &mut read.step_up,
                reserved if RESERVED_NAMES.contains(&reserved) => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
                _ => {
                    read.claims.insert(name.into_owned(), map.next_value()?);
                    continue;
                }
            };
            *member = Some(map.next_value()?);
        }
        Ok(read)
    }
}

impl<'de> Deserialize<'de> for MemberValue<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MemberVisitor)
    }
}

struct MemberVisitor;

impl<'de> Visitor<'de> for MemberVisitor {
    type Value = MemberValue<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(MemberValue::Bool(value))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a time that f64 cannot hold exactly is out of range"
    )]
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(MemberValue::Number(value as f64))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a time that f64 cannot hold exactly is out of range"
    )]
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(MemberValue::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(MemberValue::Number(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(MemberValue::Text(BorrowedText(value.into())))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(MemberValue::Text(BorrowedText(value.to_owned().into())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(MemberValue::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(MemberValue::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(MemberValue::Other)
    }
}
