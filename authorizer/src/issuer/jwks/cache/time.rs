//! The clock that measures ages.

use crate::clock::Timestamp;

/// Time that never runs back: the sum of all forward steps of a clock that may be set.
///
/// If ages came from the clock itself, setting it back an hour would keep keys an hour longer.
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
