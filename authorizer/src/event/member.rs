//! Parses members of an event. No bytes in a member can make the whole event fail.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::UnknownEventError;

/// How names are compared.
#[derive(Clone, Copy)]
pub(super) enum NameCase {
    Exact,
    Ignored,
}

/// A JSON string. JSON allows lone surrogates and UTF-8 does not; they become replacement characters instead of an
/// error.
pub(super) struct LossyText<'e>(pub(super) Cow<'e, str>);

/// Replaces a value that is not a string. No token contains this character, so the value is refused.
const NOT_A_STRING: &str = "\u{fffd}";

/// The value of a member, or `None` if it is not a string.
pub(super) fn text(member: Option<&RawValue>) -> Option<Cow<'_, str>> {
    serde_json::from_str(member?.get())
        .ok()
        .map(|LossyText(text)| text)
}

/// The value of a member that may hold a credential. `None` only if it is null.
pub(super) fn lossy_text(member: &RawValue) -> Option<Cow<'_, str>> {
    if member.get() == "null" {
        None
    } else {
        Some(text(Some(member)).unwrap_or(NOT_A_STRING.into()))
    }
}

/// All values of a name in a list of headers or parameters. A member is a string, an array of strings, or null for no
/// value.
pub(super) fn values_of<'e>(
    list: Option<&'e RawValue>,
    name: &str,
    case: NameCase,
) -> Result<Vec<Cow<'e, str>>, UnknownEventError> {
    let Some(list) = list else {
        return Ok(Vec::new());
    };
    let seed = ValuesOf { name, case };
    seed.deserialize(&mut serde_json::Deserializer::from_str(list.get()))
        .map_err(|_| UnknownEventError::List)
}

struct ValuesOf<'n> {
    name: &'n str,
    case: NameCase,
}

impl ValuesOf<'_> {
    fn is_named(&self, name: &str) -> bool {
        match self.case {
            NameCase::Exact => name == self.name,
            NameCase::Ignored => name.eq_ignore_ascii_case(self.name),
        }
    }
}

impl<'de> DeserializeSeed<'de> for ValuesOf<'_> {
    type Value = Vec<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValuesOf<'_> {
    type Value = Vec<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or null")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(LossyText(name)) = members.next_key()? {
            if self.is_named(&name) {
                let value: &'de RawValue = members.next_value()?;
                if value.get().starts_with('[') {
                    let several: Vec<&'de RawValue> =
                        serde_json::from_str(value.get()).map_err(de::Error::custom)?;
                    values.extend(several.into_iter().filter_map(lossy_text));
                } else {
                    values.extend(lossy_text(value));
                }
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(values)
    }
}

/// Decodes UTF-8 and replaces invalid bytes. The bytes are usually valid, and `from_utf8` checks many at a time.
fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

impl<'de> Deserialize<'de> for LossyText<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Lossy;
        impl<'de> Visitor<'de> for Lossy {
            type Value = LossyText<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            // A string without escapes, the usual case, is borrowed from the event.
            fn visit_borrowed_bytes<E: de::Error>(
                self,
                bytes: &'de [u8],
            ) -> Result<Self::Value, E> {
                Ok(LossyText(lossy(bytes)))
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                Ok(LossyText(lossy(bytes).into_owned().into()))
            }
        }
        // Deserialised as bytes, because they may not be UTF-8.
        deserializer.deserialize_bytes(Lossy)
    }
}
