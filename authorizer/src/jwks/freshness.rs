//! How long an answer of the issuer counts as fresh.

use std::time::Duration;

/// The shortest time that keys count as fresh, so that no answer can cause a fetch for every request.
pub(super) const FLOOR: Duration = Duration::from_secs(1);

/// How long keys count as fresh that came with these headers (RFC 9111 sections 4.2 and 5.2.2).
///
/// Okta sends 44 days in quiet times and little, or `no-cache`, near a rotation. So `ceiling`, the operator's setting,
/// bounds the one, and an answer that asks not to be stored at all counts as fresh for the `cooldown`: a fetch for
/// every request would serve nobody.
pub(super) fn fresh_for(
    cache_control: Option<&str>,
    age: Option<u64>,
    ceiling: Duration,
    cooldown: Duration,
) -> Duration {
    let wanted = match cache_control.map_or(Wanted::Nothing, wanted) {
        Wanted::Nothing => ceiling,
        Wanted::Seconds(seconds) => {
            Duration::from_secs(seconds.saturating_sub(age.unwrap_or_default()))
        }
        Wanted::NotStored => Duration::ZERO,
    };
    let wanted = if wanted.is_zero() { cooldown } else { wanted };
    wanted.min(ceiling).max(FLOOR)
}

enum Wanted {
    Nothing,
    Seconds(u64),
    NotStored,
}

fn wanted(cache_control: &str) -> Wanted {
    let mut seconds: Option<u64> = None;
    for directive in cache_control.split(',') {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            // `no-cache` would allow to ask whether it is still good; we have nothing cheaper than fetching anew.
            "no-cache" | "no-store" => return Wanted::NotStored,
            "max-age" => {
                let value = seconds_of(value);
                seconds = Some(seconds.map_or(value, |seconds| seconds.min(value)));
            }
            _ => {}
        }
    }
    seconds.map_or(Wanted::Nothing, Wanted::Seconds)
}

/// A number too large is the largest there is, and what is no number is 0 (RFC 9111 sections 1.2.2 and 4.2.1).
fn seconds_of(value: &str) -> u64 {
    let digits = value.trim().trim_matches('"');
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    digits.parse().unwrap_or(u64::MAX)
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
    fn the_ceiling_holds_and_a_shorter_max_age_wins() {
        check(None, None, 3600);
        check(Some("max-age=3832304, must-revalidate"), None, 3600);
        check(Some("max-age=600"), None, 600);
        check(Some("public, MAX-AGE = 600"), None, 600);
        check(Some("max-age=\"600\""), None, 600);
        check(Some("max-age=99999999999999999999999999"), None, 3600);
        check(Some("max-age=900,max-age=600"), None, 600);
        check(Some("max-age=1"), None, 1);
    }

    #[test]
    fn time_spent_in_a_cache_on_the_way_is_taken_off() {
        check(Some("max-age=600"), Some(200), 400);
        check(Some("max-age=600"), Some(600), 30);
        check(Some("max-age=600"), Some(u64::MAX), 30);
        check(None, Some(200), 3600);
    }

    #[test]
    fn an_answer_that_may_not_be_stored_does_not_cost_a_fetch_for_every_request() {
        for header in [
            "no-cache",
            "max-age=600, no-store",
            "No-Cache=\"set-cookie\"",
            "max-age=0",
        ] {
            check(Some(header), None, 30);
        }
        for header in [
            "max-age",
            "max-age=",
            "max-age=-1",
            "max-age=1.5",
            "max-age=x",
        ] {
            check(Some(header), None, 30);
        }
    }

    #[test]
    fn directives_we_do_not_know_say_nothing() {
        check(Some(""), None, 3600);
        check(Some("s-maxage=5, private, =, ;;"), None, 3600);
    }

    #[test]
    fn a_zero_ceiling_still_leaves_a_second() {
        let fresh = fresh_for(None, None, Duration::ZERO, Duration::ZERO);
        assert_eq!(fresh, Duration::from_secs(1));
    }
}
