//! The inputs and outputs of the key cache.

use std::time::Duration;

/// The operator's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The maximum time for which fetched keys are fresh.
    pub max_age: Duration,
    /// How long stale keys are used while the issuer is unreachable. Keys from a file are stale from the start.
    pub max_stale: Duration,
    /// The minimum time between two fetches caused by unknown key ids, and after a failed fetch while keys are cached.
    pub cooldown: Duration,
    /// The maximum time that a fetch is in flight. One that takes longer was frozen, and is no longer awaited.
    pub flight: Duration,
}

/// Identifies one fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlightId(pub(super) u64);

/// What to do for a caller who needs a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAnswer<K> {
    /// Use these keys now. If there is a fetch, start it in the background.
    Serve(Served<K>, Option<FlightId>),
    /// Start this fetch, wait for it, and ask again.
    Fetch(FlightId),
    /// Wait for this fetch, which is in flight, and ask again.
    Join(FlightId),
    /// The issuer has no such key, and no fetch is permitted now.
    Unknown,
    /// No keys may be used, and no fetch is permitted now.
    Unavailable,
}

/// Keys that may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served<K> {
    pub keys: K,
    /// Their age; `None` for keys from a file, whose age is unknown.
    pub age: Option<Duration>,
    /// Whether they are fresh.
    pub fresh: bool,
}

/// How a fetch ended.
#[derive(Clone, Debug)]
pub enum FetchOutcome<K> {
    Keys {
        keys: K,
        /// How long they are fresh.
        fresh_for: Duration,
    },
    /// Without usable keys.
    Failure,
}

/// The effect of a fetch that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landing {
    /// Its keys are stored.
    Accepted,
    /// A failure of the issuer.
    Failed,
    /// It was abandoned before, so its outcome is ignored.
    Ignored,
}
