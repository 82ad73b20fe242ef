//! Tokens that were verified, remembered for a while.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::bearer::TokenDigest;
use crate::header::UnverifiedHeader;
use crate::verifier::{TrustedIssuer, VerifiedClaims};

/// The most that is remembered, in bytes, whatever the number of tokens.
const MAX_WEIGHT: usize = 16 << 20;

/// What one entry takes besides its claims, roughly: both indexes and the header.
const ENTRY_WEIGHT: usize = 512;

/// Verified tokens by the SHA-256 of the whole token, the least recently used forgotten first.
///
/// An entry saves the parsing and the signature, and nothing else: it names the issuer and the very key that verified
/// it, and whoever uses it has to ask for that key and to hold the times against the clock anew. Only tokens that
/// verified get in, so strangers can push nothing out.
#[derive(Debug)]
pub(crate) struct TokenCache {
    max_entries: usize,
    state: Mutex<State>,
}

/// A token that once verified.
#[derive(Debug, Clone)]
pub(crate) struct Remembered {
    /// Who issued it.
    pub(crate) issuer: Arc<TrustedIssuer>,
    /// The key and algorithm that it named.
    pub(crate) header: UnverifiedHeader,
    /// The key that verified it (RFC 7638). A key that is replaced under the same id has another.
    pub(crate) thumbprint: [u8; 32],
    /// What it said.
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
    /// A cache for so many tokens; with 0 it remembers nothing.
    pub(crate) fn new(max_entries: usize) -> Self {
        Self {
            max_entries,
            state: Mutex::default(),
        }
    }

    /// Whether anything is ever remembered.
    pub(crate) const fn is_on(&self) -> bool {
        self.max_entries > 0
    }

    /// What is remembered of a token.
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

    /// Remembers a token that has just been verified.
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

    /// Forgets a token.
    pub(crate) fn forget(&self, token: &TokenDigest) {
        self.state().forget(token);
    }

    /// A panic elsewhere cannot leave the state half-changed, so a poisoned lock is as good as any.
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
