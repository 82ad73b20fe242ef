//! The types of a state resource. They can only be constructed with valid values.

use std::{fmt, str::FromStr};

use aws_lc_rs::rand;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

/// The maximum size of a value, as the compact JSON that is stored and returned. A DynamoDB item has at most 400 KB,
/// with all its attributes.
pub(crate) const MAX_VALUE_BYTES: usize = 256 * 1024;

/// The maximum nesting depth of a value. `serde_json` parses at most 127 levels.
pub(crate) const MAX_VALUE_DEPTH: usize = 100;

/// The id of a resource: `[a-z0-9][a-z0-9._-]{0,127}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, pattern = "^[a-z0-9][a-z0-9._-]{0,127}$", example = "board.7")]
pub(crate) struct StateId(String);

impl StateId {
    /// The message that describes an id to the caller.
    pub(crate) const EXPECTED: &'static str =
        "an id is 1 to 128 of a-z, 0-9, '.', '_' and '-', and starts with a letter or digit";

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The string is not a [`StateId`].
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", StateId::EXPECTED)]
pub(crate) struct IdError;

impl FromStr for StateId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let first = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let rest = |b: &u8| first(b) || matches!(b, b'.' | b'_' | b'-');
        let well_formed = text.len() <= 128
            && text.as_bytes().first().is_some_and(first)
            && text.bytes().all(|b| rest(&b));
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError)
        }
    }
}

impl fmt::Display for StateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a group: 1 to 255 characters without control characters. Okta's names have at most 255 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GroupName(String);

/// The maximum length of a group's name, in characters.
const MAX_GROUP_CHARS: usize = 255;

impl GroupName {
    /// `None` for a string that cannot be the name of a group.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let named = !name.is_empty()
            && name.chars().count() <= MAX_GROUP_CHARS
            && !name.chars().any(char::is_control);
        named.then(|| Self(name.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who may see a resource besides its owner and the admins: `private` (no other caller), `public` (every caller, even
/// an anonymous one), or `group:NAME` (the members of that group).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Visibility {
    Private,
    Public,
    Group(GroupName),
}

impl PartialSchema for Visibility {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(
                "`private`, `public`, or `group:` and the name of a group",
            ))
            .pattern(Some(
                r"^(private|public|group:[^\x00-\x1f\x7f-\x9f]{1,255})$",
            ))
            .examples(["group:Everyone"])
            .into()
    }
}

impl ToSchema for Visibility {}

/// The string is not a [`Visibility`].
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a visibility is `private`, `public`, or `group:` and the name of a group of at most 255 characters"
)]
pub(crate) struct VisibilityError;

impl FromStr for Visibility {
    type Err = VisibilityError;

    fn from_str(text: &str) -> Result<Self, VisibilityError> {
        match text {
            "private" => Ok(Self::Private),
            "public" => Ok(Self::Public),
            _ => {
                let name = text.strip_prefix("group:").and_then(GroupName::parse);
                name.map(Self::Group).ok_or(VisibilityError)
            }
        }
    }
}

impl fmt::Display for Visibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Private => f.write_str("private"),
            Self::Public => f.write_str("public"),
            Self::Group(name) => write!(f, "group:{}", name.as_str()),
        }
    }
}

/// The content of an `ETag`, which identifies one write of one resource. It is random, so that it reveals nothing and
/// is never reused, even if the resource is deleted and created again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag(String);

/// The operating system returned no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system returned no random bytes")]
pub struct RandomError;

impl Tag {
    /// A new tag of 128 random bits.
    pub(crate) fn random() -> Result<Self, RandomError> {
        let mut bytes = [0; 16];
        rand::fill(&mut bytes).map_err(|_| RandomError)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// A tag that was read from the store.
    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }

    /// The tag, without quotes.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The strong entity tag (RFC 9110, section 8.8.3).
    pub(crate) fn etag(&self) -> String {
        format!("\"{}\"", self.0)
    }
}

/// A resource without its value. It has everything that access decisions need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Metadata {
    pub(crate) id: StateId,
    pub(crate) owner: String,
    pub(crate) visibility: Visibility,
    pub(crate) version: u64,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
    pub(crate) tag: Tag,
}

/// The changes of one write.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    pub(crate) id: &'a StateId,
    pub(crate) value: &'a RawValue,
    /// `None` keeps the visibility.
    pub(crate) visibility: Option<&'a Visibility>,
    pub(crate) updated_at: String,
    pub(crate) tag: Tag,
}

/// A state resource.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) metadata: Metadata,
    // The stored string. It is not parsed, so that parsing cannot change it.
    pub(crate) value: Box<RawValue>,
}

/// A state resource as the API returns it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = State)]
pub(crate) struct StateBody<'a> {
    /// The id.
    #[serde(serialize_with = "display")]
    id: &'a StateId,
    /// The principal that created the resource.
    #[schema(value_type = String, example = "00u1alice")]
    owner: &'a str,
    /// Who else may see it.
    #[serde(serialize_with = "display")]
    visibility: &'a Visibility,
    /// The value.
    #[schema(value_type = Value)]
    value: &'a RawValue,
    /// The number of writes, including the creation.
    #[schema(minimum = 1)]
    version: u64,
    /// The time of the creation.
    #[schema(value_type = String, format = DateTime, example = "2026-01-01T00:00:00.000Z")]
    created_at: &'a str,
    /// The time of the last write.
    #[schema(value_type = String, format = DateTime, example = "2026-01-01T00:00:00.000Z")]
    updated_at: &'a str,
}

impl State {
    /// The resource as the API returns it.
    pub(crate) fn body(&self) -> StateBody<'_> {
        self.metadata.body(&self.value)
    }
}

impl Metadata {
    /// The resource with this value, as the API returns it.
    pub(crate) fn body<'a>(&'a self, value: &'a RawValue) -> StateBody<'a> {
        let Self {
            id,
            owner,
            visibility,
            version,
            created_at,
            updated_at,
            tag: _,
        } = self;
        StateBody {
            id,
            owner,
            visibility,
            value,
            version: *version,
            created_at,
            updated_at,
        }
    }
}

fn display<S: Serializer>(value: &impl fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

#[cfg(test)]
mod tests;
