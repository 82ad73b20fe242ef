//! How long an issuer's keys are fresh.

use std::time::Duration;

use crate::issuer::http_client::delta_seconds;

/// The minimum time for which keys are fresh. Without it an answer could cause a fetch for every request.
pub(super) const FLOOR: Duration = Duration::from_secs(1);

/// How long the keys in an answer with these headers are fresh (RFC 9111, sections 4.2 and 5.2.2).
///
/// Okta sends 44 days between rotations, and a short time or `no-cache` near a rotation. So `ceiling`, the operator's
/// setting, is the maximum. If the answer states a number of seconds, the keys are fresh for that time minus the
/// `Age`, but at least for [`FLOOR`]: 0 allows one fetch per second, as 1 does. If the answer forbids caching, with or
/// without a number, the keys are fresh for the `cooldown`: a fetch for every request would help no caller.
pub(super) fn fresh_for(
    cache_control: Option<&str>,
    age: Option<u64>,
    ceiling: Duration,
    cooldown: Duration,
) -> Duration {
    let wanted = match StatedLifetime::of(cache_control) {
        StatedLifetime::Unstated => ceiling,
        StatedLifetime::Seconds(seconds) => {
            Duration::from_secs(seconds.saturating_sub(age.unwrap_or_default()))
        }
        StatedLifetime::NotKept => cooldown,
    };
    wanted.min(ceiling).max(FLOOR)
}

/// How long the issuer allows its keys to be cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatedLifetime {
    /// The headers have no time.
    Unstated,
    /// `max-age`, in seconds.
    Seconds(u64),
    /// Caching is forbidden, or the time cannot be read.
    NotKept,
}

impl StatedLifetime {
    /// Parses all `Cache-Control` headers, joined by commas.
    pub fn of(cache_control: Option<&str>) -> Self {
        let mut least: Option<u64> = None;
        let Some(directives) = directives(cache_control.unwrap_or_default()) else {
            return Self::NotKept;
        };
        for directive in directives {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                // `no-cache` would allow revalidation by a conditional request, which this client does not send.
                "no-cache" | "no-store" => return Self::NotKept,
                "max-age" => match delta_seconds(value.trim().trim_matches('"')) {
                    Some(seconds) => {
                        least = Some(least.map_or(seconds, |least| least.min(seconds)));
                    }
                    // Such an answer is treated as stale (RFC 9111, section 4.2.1).
                    None => return Self::NotKept,
                },
                _ => {}
            }
        }
        least.map_or(Self::Unstated, Self::Seconds)
    }
}

/// The directives of a header. A comma in a quoted string separates none (RFC 9110, section 5.6.4). `None` if a quoted
/// string has no end.
fn directives(header: &str) -> Option<Vec<&str>> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let directives = header.split(|character| {
        let is_literal = is_escaped;
        is_escaped = is_quoted && character == '\\' && !is_literal;
        is_quoted ^= character == '"' && !is_literal;
        character == ',' && !is_quoted
    });
    let directives = directives.collect();
    (!is_quoted).then_some(directives)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cache_control: Option<&str>, age: Option<u64>, expected_seconds: u64) {
        let ceiling = Duration::from_secs(3600);
        let fresh = fresh_for(cache_control, age, ceiling, Duration::from_secs(30));
        assert_eq!(
            fresh,
            Duration::from_secs(expected_seconds),
            "{cache_control:?}, {age:?}"
        );
    }

    #[test]
    fn keys_are_fresh_for_max_age_but_at_most_for_the_ceiling() {
        check(None, None, 3600);
        check(Some("max-age=3832304, must-revalidate"), None, 3600);
        check(Some("max-age=600"), None, 600);
        check(Some("public, MAX-AGE = 600"), None, 600);
        check(Some("max-age=\"600\""), None, 600);
        check(Some("max-age=99999999999999999999999999"), None, 3600);
        check(Some("max-age=900,max-age=600"), None, 600);
        check(Some("max-age=1"), None, 1);
        check(Some("max-age=0"), None, 1);
        check(Some("max-age=0, must-revalidate"), None, 1);
        check(Some("max-age=600,max-age=0"), None, 1);
    }

    #[test]
    fn a_longer_max_age_never_makes_keys_fresh_for_a_shorter_time() {
        let (ceiling, cooldown) = (Duration::from_secs(60), Duration::from_secs(30));
        let fresh = |seconds: u64, age| {
            fresh_for(
                Some(&format!("max-age={seconds}")),
                Some(age),
                ceiling,
                cooldown,
            )
        };
        for age in [0, 1, 59, 60, 61] {
            let times: Vec<Duration> = (0..100).map(|seconds| fresh(seconds, age)).collect();
            assert!(times.is_sorted(), "Age {age}: {times:?}");
        }
    }

    #[test]
    fn the_age_header_is_subtracted_from_max_age() {
        check(Some("max-age=600"), Some(200), 400);
        check(Some("max-age=600"), Some(600), 1);
        check(Some("max-age=600"), Some(u64::MAX), 1);
        check(None, Some(200), 3600);
    }

    #[test]
    fn keys_that_may_not_be_stored_are_fresh_for_the_cooldown() {
        for header in [
            "no-cache",
            "max-age=600, no-store",
            "max-age=0, no-cache",
            "No-Cache=\"set-cookie\"",
        ] {
            check(Some(header), None, 30);
        }
    }

    #[test]
    fn keys_with_a_malformed_max_age_are_fresh_for_the_cooldown() {
        for header in [
            "max-age",
            "max-age=",
            "max-age=-1",
            "max-age=1.5",
            "max-age=x",
            "max-age=600, max-age=x",
            "max-age=6\"00, private=\"",
            "max-age=600, private=\"",
            "max-age=600, private=\"a\\\"",
        ] {
            check(Some(header), None, 30);
        }
    }

    #[test]
    fn a_quoted_string_has_no_directives() {
        check(Some("private=\"a, max-age=5\"a, max-age=7"), None, 7);
        check(Some("private=\"a, max-age=5, b\", max-age=600"), None, 600);
        check(Some("private=\"a\\\", no-store\", max-age=600"), None, 600);
        check(Some("private=a\\\"\", max-age=7"), None, 7);
    }

    #[test]
    fn unknown_directives_are_ignored() {
        check(Some(""), None, 3600);
        check(Some("s-maxage=5, private, =, ;;"), None, 3600);
    }

    #[test]
    fn keys_are_fresh_for_a_second_even_if_the_ceiling_is_zero() {
        let fresh = fresh_for(None, None, Duration::ZERO, Duration::ZERO);
        assert_eq!(fresh, Duration::from_secs(1));
    }
}
