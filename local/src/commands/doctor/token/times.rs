//! `token_times`: the validity period of a token.

use authorizer::refusal::Refusal;
use authorizer::verifier::Inspection;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::commands::report::{Check, CheckOutcome};

pub(super) const TIMES: Check = Check::new(
    "token_times",
    "`exp` in the future, `nbf` and `iat` not, in seconds since 1970, with 60 s of leeway",
    "RFC 7519, sections 2 and 4.1.4 to 4.1.6",
);

/// A time from here on must be in milliseconds: in seconds it would be after the year 5138, in milliseconds after 1973.
const FIRST_IN_MILLISECONDS: f64 = 100_000_000_000.0;

const CLAIMS: [&str; 3] = ["iat", "nbf", "exp"];

pub(super) fn check(token: &Inspection) -> CheckOutcome {
    let found = shown(token);
    let in_milliseconds = CLAIMS.iter().find(|claim| {
        let value = token.claim(claim).and_then(Value::as_f64);
        value.is_some_and(|value| value >= FIRST_IN_MILLISECONDS)
    });
    if let Some(claim) = in_milliseconds {
        return TIMES.fail(
            format!("`{claim}` is in milliseconds; {found}"),
            "configure the issuer to write seconds: with milliseconds the token is from the far future or never expires",
        );
    }
    match token.times {
        Ok(()) => TIMES.pass(found),
        Err(refusal) => TIMES.fail(format!("{refusal}; {found}"), advice(refusal)),
    }
}

const fn advice(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Expired { .. } => {
            "get a fresh token: at Okta an access token is valid for an hour unless the access policy says otherwise"
        }
        Refusal::NotYetValid { .. } | Refusal::IssuedInFuture { .. } => {
            "compare the clocks: `clock` shows how far this machine's is off"
        }
        _ => "let the issuer write `exp`, `nbf` and `iat` as numbers of seconds",
    }
}

fn shown(token: &Inspection) -> String {
    let times = CLAIMS.iter().filter_map(|claim| {
        let value = token.claim(claim)?;
        let moment = value.as_f64().and_then(moment);
        Some(match moment {
            Some(moment) => format!("`{claim}` {value} ({moment})"),
            None => format!("`{claim}` {}", super::shown::value(Some(value))),
        })
    });
    let times: Vec<String> = times.collect();
    if times.is_empty() {
        "no times".to_owned()
    } else {
        times.join(", ")
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the range is checked, and fractions of a second are not shown"
)]
fn moment(seconds: f64) -> Option<String> {
    if !(0.0..FIRST_IN_MILLISECONDS).contains(&seconds) {
        return None;
    }
    let moment = OffsetDateTime::from_unix_timestamp(seconds as i64).ok()?;
    moment.format(&Rfc3339).ok()
}
