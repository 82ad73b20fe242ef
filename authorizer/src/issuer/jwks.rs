//! The keys of an issuer: fetch, cache and lookup.
//!
//! - `jwk` and `set` parse [`VerificationKey`]s from a document, key by key, with a reason for each refused key;
//! - [`cache`] is the state machine that decides when keys are used and when they are fetched;
//! - [`KeySource`] drives it: it owns the only lock, starts fetches, and lookups wait for them there.
//!
//! A lookup whose key is cached and fresh takes one lock, one binary search and one `Arc` clone. It waits for the
//! network only if no keys are cached, if the key is unknown, or, one lookup at a time, if fetched keys are stale.

pub mod cache;
mod fetch;
mod freshness;
mod jwk;
mod key;
mod members;
mod parsed_key;
mod set;
mod shared;
mod source;

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

pub use self::fetch::FetchError;
pub use self::freshness::StatedLifetime;
pub(crate) use self::key::PublicKey;
pub use self::key::{SignatureError, Thumbprint, VerificationKey};
pub use self::set::{Candidates, KeySet, KeySetError, KeySetParseError, RefusedKey};
pub use self::source::KeySource;
use crate::algorithm::Algorithm;
use crate::issuer::http_client::Endpoint;
pub use crate::refusal::KeyRefusal;

/// The source of one issuer's keys, and their limits.
#[derive(Clone, Debug)]
pub struct KeySettings {
    pub issuer: String,
    /// The URL of its keys; `None` discovers it from the issuer's metadata.
    pub jwks_uri: Option<Endpoint>,
    /// The algorithms that tokens of this issuer may name.
    pub algorithms: Vec<Algorithm>,
    /// The maximum time for which keys are fresh; a shorter `Cache-Control: max-age` wins. It is at least a second.
    pub max_age: Duration,
    /// How long stale keys are used while the issuer is unreachable.
    pub max_stale: Duration,
    /// The minimum time between two fetches caused by unknown key ids, and after a failed fetch while keys are cached;
    /// also the freshness of keys that came with `no-cache` or `no-store`.
    pub cooldown: Duration,
    /// The timeout of one fetch, from connect to last byte.
    pub timeout: Duration,
    /// The keys of `JWKS_FILE`, so that the first request needs no network.
    pub key_file: Option<Arc<KeySet>>,
}

#[derive(Clone, Debug)]
pub struct KeyLookup {
    /// The keys that the token may have been signed with, at least one.
    pub candidates: Candidates,
    /// How long ago they were fetched; `None` for keys from a file, whose age is unknown.
    pub age: Option<Duration>,
    /// Their origin.
    pub state: KeyState,
}

/// The origin of the keys of a lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// Cached and fresh.
    Fresh,
    /// Fetched during this lookup.
    Fetched,
    /// Stale, because no newer ones could be fetched.
    Stale,
    /// From `JWKS_FILE`, because none have been fetched yet.
    File,
}

impl KeyState {
    /// The stable name for logs and metrics.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Fetched => "fetched",
            Self::Stale => "stale",
            Self::File => "file",
        }
    }
}

/// Why a lookup found no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyLookupError {
    /// The issuer has no such key. A refusal.
    #[error("the issuer has no key with this id")]
    Unknown,
    /// The key exists, but may not verify this token. A refusal.
    #[error("the key with this id cannot be used: {reason}")]
    Unusable {
        /// Why not.
        reason: KeyRefusal,
    },
    /// No keys may be used. An internal failure.
    #[error("the keys of the issuer are unavailable")]
    Unavailable {
        /// How the last fetch failed; `None` if none has ended yet.
        last_failure: Option<FetchError>,
    },
}

/// Counters since startup, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyCounters {
    pub fetches: u64,
    /// Fetches without usable keys.
    pub failures: u64,
    /// Lookups answered with stale keys because of an outage.
    pub stale_served: u64,
    /// Lookups of unknown keys for which no fetch was permitted.
    pub cooldown_hits: u64,
}
