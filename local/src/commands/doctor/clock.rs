//! Compares this machine's clock with the issuer's.

use http::header::{AGE, DATE};
use lambda_support::clock::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::discovery::Discovery;
use super::{Fact, Skip};
use crate::commands::probe::ProbeAnswer;
use crate::commands::report::{Check, CheckOutcome};

const CLOCK: Check = Check::new(
    "clock",
    "at most 60 s between this machine's clock and the issuer's `Date`",
    "RFC 7519, section 4.1.4; https://developer.okta.com/docs/guides/validate-access-tokens/",
);

/// The default of `CLOCK_LEEWAY_SECONDS`.
const MAX_SKEW_SECONDS: u64 = 60;

/// Runs the check `clock`.
pub(super) fn check(discovery: Fact<&Discovery>) -> CheckOutcome {
    let answer = discovery.and_then(|found| found.last_answer().ok_or(Skip::After("metadata")));
    let answer = match answer {
        Ok(answer) => answer,
        Err(skip) => return CLOCK.skip(skip),
    };
    let Some(issuer) = issuer_time(answer) else {
        return CLOCK.skip("the issuer's answers have no readable `Date`");
    };
    let here = answer.at.as_secs();
    let (skew, direction) = if here >= issuer {
        (here - issuer, "ahead of")
    } else {
        (issuer - here, "behind")
    };
    if skew > MAX_SKEW_SECONDS {
        CLOCK.fail(
            format!("this machine's clock is {skew} s {direction} the issuer's"),
            "set this machine's clock (NTP): tokens would seem expired or not yet valid; Lambda's own clock is right",
        )
    } else {
        CLOCK.pass(format!("{skew} s {direction} the issuer's clock"))
    }
}

/// The time of the issuer's answer, in seconds since 1970. An intermediate cache keeps `Date` and adds `Age` (RFC 9111,
/// section 4.2.3).
fn issuer_time(answer: &ProbeAnswer) -> Option<u64> {
    let date = OffsetDateTime::parse(&answer.header(&DATE)?, &Rfc2822).ok()?;
    let age = answer.header(&AGE).and_then(|age| age.parse().ok());
    let date = u64::try_from(date.unix_timestamp()).ok()?;
    Some(Timestamp::from_secs(date.saturating_add(age.unwrap_or(0))).as_secs())
}
