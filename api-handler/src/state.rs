//! The nouns of a state resource. What is made here is right: there is no other way to make one.

use std::{fmt, str::FromStr};

use aws_lc_rs::rand;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

/// Largest value of a resource, as the compact JSON that is stored and given back. DynamoDB's items end at 400 KB, all attributes counted.
pub const MAX_VALUE_BYTES: usize = 256 * 1024;

/// The most arrays and objects that a value may nest. `serde_json` reads at most 127.
pub(crate) const MAX_VALUE_DEPTH: usize = 100;

/// The id of a resource: `[a-z0-9][a-z0-9._-]{0,127}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, pattern = "^[a-z0-9][a-z0-9._-]{0,127}$", example = "board.7")]
pub struct StateId(String);

impl StateId {
    /// What an id must be, in words for the caller.
    pub const EXPECTED: &'static str =
        "an id is 1 to 128 of a-z, 0-9, '.', '_' and '-', and starts with a letter or digit";

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is no [`StateId`].
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", StateId::EXPECTED)]
pub struct BadId;

impl FromStr for StateId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let first = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let rest = |b: &u8| first(b) || matches!(b, b'.' | b'_' | b'-');
        let well_formed = text.len() <= 128
            && text.as_bytes().first().is_some_and(first)
            && text.bytes().all(|b| rest(&b));
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadId)
        }
    }
}

impl fmt::Display for StateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who may see a resource besides its owner and the admins: `private` (nobody), `public` (everybody, also the
/// signed-out), or `group:NAME` (the members of that group).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visibility {
    /// Nobody.
    Private,
    /// Everybody, also the signed-out.
    Public,
    /// The members of this group.
    Group(String),
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

/// Longest name of a group: Okta's names end at 255 characters.
const MAX_GROUP_CHARS: usize = 255;

/// The text is no [`Visibility`].
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a visibility is `private`, `public`, or `group:` and the name of a group of at most 255 characters"
)]
pub struct BadVisibility;

impl FromStr for Visibility {
    type Err = BadVisibility;

    fn from_str(text: &str) -> Result<Self, BadVisibility> {
        match text {
            "private" => Ok(Self::Private),
            "public" => Ok(Self::Public),
            _ => {
                let name = text.strip_prefix("group:").ok_or(BadVisibility)?;
                let named = !name.is_empty()
                    && name.chars().count() <= MAX_GROUP_CHARS
                    && !name.chars().any(char::is_control);
                if named {
                    Ok(Self::Group(name.to_owned()))
                } else {
                    Err(BadVisibility)
                }
            }
        }
    }
}

impl fmt::Display for Visibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Private => f.write_str("private"),
            Self::Public => f.write_str("public"),
            Self::Group(name) => write!(f, "group:{name}"),
        }
    }
}

/// Names one write of one resource: random, so it never comes back, not even after delete and create, and says
/// nothing. Without its quotes it is what stands between them in the `ETag`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag(String);

/// The machine gives no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("no random bytes from the machine")]
pub struct NoRandomness;

impl Tag {
    /// A tag that never was before: 128 random bits.
    ///
    /// # Errors
    /// When the machine gives no random bytes.
    pub fn random() -> Result<Self, NoRandomness> {
        let mut bytes = [0; 16];
        rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// A tag that the store holds.
    #[must_use]
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The tag as text, without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The strong entity tag (RFC 9110, 8.8.3).
    #[must_use]
    pub fn etag(&self) -> String {
        format!("\"{}\"", self.0)
    }
}

/// A state resource, as it is stored and as it is answered.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// The id.
    #[serde(serialize_with = "display")]
    pub id: StateId,
    /// The principal who created it.
    #[schema(example = "00u1alice")]
    pub owner: String,
    /// Who else may see it.
    #[serde(serialize_with = "display")]
    pub visibility: Visibility,
    /// The value.
    // As the JSON text that was stored: what is not parsed cannot be changed by parsing.
    #[schema(value_type = Value)]
    pub value: Box<RawValue>,
    /// How many times it has been written since it was created.
    #[schema(minimum = 1)]
    pub version: u64,
    /// When it was created.
    #[schema(format = DateTime, example = "2026-01-01T00:00:00.000Z")]
    pub created_at: String,
    /// When it was last written.
    #[schema(format = DateTime, example = "2026-01-01T00:00:00.000Z")]
    pub updated_at: String,
    /// Names this very version.
    #[serde(skip)]
    pub tag: Tag,
}

fn display<S: Serializer>(value: &impl fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        let check =
            |text: &str, good: bool| assert_eq!(text.parse::<StateId>().is_ok(), good, "{text:?}");
        check("a", true);
        check("0", true);
        check("a.b_c-d", true);
        check(&"a".repeat(128), true);
        check(&"a".repeat(129), false);
        check("", false);
        check("A", false);
        check(".a", false);
        check("-a", false);
        check("_a", false);
        check("a/b", false);
        check("a b", false);
        check("a\n", false);
        check("\u{e4}", false);
        check("..", false);
    }

    #[test]
    fn visibilities() {
        let check = |text: &str, good: bool| {
            let parsed = text.parse::<Visibility>();
            assert_eq!(parsed.is_ok(), good, "{text:?}");
            if let Ok(visibility) = parsed {
                assert_eq!(visibility.to_string(), text);
            }
        };
        check("private", true);
        check("public", true);
        check("group:Admins", true);
        check("group:group:x", true);
        check(&format!("group:{}", "ü".repeat(255)), true);
        check(&format!("group:{}", "ü".repeat(256)), false);
        check("group:", false);
        check("group:a\nb", false);
        check("Public", false);
        check("", false);
        check("group", false);
    }

    #[test]
    fn tags_never_repeat() {
        let tags: std::collections::HashSet<_> =
            (0..1000).map(|_| Tag::random().unwrap().etag()).collect();
        assert_eq!(tags.len(), 1000);
    }
}
