//! The time from which ages are taken.

use crate::clock::Timestamp;

/// Time that never runs back: the sum of all forward steps of a clock that may be set.
///
/// If ages were taken from the clock itself, keys would live an hour longer after it was set back an hour.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnTime {
    seen: Timestamp,
    now: Timestamp,
}

impl OwnTime {
    pub(super) const fn starting(now: Timestamp) -> Self {
        Self { seen: now, now }
    }

    /// The present by this time, when the clock shows `seen`.
    pub(super) fn tick(&mut self, seen: Timestamp) -> Timestamp {
        self.now = self.now.plus(seen.since(self.seen));
        self.seen = seen;
        self.now
    }
}
