//! The position of the next page, as an opaque string.
//!
//! A cursor grants no access and usually contains no secret: each page is filtered for the caller who requests it, so a
//! forged cursor or another caller's cursor shows nothing more.
//!
//! The exception is the position of a page that ended early without a resource. It is the id of a resource that the
//! caller may not see, so it is encrypted with a key of this process. Another process cannot decrypt the position and
//! begins after the last resource that the caller was shown, which is correct but slower.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    problem::{Fault, Problem},
    state::{RandomError, StateId},
};

/// The prefix of a cursor with the last shown id. The number is the version of the format.
const PLAIN: &[u8] = b"1:";

/// The prefix of a cursor with the last shown id, which may be missing, and an encrypted position.
const SEALED: &[u8] = b"2:";

/// The length of an encrypted position. It equals the length of the longest id, so that it does not reveal the length
/// of the id.
const POSITION_BYTES: usize = 128;

/// The position of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Start {
    /// The last resource that the caller was shown.
    pub(crate) shown: Option<StateId>,
    /// The last id after it that was examined.
    pub(crate) examined: Option<StateId>,
}

impl Start {
    /// The id after which the next page begins.
    pub(crate) fn after(&self) -> Option<&StateId> {
        self.examined.as_ref().or(self.shown.as_ref())
    }
}

/// Encodes and decodes cursors.
#[derive(Debug)]
pub(crate) struct Cursors {
    key: RandomizedNonceKey,
}

impl Cursors {
    /// Creates a new key for positions.
    pub(crate) fn new() -> Result<Self, RandomError> {
        let mut key = [0; 32];
        aws_lc_rs::rand::fill(&mut key).map_err(|_| RandomError)?;
        RandomizedNonceKey::new(&AES_256_GCM, &key)
            .map(|key| Self { key })
            .map_err(|_| RandomError)
    }

    pub(crate) fn encode(&self, start: &Start) -> Result<String, RandomError> {
        let shown = start.shown.as_ref().map_or("", StateId::as_str);
        let bytes = match &start.examined {
            None => [PLAIN, shown.as_bytes()].concat(),
            Some(examined) => {
                let mut sealed = examined.as_str().as_bytes().to_vec();
                sealed.resize(POSITION_BYTES, b' ');
                let nonce = self
                    .key
                    .seal_in_place_append_tag(Aad::from(shown), &mut sealed)
                    .map_err(|_| RandomError)?;
                [SEALED, shown.as_bytes(), b":", nonce.as_ref(), &sealed].concat()
            }
        };
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Fails with 400 for a string that [`Cursors::encode`] cannot have returned.
    pub(crate) fn decode(&self, cursor: &str) -> Result<Start, Problem> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
        let start = bytes.and_then(|bytes| self.parse(&bytes));
        start.ok_or_else(|| {
            Problem::BadRequest(vec![Fault::new(
                "#/cursor",
                "expected the `nextCursor` of an earlier page",
            )])
        })
    }

    fn parse(&self, bytes: &[u8]) -> Option<Start> {
        let id = |bytes: &[u8]| std::str::from_utf8(bytes).ok()?.parse().ok();
        if let Some(shown) = bytes.strip_prefix(PLAIN) {
            return Some(Start {
                shown: Some(id(shown)?),
                examined: None,
            });
        }
        let rest = bytes.strip_prefix(SEALED)?;
        let (shown, sealed) = rest.split_at(rest.iter().position(|b| *b == b':')?);
        let (nonce, sealed) = sealed.get(1..)?.split_first_chunk::<NONCE_LEN>()?;
        if sealed.len() != POSITION_BYTES + AES_256_GCM.tag_len() {
            return None;
        }
        let mut sealed = sealed.to_vec();
        let aad = Aad::from(shown);
        let opened = self.key.open_in_place(Nonce::from(nonce), aad, &mut sealed);
        Some(Start {
            shown: if shown.is_empty() {
                None
            } else {
                Some(id(shown)?)
            },
            examined: opened
                .ok()
                .and_then(|position| id(position.trim_ascii_end())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(shown: Option<&str>, examined: Option<&str>) -> Start {
        let id = |text: &str| text.parse().unwrap();
        Start {
            shown: shown.map(id),
            examined: examined.map(id),
        }
    }

    #[test]
    fn cursors_are_decoded_as_they_were_encoded() {
        let cursors = Cursors::new().unwrap();
        let longest = "z".repeat(128);
        for start in [
            start(Some("a.b_c-9"), None),
            start(Some("a"), Some("b")),
            start(None, Some(&longest)),
            start(Some(&longest), Some(&longest)),
        ] {
            let cursor = cursors.encode(&start).unwrap();
            assert_eq!(cursors.decode(&cursor), Ok(start));
        }
    }

    #[test]
    fn only_this_process_can_decode_a_hidden_position() {
        let cursors = Cursors::new().unwrap();
        let cursor = |id: &str| cursors.encode(&start(Some("a"), Some(id))).unwrap();
        let sealed = cursor("hidden");
        assert_eq!(sealed.len(), cursor("h").len());
        let bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"hidden"));
        let other = Cursors::new().unwrap();
        assert_eq!(other.decode(&sealed), Ok(start(Some("a"), None)));
        let mut forged = bytes;
        forged[2] = b'b';
        let forged = URL_SAFE_NO_PAD.encode(forged);
        assert_eq!(cursors.decode(&forged), Ok(start(Some("b"), None)));
    }

    #[test]
    fn other_strings_are_rejected() {
        let cursors = Cursors::new().unwrap();
        let short = URL_SAFE_NO_PAD.encode(b"2:a:too short");
        for cursor in [
            "",
            "x",
            "a.b",
            "MTo",
            "MTpB",
            "MjphYmM",
            "MTphYmM=",
            "\u{0}",
            "MTphYmM\n",
            &short,
        ] {
            assert!(
                matches!(cursors.decode(cursor), Err(Problem::BadRequest(_))),
                "{cursor:?}"
            );
        }
    }
}
