//! The cache of verified tokens.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::bearer::TokenDigest;
use crate::header::UnverifiedHeader;
use crate::verifier::{TrustedIssuer, VerifiedClaims};

/// The limit of the whole cache, in bytes, whatever the number of tokens.
const MAX_WEIGHT: usize = 16 << 20;

/// The approximate size of an entry without its claims: both indexes and the header.
const ENTRY_WEIGHT: usize = 512;

/// Verified tokens by the SHA-256 of the whole token. The least recently used is removed first.
///
/// An entry saves only the parsing and the signature. It has the issuer and the key that verified the token; every use
/// looks that key up and checks the times again. Only verified tokens are added, so a stranger cannot evict any.
#[derive(Debug)]
pub(crate) struct TokenCache {
    max_entries: usize,
    state: Mutex<State>,
}

/// A token that was verified.
#[derive(Debug, Clone)]
pub(crate) struct Remembered {
    /// Who issued it.
    pub(crate) issuer: Arc<TrustedIssuer>,
    /// The header, with the key id and the algorithm.
    pub(crate) header: UnverifiedHeader,
    /// The thumbprint of the key that verified it (RFC 7638). A key that replaces it under the same id has another.
    pub(crate) thumbprint: [u8; 32],
    /// Its claims.
    pub(crate) claims: Arc<VerifiedClaims>,
}

#[derive(Debug, Default)]
struct State {
    entries: HashMap<TokenDigest, Entry>,
    /// Digests by their last use, oldest first.
    uses: BTreeMap<u64, TokenDigest>,
    next_use: u64,
    weight: usize,
}

#[derive(Debug)]
struct Entry {
    remembered: Remembered,
    weight: usize,
    last_use: u64,
}

impl TokenCache {
    /// A cache of at most so many tokens; 0 turns it off.
    pub(crate) fn new(max_entries: usize) -> Self {
        Self {
            max_entries,
            state: Mutex::default(),
        }
    }

    /// Whether tokens are cached.
    pub(crate) const fn is_on(&self) -> bool {
        self.max_entries > 0
    }

    /// The entry of a token, if it has one.
    pub(crate) fn recall(&self, token: &TokenDigest) -> Option<Remembered> {
        let mut state = self.state();
        let use_number = state.next_use;
        state.next_use += 1;
        let entry = state.entries.get_mut(token)?;
        let remembered = entry.remembered.clone();
        let last_use = std::mem::replace(&mut entry.last_use, use_number);
        state.uses.remove(&last_use);
        state.uses.insert(use_number, *token);
        Some(remembered)
    }

    /// Adds a token that has just been verified.
    pub(crate) fn remember(&self, token: TokenDigest, remembered: Remembered) {
        let weight = ENTRY_WEIGHT + remembered.claims.weight();
        if !self.is_on() || weight > MAX_WEIGHT {
            return;
        }
        let mut state = self.state();
        state.forget(&token);
        while state.entries.len() >= self.max_entries || state.weight + weight > MAX_WEIGHT {
            let Some((_, oldest)) = state.uses.pop_first() else {
                break;
            };
            state.forget(&oldest);
        }
        let last_use = state.next_use;
        state.next_use += 1;
        state.weight += weight;
        state.uses.insert(last_use, token);
        state.entries.insert(
            token,
            Entry {
                remembered,
                weight,
                last_use,
            },
        );
    }

    /// Removes a token.
    pub(crate) fn forget(&self, token: &TokenDigest) {
        self.state().forget(token);
    }

    /// No code under the lock can panic half-way through a change, so a poisoned lock is usable.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget(&mut self, token: &TokenDigest) {
        if let Some(entry) = self.entries.remove(token) {
            self.uses.remove(&entry.last_use);
            self.weight -= entry.weight;
        }
    }
}
