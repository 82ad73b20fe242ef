//! How long to wait before something that failed is tried again.

use std::time::Duration;

use crate::clock::Timestamp;

/// Failures in a row, since the last success.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Failures {
    count: u32,
    last: Option<Timestamp>,
}

impl Failures {
    /// No failure.
    pub(crate) const NONE: Self = Self {
        count: 0,
        last: None,
    };

    /// Counts a failure.
    pub(crate) const fn add(&mut self, now: Timestamp) {
        self.count = self.count.saturating_add(1);
        self.last = Some(now);
    }

    /// When the last failure was.
    pub(crate) const fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// Whether the pause is over: `first` after one failure, doubled by each further one up to `longest`. A clock that
    /// was set back to before the failure ends the pause, because the time since then is unknown.
    pub(crate) fn rested(&self, first: Duration, longest: Duration, now: Timestamp) -> bool {
        let doublings = self.count.saturating_sub(1).min(16);
        let pause = first.saturating_mul(1 << doublings).min(longest);
        self.last
            .is_none_or(|last| now < last || now.since(last) >= pause)
    }
}
