//! The inputs and outputs of the key cache.

use std::time::Duration;

/// The operator's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The maximum time for which fetched keys are fresh.
    pub max_age: Duration,
    /// How long stale keys are used if no newer keys can be fetched. Keys from a file are stale from the start.
    pub max_stale: Duration,
    /// The minimum time between two fetches that unknown key ids cause, and after a failed fetch while keys are cached.
    pub cooldown: Duration,
    /// The maximum duration of a fetch. A fetch that takes longer was frozen with the environment, and is abandoned.
    pub flight: Duration,
}

/// Identifies one fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlightId(pub(super) u64);

/// What to do for a caller who needs a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAnswer<K> {
    /// Use these keys now. If there is a fetch id, start that fetch in the background.
    Serve(Served<K>, Option<FlightId>),
    /// Start this fetch, wait for it, and ask again.
    Fetch(FlightId),
    /// Wait for this fetch, which is in flight, and ask again.
    Join(FlightId),
    /// The issuer has no such key, and no fetch is allowed now.
    Unknown,
    /// No keys may be used, and no fetch is allowed now.
    Unavailable,
}

/// Keys that may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served<K> {
    pub keys: K,
    /// `None` for keys from a file, because their age is unknown.
    pub age: Option<Duration>,
    pub fresh: bool,
}

/// The outcome of a fetch.
#[derive(Clone, Debug)]
pub enum FetchOutcome<K> {
    Keys {
        keys: K,
        fresh_for: Duration,
    },
    /// The fetch returned no usable keys.
    Failure,
}

/// The effect of a fetch that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landing {
    /// The keys are stored.
    Accepted,
    /// The fetch is recorded as a failure of the issuer.
    Failed,
    /// The fetch was abandoned, so its outcome is ignored.
    Ignored,
}
