//! The cache of verified tokens.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::bearer::TokenDigest;
use crate::header::UnverifiedHeader;
use crate::lru::Lru;
use crate::verifier::{TrustedIssuer, VerifiedClaims};

/// The limit of the whole cache in bytes, whatever the number of tokens.
const MAX_WEIGHT: usize = 16 << 20;

/// The approximate size of an entry without its claims: both indexes and the header.
const ENTRY_WEIGHT: usize = 512;

/// Verified tokens by the SHA-256 of the whole token. The least recently used is removed first.
///
/// An entry saves only the parsing and the signature. It has the issuer and the key that verified the token; every use
/// looks up that key and checks the times again. Only verified tokens are added, so an unauthenticated caller cannot
/// evict any.
#[derive(Debug)]
pub(crate) struct TokenCache {
    is_on: bool,
    tokens: Mutex<Lru<Remembered>>,
}

/// A token that was verified.
#[derive(Debug, Clone)]
pub(crate) struct Remembered {
    pub(crate) issuer: Arc<TrustedIssuer>,
    /// The header, with the key id and the algorithm.
    pub(crate) header: UnverifiedHeader,
    /// The thumbprint of the key that verified it (RFC 7638). A key that replaces it under the same id has another.
    pub(crate) thumbprint: [u8; 32],
    pub(crate) claims: Arc<VerifiedClaims>,
}

impl TokenCache {
    /// Creates a cache of at most `max_entries` tokens; 0 turns it off.
    pub(crate) fn new(max_entries: usize) -> Self {
        Self {
            is_on: max_entries > 0,
            tokens: Mutex::new(Lru::new(max_entries, MAX_WEIGHT)),
        }
    }

    /// Whether tokens are cached.
    pub(crate) const fn is_on(&self) -> bool {
        self.is_on
    }

    /// The entry of a token, if it has one.
    pub(crate) fn recall(&self, token: &TokenDigest) -> Option<Remembered> {
        self.tokens().recall(token)
    }

    /// Adds a token that has just been verified.
    pub(crate) fn remember(&self, token: TokenDigest, remembered: Remembered) {
        let weight = ENTRY_WEIGHT + remembered.claims.weight();
        self.tokens().remember(token, remembered, weight);
    }

    /// Removes a token.
    pub(crate) fn forget(&self, token: &TokenDigest) {
        self.tokens().forget(token);
    }

    /// No code under the lock can panic during a change, so a poisoned lock is usable.
    fn tokens(&self) -> MutexGuard<'_, Lru<Remembered>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
