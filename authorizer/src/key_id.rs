//! Key ids.

use std::fmt::{self, Write};
use std::sync::Arc;

use serde::{Serialize, Serializer};
use thiserror::Error;

/// A key id (`kid`, RFC 7515, section 4.1.4): the name by which a key is looked up. It is never part of a URL, a file
/// name or a query.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(Arc<str>);

/// The maximum length of a key id, in bytes. Okta's have 43.
pub(crate) const MAX_KEY_ID_BYTES: usize = 256;

/// A key id that is longer than `MAX_KEY_ID_BYTES`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the key id has {bytes} bytes; at most {MAX_KEY_ID_BYTES} are looked up")]
pub struct KeyIdError {
    pub(crate) bytes: usize,
}

impl KeyId {
    /// Parses the key id of a header or a key. Fails if it is longer than `MAX_KEY_ID_BYTES`.
    pub fn parse(kid: &str) -> Result<Self, KeyIdError> {
        if kid.len() > MAX_KEY_ID_BYTES {
            return Err(KeyIdError { bytes: kid.len() });
        }
        Ok(Self(kid.into()))
    }

    /// The id, not escaped.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId(\"{self}\")")
    }
}

/// The form for logs: printable ASCII, with everything else escaped (`\u{202e}`), because key ids come from unverified
/// tokens.
impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The usual case; the processor checks many bytes at a time.
        let is_shown_as_it_is = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'\\';
        if self.0.bytes().all(is_shown_as_it_is) {
            return f.write_str(&self.0);
        }
        self.0.chars().try_for_each(|character| match character {
            '\\' => f.write_str("\\\\"),
            ' '..='~' => f.write_char(character),
            _ => write!(f, "{}", character.escape_unicode()),
        })
    }
}

/// Uses the form for logs.
impl Serialize for KeyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::KeyId;

    #[test]
    fn key_ids_are_shown_in_printable_ascii_and_differ_if_the_ids_do() {
        for (kid, expected) in [
            ("k1 ~", "k1 ~"),
            (r"\", r"\\"),
            (r"k\u{e9}", r"k\\u{e9}"),
            ("k\u{e9}", r"k\u{e9}"),
            ("k\n", r"k\u{a}"),
            ("\u{7f}k\\", r"\u{7f}k\\"),
        ] {
            assert_eq!(KeyId::parse(kid).unwrap().to_string(), expected);
        }
    }
}
