//! What the key cache is told, and what it says.

use std::time::Duration;

/// The operator's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How long keys count as fresh at most.
    pub max_age: Duration,
    /// How long past that they still serve while the issuer cannot be reached.
    pub max_stale: Duration,
    /// The shortest time between two fetches for unknown key ids, and after a failed fetch.
    pub cooldown: Duration,
    /// How long a fetch can be under way. One that takes longer lay frozen, and nobody waits for it.
    pub flight: Duration,
}

/// The name of one fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlightId(pub(super) u64);

/// What happened.
#[derive(Clone, Debug)]
pub enum Event<K> {
    /// Somebody needs a key.
    Asked {
        /// Whether the set that [`KeyCache::usable`](super::KeyCache::usable) gives has it.
        known: bool,
        /// Whether the asker can still wait for a fetch.
        patient: bool,
    },
    /// Keys from a file.
    Loaded {
        /// The keys.
        keys: K,
        /// How old they are.
        age: Duration,
    },
    /// A fetch brought keys.
    Fetched {
        /// Which fetch.
        flight: FlightId,
        /// The keys.
        keys: K,
        /// How long they count as fresh.
        fresh_for: Duration,
    },
    /// A fetch brought nothing that can be used.
    Failed {
        /// Which fetch.
        flight: FlightId,
    },
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Answer from the set at once.
    Serve,
    /// Answer from the set at once, although it is past fresh.
    ServeStale,
    /// Answer from the set at once, and start this fetch beside it.
    ServeAndFetch(FlightId),
    /// Start this fetch, wait for it, and ask again.
    Fetch(FlightId),
    /// Wait for the fetch that is under way, and ask again.
    Join(FlightId),
    /// There is no such key, and a fetch is not permitted.
    Unknown,
    /// There are no keys to look in.
    Unavailable,
    /// What was brought is now the set.
    Accepted,
    /// What was brought is not used, or nothing was brought.
    Ignored,
    /// It counts as a failure.
    Failure,
}
