//! The time limit of one invocation.

use std::time::Duration;

use crate::clock::Timestamp;

/// The time of an invocation that is reserved for sending the answer.
const ANSWER_MARGIN: Duration = Duration::from_millis(250);

/// The time at which an invocation stops waiting, if it is known.
///
/// It is computed once per invocation, before the first await. If it passes while the invocation waits for keys, it has
/// passed for every later step too, and no more requests are started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline(Option<Timestamp>);

impl Deadline {
    /// No limit except that of the request itself.
    pub const UNKNOWN: Self = Self(None);

    pub const fn at(time: Timestamp) -> Self {
        Self(Some(time))
    }

    /// Lambda's deadline, minus the time for sending the answer. Emulators of Lambda send 0 or a time in the past; the
    /// deadline is then unknown.
    pub fn of_invocation(sent: Timestamp, now: Timestamp) -> Self {
        let left = sent.since(now);
        if left.is_zero() {
            Self::UNKNOWN
        } else {
            Self::at(now.plus(left - ANSWER_MARGIN.min(left / 2)))
        }
    }

    /// Whether the deadline has passed, so that no request may be started.
    pub fn has_passed(self, now: Timestamp) -> bool {
        self.0.is_some_and(|deadline| deadline <= now)
    }

    /// How long to wait for an operation with the timeout `longest`.
    pub fn patience(self, now: Timestamp, longest: Duration) -> Duration {
        self.0
            .map_or(longest, |deadline| longest.min(deadline.since(now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000_000);

    #[test]
    fn a_margin_is_kept_for_the_answer_and_a_past_deadline_is_unknown() {
        let after = |ms| NOW.plus(Duration::from_millis(ms));
        for (sent, expected) in [
            (Timestamp::from_secs(0), Deadline::UNKNOWN),
            (Timestamp::from_secs(999_999), Deadline::UNKNOWN),
            (NOW, Deadline::UNKNOWN),
            (after(5_000), Deadline::at(after(4_750))),
            (after(500), Deadline::at(after(250))),
            (after(100), Deadline::at(after(50))),
        ] {
            assert_eq!(Deadline::of_invocation(sent, NOW), expected, "{sent:?}");
        }
    }

    #[test]
    fn a_deadline_in_the_past_has_passed_and_is_not_unknown() {
        let second = Duration::from_secs(1);
        let deadline = Deadline::at(NOW.plus(second));
        for (now, patience, passed) in [
            (NOW, second, false),
            (NOW.plus(second / 4), second * 3 / 4, false),
            (NOW.plus(second), Duration::ZERO, true),
            (NOW.plus(second * 9), Duration::ZERO, true),
        ] {
            assert_eq!(deadline.patience(now, second * 5), patience, "{now:?}");
            assert_eq!(deadline.has_passed(now), passed, "{now:?}");
        }
        assert_eq!(deadline.patience(NOW, second / 2), second / 2);
        assert_eq!(Deadline::UNKNOWN.patience(NOW, second), second);
        assert!(!Deadline::UNKNOWN.has_passed(NOW));
    }
}
