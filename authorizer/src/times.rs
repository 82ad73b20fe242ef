//! A token's validity period.

use std::time::Duration;

use serde_json::Value;

use crate::clock::Timestamp;
use crate::refusal::Refusal;

/// A token's validity period, in seconds since 1970 with fractions (`NumericDate`, RFC 7519, section 2).
///
/// It is stored with a cached token, because these checks are repeated at every use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Times {
    pub(crate) expires_at: f64,
    pub(crate) not_before: Option<f64>,
    pub(crate) issued_at: Option<f64>,
}

impl Times {
    /// Refuses a token at or after `exp`, because its policy would already have expired. `exp` is rounded down as in
    /// the policy, and no leeway applies.
    pub(crate) fn check_policy_expiry(&self, now: Timestamp) -> Result<(), Refusal> {
        let now = seconds(now);
        if now >= self.expires_at.floor() {
            return Err(Refusal::Expired {
                seconds_ago: whole(now - self.expires_at),
            });
        }
        Ok(())
    }

    /// Checks the times, with a leeway for clocks that differ. Fails at or after `exp` plus the leeway (RFC 7519,
    /// section 4.1.4: "on or after"), or if `nbf` or `iat` is later than the clock plus the leeway.
    pub(crate) fn check(&self, now: Timestamp, leeway: Duration) -> Result<(), Refusal> {
        let now = seconds(now);
        let leeway = leeway.as_secs_f64();
        if now >= self.expires_at + leeway {
            return Err(Refusal::Expired {
                seconds_ago: whole(now - self.expires_at),
            });
        }
        if let Some(ahead) = self
            .not_before
            .map(|nbf| nbf - now)
            .filter(|ahead| *ahead > leeway)
        {
            return Err(Refusal::NotYetValid {
                seconds_ahead: whole(ahead),
            });
        }
        if let Some(ahead) = self
            .issued_at
            .map(|iat| iat - now)
            .filter(|ahead| *ahead > leeway)
        {
            return Err(Refusal::IssuedInFuture {
                seconds_ahead: whole(ahead),
            });
        }
        Ok(())
    }
}

/// Parses a `NumericDate`, a finite number of seconds.
pub(crate) fn numeric_date(value: &Value) -> Option<f64> {
    value.as_f64().filter(|time| time.is_finite())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds since 1970 are exact in a double for 280,000 years"
)]
pub(crate) fn seconds(time: Timestamp) -> f64 {
    time.as_millis() as f64 / 1000.0
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast from a float saturates, and the number is only logged"
)]
const fn whole(seconds: f64) -> u64 {
    seconds as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000_000);

    #[track_caller]
    fn check(exp: f64, nbf: Option<f64>, iat: Option<f64>, expected: Result<(), Refusal>) {
        let times = Times {
            expires_at: exp,
            not_before: nbf,
            issued_at: iat,
        };
        assert_eq!(
            times.check(NOW, Duration::from_secs(60)),
            expected,
            "{times:?}"
        );
    }

    #[test]
    fn a_token_expires_at_exp_plus_the_leeway_to_the_millisecond() {
        check(1_000_001.0, None, None, Ok(()));
        check(999_940.001, None, None, Ok(()));
        check(
            999_940.0,
            None,
            None,
            Err(Refusal::Expired { seconds_ago: 60 }),
        );
        check(
            0.0,
            None,
            None,
            Err(Refusal::Expired {
                seconds_ago: 1_000_000,
            }),
        );
        check(
            -1e300,
            None,
            None,
            Err(Refusal::Expired {
                seconds_ago: u64::MAX,
            }),
        );
        check(1e300, None, None, Ok(()));
    }

    #[test]
    fn a_token_from_the_future_is_refused_beyond_the_leeway() {
        let exp = 2e6;
        check(exp, Some(1_000_060.0), Some(1_000_060.0), Ok(()));
        check(
            exp,
            Some(1_000_060.001),
            None,
            Err(Refusal::NotYetValid { seconds_ahead: 60 }),
        );
        check(
            exp,
            None,
            Some(1_000_061.0),
            Err(Refusal::IssuedInFuture { seconds_ahead: 61 }),
        );
        check(
            exp,
            Some(1e300),
            None,
            Err(Refusal::NotYetValid {
                seconds_ahead: u64::MAX,
            }),
        );
        check(exp, Some(-5.0), Some(0.0), Ok(()));
    }

    #[test]
    fn a_policy_ends_in_the_second_in_which_its_token_expires() {
        for (exp, expected) in [
            (1_000_001.0, Ok(())),
            (1_000_000.999, Err(Refusal::Expired { seconds_ago: 0 })),
            (1_000_000.0, Err(Refusal::Expired { seconds_ago: 0 })),
            (999_990.5, Err(Refusal::Expired { seconds_ago: 9 })),
        ] {
            let times = Times {
                expires_at: exp,
                not_before: None,
                issued_at: None,
            };
            assert_eq!(times.check_policy_expiry(NOW), expected, "{exp}");
        }
    }
}
