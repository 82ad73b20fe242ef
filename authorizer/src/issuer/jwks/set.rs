//! Parses a key set and finds keys in it.

use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

use super::jwk;
use super::key::VerificationKey;
use crate::algorithm::Algorithm;
use crate::key_id::KeyId;
use crate::refusal::KeyRefusal;
use crate::strict_json::{self, StrictJsonError};

/// A key set of one issuer with at least one usable key.
#[derive(Debug)]
pub struct KeySet {
    /// Sorted by key id. Keys with the same id are in the order of the document.
    keys: Vec<VerificationKey>,
    refused: Vec<RefusedKey>,
    /// The refused keys that have an id, sorted by id, so that many unusable keys do not slow down lookups.
    refused_ids: Vec<(KeyId, KeyRefusal)>,
}

/// A key of the set that is skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedKey {
    /// The index in the array `keys`.
    pub index: usize,
    /// The id, if the key has a valid one.
    pub kid: Option<KeyId>,
    pub refusal: KeyRefusal,
}

/// The document has no usable key. The previous key set stays in use.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{fault}")]
pub struct KeySetParseError {
    pub fault: KeySetError,
    /// All keys of the set if every key is refused, otherwise empty.
    pub refused: Vec<RefusedKey>,
}

/// Why a key set cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeySetError {
    #[error("not a JSON object")]
    NotAnObject,
    #[error("a repeated member")]
    DuplicateMember,
    /// `keys` is missing or not an array (RFC 7517, section 5.1).
    #[error("no array `keys`")]
    NoKeys,
    #[error("an empty set of keys")]
    Empty,
    #[error("none of its keys can be used (the first: {first})")]
    NoneUsable {
        /// Why the first key is refused.
        first: KeyRefusal,
    },
}

impl From<KeySetError> for KeySetParseError {
    fn from(fault: KeySetError) -> Self {
        Self {
            fault,
            refused: Vec::new(),
        }
    }
}

impl KeySet {
    /// Parses a JWK Set (RFC 7517, section 5), key by key. Fails if no key in it can be used.
    pub fn parse(json: &[u8], allowed: &[Algorithm]) -> Result<Self, KeySetParseError> {
        let json = str::from_utf8(json).map_err(|_| KeySetError::NotAnObject)?;
        let entries = entries(json)?;
        let (mut keys, mut refused) = (Vec::new(), Vec::new());
        for (index, entry) in entries.iter().enumerate() {
            match jwk::parse(entry.get(), allowed) {
                Ok(key) => keys.push(key),
                Err(jwk::RefusedJwk { kid, refusal }) => {
                    refused.push(RefusedKey {
                        index,
                        kid,
                        refusal,
                    });
                }
            }
        }
        match (keys.as_slice(), refused.as_slice()) {
            ([], []) => Err(KeySetError::Empty.into()),
            ([], [RefusedKey { refusal: first, .. }, ..]) => Err(KeySetParseError {
                fault: KeySetError::NoneUsable { first: *first },
                refused,
            }),
            _ => Ok(Self::new(keys, refused)),
        }
    }

    fn new(mut keys: Vec<VerificationKey>, refused: Vec<RefusedKey>) -> Self {
        keys.sort_by(|a, b| a.kid().cmp(b.kid()));
        let ids = refused
            .iter()
            .filter_map(|key| Some((key.kid.clone()?, key.refusal)));
        let mut refused_ids: Vec<_> = ids.collect();
        refused_ids.sort_by(|a, b| a.0.cmp(&b.0));
        Self {
            keys,
            refused,
            refused_ids,
        }
    }

    pub fn keys(&self) -> &[VerificationKey] {
        &self.keys
    }

    /// The keys that are skipped, in the order of the document.
    pub fn refused(&self) -> &[RefusedKey] {
        &self.refused
    }

    /// Whether the set has a key with this id, usable or not.
    pub(super) fn names(&self, kid: &KeyId) -> bool {
        !self.range(kid).is_empty() || self.refusal_of(kid).is_some()
    }

    /// The keys with which a token with this `kid` and `alg` may have been signed.
    ///
    /// If two keys have the same id, those that fit the algorithm are returned (RFC 7517, section 4.5).
    pub(super) fn find(self: Arc<Self>, kid: &KeyId, algorithm: Algorithm) -> Found {
        let range = self.range(kid);
        let keys = self.keys.get(range.clone()).unwrap_or_default();
        if keys.iter().any(|key| key.fits(algorithm)) {
            return Found::Keys(Candidates {
                set: self,
                range,
                algorithm,
            });
        }
        match (keys.is_empty(), self.refusal_of(kid)) {
            (false, _) => Found::Refused(KeyRefusal::DoesNotFitAlgorithm),
            (true, Some(refusal)) => Found::Refused(refusal),
            (true, None) => Found::Nothing,
        }
    }

    fn range(&self, kid: &KeyId) -> Range<usize> {
        let start = self.keys.partition_point(|key| key.kid() < kid);
        let same = self
            .keys
            .iter()
            .skip(start)
            .take_while(|key| key.kid() == kid)
            .count();
        start..start + same
    }

    fn refusal_of(&self, kid: &KeyId) -> Option<KeyRefusal> {
        let first = self.refused_ids.partition_point(|(id, _)| id < kid);
        let (id, refusal) = self.refused_ids.get(first)?;
        (id == kid).then_some(*refusal)
    }
}

/// The elements of `keys`, not yet parsed, so that one element cannot affect the others.
fn entries(json: &str) -> Result<Vec<&RawValue>, KeySetError> {
    #[derive(Deserialize)]
    struct KeySetDocument<'d> {
        #[serde(borrow)]
        keys: Option<&'d RawValue>,
    }
    // Serde would also deserialise a struct from an array.
    let is_object = json.trim_ascii_start().starts_with('{');
    let document: KeySetDocument<'_> = serde_json::from_str(json)
        .ok()
        .filter(|_| is_object)
        .ok_or_else(|| match strict_json::parse_object(json.as_bytes()) {
            Err(StrictJsonError::RepeatedMember { .. }) => KeySetError::DuplicateMember,
            _ => KeySetError::NotAnObject,
        })?;
    let keys = document.keys.ok_or(KeySetError::NoKeys)?;
    serde_json::from_str(keys.get()).map_err(|_| KeySetError::NoKeys)
}

/// What a set has for a key id.
#[derive(Debug)]
pub(super) enum Found {
    Keys(Candidates),
    Refused(KeyRefusal),
    Nothing,
}

/// The keys that fit one token, at least one. It is cheap to create, because it shares the set.
#[derive(Clone, Debug)]
pub struct Candidates {
    set: Arc<KeySet>,
    range: Range<usize>,
    algorithm: Algorithm,
}

impl Candidates {
    /// The keys that fit, in the order of the document.
    pub fn iter(&self) -> impl Iterator<Item = &VerificationKey> {
        let keys = self.set.keys.get(self.range.clone()).unwrap_or_default();
        keys.iter().filter(|key| key.fits(self.algorithm))
    }
}

#[cfg(test)]
mod tests;
