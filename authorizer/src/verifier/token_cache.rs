//! The cache of verified tokens.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::bearer::TokenDigest;
use crate::header::UnverifiedHeader;
use crate::issuer::jwks::Thumbprint;
use crate::lru::Lru;
use crate::verifier::{TrustedIssuer, VerifiedClaims};

/// The maximum weight of the whole cache, in bytes.
const MAX_WEIGHT: usize = 16 << 20;

/// The approximate size of an entry without its claims, in bytes: two indexes and the header.
const ENTRY_WEIGHT: usize = 512;

/// Verified tokens by the SHA-256 hash of the whole token. The least recently used token is removed first.
///
/// An entry saves parsing and verifying the signature. It contains the issuer and the thumbprint of the key that verified
/// the token. Every use looks up that key and checks the times again. Only verified tokens are added, so an
/// unauthenticated caller cannot evict any.
#[derive(Debug)]
pub(crate) struct TokenCache {
    is_on: bool,
    tokens: Mutex<Lru<Remembered>>,
}

/// A verified token.
#[derive(Debug, Clone)]
pub(crate) struct Remembered {
    pub(crate) issuer: Arc<TrustedIssuer>,
    /// The header, with the key id and the algorithm.
    pub(crate) header: UnverifiedHeader,
    /// The thumbprint (RFC 7638) of the key that verified the token. A new key with the same id has another thumbprint.
    pub(crate) thumbprint: Thumbprint,
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

    pub(crate) const fn is_on(&self) -> bool {
        self.is_on
    }

    pub(crate) fn recall(&self, token: &TokenDigest) -> Option<Remembered> {
        self.tokens().recall(token)
    }

    /// Adds a token that has just been verified.
    pub(crate) fn remember(&self, token: TokenDigest, remembered: Remembered) {
        let weight = ENTRY_WEIGHT + remembered.claims.weight();
        self.tokens().remember(token, remembered, weight);
    }

    pub(crate) fn forget(&self, token: &TokenDigest) {
        self.tokens().forget(token);
    }

    /// No code can panic while it changes the map under this lock, so a poisoned lock is usable.
    fn tokens(&self) -> MutexGuard<'_, Lru<Remembered>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
