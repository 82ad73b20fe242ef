//! The keys of an issuer: fetch, cache and lookup.
//!
//! - `jwk` and `set` parse [`VerificationKey`]s from a document, key by key, with a reason for each refused key.
//! - [`cache`] is the state machine that decides when keys are used and when they are fetched.
//! - [`KeySource`] drives the state machine: it owns the only lock, starts fetches, and waits for them.
//!
//! If the key is cached and fresh, a lookup takes one lock, two binary searches and one `Arc` clone. A lookup waits for
//! the network only if no keys are cached or the key is unknown. If fetched keys are stale, one lookup at a time waits.

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

/// The source of one issuer's keys.
#[derive(Clone, Debug)]
pub struct KeySettings {
    pub issuer: String,
    /// The URL of the keys; if `None`, the issuer's metadata has it.
    pub jwks_uri: Option<Endpoint>,
    /// The algorithms that tokens of this issuer may name.
    pub algorithms: Vec<Algorithm>,
    pub cache: KeyCacheSettings,
}

/// The limits of every issuer's key cache.
#[derive(Clone, Debug)]
pub struct KeyCacheSettings {
    /// The maximum time for which keys are fresh, at least one second. A shorter `Cache-Control: max-age` takes
    /// precedence.
    pub max_age: Duration,
    /// How long stale keys are used while the issuer is unreachable.
    pub max_stale: Duration,
    /// The minimum time between two fetches that unknown key ids cause, and after a failed fetch while keys are cached.
    /// Keys that were sent with `no-cache` or `no-store` are fresh for the same time.
    pub cooldown: Duration,
    /// The timeout of one request, from connect to last byte. A fetch that reads the metadata makes two or three.
    pub timeout: Duration,
    /// The keys of `JWKS_FILE`, so that the first request needs no network.
    pub key_file: Option<Arc<KeySet>>,
}

#[derive(Clone, Debug)]
pub struct KeyLookup {
    /// The keys with which the token may have been signed, at least one.
    pub candidates: Candidates,
    /// The time since they were fetched; `None` for keys from a file, because their age is unknown.
    pub age: Option<Duration>,
    pub state: KeyState,
}

/// The origin of the keys of a lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// Cached and fresh.
    Fresh,
    /// Fetched during this lookup.
    Fetched,
    /// Stale, because no newer keys could be fetched.
    Stale,
    /// From `JWKS_FILE`, because none have been fetched yet.
    File,
}

impl KeyState {
    /// The stable code for logs and metrics.
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
    Unusable { reason: KeyRefusal },
    /// No keys may be used. An internal failure.
    #[error("the keys of the issuer are unavailable")]
    Unavailable {
        /// How the last fetch failed; `None` if no fetch has ended yet.
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
    /// Lookups of unknown keys for which no fetch was allowed.
    pub cooldown_hits: u64,
}
