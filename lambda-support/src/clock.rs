//! The clock is passed in, so that tests can move it. Only [`SystemClock`] reads the machine's clock.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;

/// A moment of wall-clock time, in whole milliseconds since 1970.
///
/// Lambda freezes an environment between events, and a monotonic clock may or may not run while it is frozen. Ages are
/// therefore differences of wall-clock times, and [`Timestamp::since`] allows for a clock that is set back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Milliseconds since 1970.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down.
    pub const fn as_secs(self) -> u64 {
        self.0 / 1000
    }

    /// The timestamp this much later; the latest one on overflow.
    pub fn plus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)),
        )
    }

    /// The time since `earlier`; zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// The date; `None` after the year 9999.
    pub fn utc(self) -> Option<OffsetDateTime> {
        let nanos = i128::from(self.0).saturating_mul(1_000_000);
        OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()
    }

    /// `2026-01-01T00:00:00.000Z`; empty after the year 9999, which RFC 3339 cannot write.
    ///
    /// Every log line has one, so this function writes the digits: the `time` crate interprets a format description at
    /// each use, which takes ten times as long.
    pub fn rfc3339(self) -> String {
        let Some(time) = self.utc() else {
            return String::new();
        };
        let (hour, minute, second) = time.to_hms();
        let millis = u32::try_from(self.0 % 1000).unwrap_or_default();
        let parts = [
            (time.year().unsigned_abs(), 4, '-'),
            (u8::from(time.month()).into(), 2, '-'),
            (time.day().into(), 2, 'T'),
            (hour.into(), 2, ':'),
            (minute.into(), 2, ':'),
            (second.into(), 2, '.'),
            (millis, 3, 'Z'),
        ];
        let mut text = String::with_capacity("2026-01-01T00:00:00.000Z".len());
        for (number, digits, end) in parts {
            for unit in [1000, 100, 10, 1].into_iter().skip(4 - digits) {
                text.extend(char::from_digit(number / unit % 10, 10));
            }
            text.push(end);
        }
        text
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}s", self.0 / 1000, self.0 % 1000)
    }
}

/// A source of the current time.
pub trait Clock: fmt::Debug + Send + Sync {
    fn now(&self) -> Timestamp;
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "only this function reads the machine's clock"
    )]
    fn now(&self) -> Timestamp {
        let since_1970 = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp(0).plus(since_1970)
    }
}

/// A clock for tests. It moves only when a test moves it.
#[derive(Debug)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// A clock that shows `now`.
    pub const fn at(now: Timestamp) -> Self {
        Self(AtomicU64::new(now.0))
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.set(self.now().plus(by));
    }

    /// Sets the clock, possibly back.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339_in_utc_with_milliseconds() {
        for (millis, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_767_225_600_007, "2026-01-01T00:00:00.007Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (u64::MAX, ""),
        ] {
            assert_eq!(Timestamp::from_millis(millis).rfc3339(), expected);
        }
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nothing_younger() {
        let (early, late) = (Timestamp::from_secs(1), Timestamp::from_secs(3));
        assert_eq!(late.since(early), Duration::from_secs(2));
        assert_eq!(early.since(late), Duration::ZERO);
    }
}
