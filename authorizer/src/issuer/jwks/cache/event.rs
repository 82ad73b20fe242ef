//! The inputs and outputs of the key cache.

use std::time::Duration;

/// The operator's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The longest time that fetched keys are fresh.
    pub max_age: Duration,
    /// How long past fresh they still serve while the issuer cannot be reached. Keys from a file are past fresh from
    /// the start.
    pub max_stale: Duration,
    /// The shortest time between two fetches caused by unknown key ids, and after a failed fetch while keys are held.
    pub cooldown: Duration,
    /// How long a fetch can be in flight. One that takes longer was frozen, and is no longer awaited.
    pub flight: Duration,
}

/// Identifies one fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlightId(pub(super) u64);

/// What to do for a caller who needs a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAnswer<K> {
    /// Serve these keys now. If a fetch is named, start it in the background.
    Serve(Served<K>, Option<FlightId>),
    /// Start this fetch, wait for it, and ask again.
    Fetch(FlightId),
    /// Wait for this fetch, which is in flight, and ask again.
    Join(FlightId),
    /// The issuer has no such key, and a fetch is not permitted now.
    Unknown,
    /// No keys may be served, and a fetch is not permitted now.
    Unavailable,
}

/// Keys that may be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served<K> {
    /// The keys.
    pub keys: K,
    /// How old they are; `None` for keys from a file, whose age is unknown.
    pub age: Option<Duration>,
    /// Whether they are within their time of freshness.
    pub fresh: bool,
}

/// How a fetch ended.
#[derive(Clone, Debug)]
pub enum FetchOutcome<K> {
    /// With usable keys.
    Keys {
        /// The keys.
        keys: K,
        /// How long they are fresh.
        fresh_for: Duration,
    },
    /// Without usable keys.
    Failure,
}

/// What became of a fetch that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landing {
    /// Its keys are held from now on.
    Accepted,
    /// It is counted as a failure of the issuer.
    Failed,
    /// It was abandoned before, so its outcome is ignored.
    Ignored,
}
