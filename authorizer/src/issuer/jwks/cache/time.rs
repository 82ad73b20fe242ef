//! The clock that measures the age of keys.

use crate::clock::Timestamp;

/// Time that never runs backwards: the sum of all forward steps of the machine's clock.
///
/// If ages were measured with the machine's clock, setting it back by an hour would keep keys for an hour longer.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnTime {
    seen: Timestamp,
    now: Timestamp,
}

impl OwnTime {
    pub(super) const fn starting(now: Timestamp) -> Self {
        Self { seen: now, now }
    }

    /// The current time, when the machine's clock shows `seen`.
    pub(super) fn tick(&mut self, seen: Timestamp) -> Timestamp {
        self.now = self.now.plus(seen.since(self.seen));
        self.seen = seen;
        self.now
    }
}
