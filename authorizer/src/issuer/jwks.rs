//! The keys of an issuer: fetched, held, and looked up.
//!
//! - `jwk` and `set` read [`VerificationKey`]s from a document, key by key, each refused one with its reason;
//! - [`cache`] is the state machine that decides when keys are served and when they are fetched;
//! - [`KeySource`] drives it: it owns the only lock, starts fetches and lets lookups wait for them.
//!
//! A lookup whose key is held and fresh takes one lock, one binary search and one `Arc` clone. It waits for the network
//! only if no keys are held, if the key is unknown, or, one lookup at a time, if fetched keys are past fresh.

pub mod cache;
mod fetch;
mod freshness;
mod jwk;
mod key;
mod members;
mod set;
mod shared;
mod source;

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

pub use self::fetch::FetchError;
pub use self::freshness::StatedLifetime;
pub(crate) use self::key::PublicKey;
pub use self::key::{Thumbprint, VerificationKey, WrongSignature};
pub use self::set::{Candidates, KeySet, KeySetError, KeySetFault, RefusedKey};
pub use self::source::KeySource;
use crate::algorithm::Algorithm;
use crate::issuer::http_client::Endpoint;
pub use crate::refusal::KeyRefusal;

/// Where the keys of one issuer come from, and how long they are used.
#[derive(Clone, Debug)]
pub struct KeySettings {
    /// The exact issuer.
    pub issuer: String,
    /// The address of its keys; `None` asks the issuer's metadata.
    pub jwks_uri: Option<Endpoint>,
    /// The algorithms that tokens of this issuer may name.
    pub algorithms: Vec<Algorithm>,
    /// The longest time that keys are fresh; a shorter `Cache-Control: max-age` wins. Either way it is at least a second.
    pub max_age: Duration,
    /// How long past fresh they still serve while the issuer cannot be reached.
    pub max_stale: Duration,
    /// The shortest time between two fetches caused by unknown key ids, and after a failed fetch while keys are held;
    /// and how long keys are fresh that came with `no-cache` or `no-store`.
    pub cooldown: Duration,
    /// One fetch, connect to last byte.
    pub timeout: Duration,
    /// The keys of `JWKS_FILE`, so that the first request needs no network.
    pub key_file: Option<Arc<KeySet>>,
}

/// The result of a lookup.
#[derive(Clone, Debug)]
pub struct KeyLookup {
    /// The keys that the token may have been signed with, at least one.
    pub candidates: Candidates,
    /// How long ago they were fetched; `None` for keys from a file, whose age is unknown.
    pub age: Option<Duration>,
    /// Where they come from.
    pub state: KeyState,
}

/// Where the keys of a lookup come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// They were held and are fresh.
    Fresh,
    /// This lookup waited for them.
    Fetched,
    /// They are past fresh, and no newer ones could be fetched.
    Stale,
    /// They are those of `JWKS_FILE`, and none have been fetched yet.
    File,
}

impl KeyState {
    /// The stable name for logs and metrics.
    #[must_use]
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
    /// The issuer has no such key. The caller's fault.
    #[error("the issuer has no key with this id")]
    Unknown,
    /// The key exists, and may not verify this token. The caller's fault.
    #[error("the key with this id cannot be used: {reason}")]
    Unusable {
        /// Why not.
        reason: KeyRefusal,
    },
    /// No keys may be served. Our fault.
    #[error("the keys of the issuer are unavailable")]
    Unavailable {
        /// How the last fetch failed; `None` if none has ended yet.
        last_failure: Option<FetchError>,
    },
}

/// What has happened since the start, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyCounters {
    /// Fetches started.
    pub fetches: u64,
    /// Fetches without usable keys.
    pub failures: u64,
    /// Lookups answered with keys past fresh because of an outage.
    pub stale_served: u64,
    /// Lookups of unknown keys for which no fetch was permitted.
    pub cooldown_hits: u64,
}
