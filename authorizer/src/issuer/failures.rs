//! The pause before a failed request is retried.

use std::time::Duration;

use crate::clock::Timestamp;

/// The consecutive failures since the last success.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Failures {
    count: u32,
    last: Option<Timestamp>,
}

impl Failures {
    pub(crate) const NONE: Self = Self {
        count: 0,
        last: None,
    };

    pub(crate) const fn add(&mut self, now: Timestamp) {
        self.count = self.count.saturating_add(1);
        self.last = Some(now);
    }

    /// The time of the last failure.
    pub(crate) const fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// Whether the pause is over. It is `first` after one failure, and each later failure doubles it, up to
    /// `longest`. If the clock is set back to before the failure, the pause ends, because the elapsed time is unknown.
    pub(crate) fn rested(&self, first: Duration, longest: Duration, now: Timestamp) -> bool {
        let doublings = self.count.saturating_sub(1).min(16);
        let pause = first.saturating_mul(1 << doublings).min(longest);
        self.last
            .is_none_or(|last| now < last || now.since(last) >= pause)
    }
}
