//! Checks a token with all of the authorizer's own checks.

mod checks;
pub(super) mod shown;
mod times;

use std::ffi::OsString;
use std::io;
use std::sync::Arc;

use authorizer::bearer::{BearerToken, Scheme};
use authorizer::config::Settings;
use authorizer::issuer::http_client::{ConnectionError, Transport, TransportError};
use authorizer::refusal::Refusal;
use authorizer::verifier::{Inspection, Verifier};
use lambda_support::clock::{Clock, SystemClock};
use lambda_support::deadline::Deadline;
use lambda_support::settings::{SettingsError, Source};

pub(super) use self::checks::all;
use super::keys::Keys;
use super::{Doctor, Fact, Skip};
use crate::commands::in_process::Replay;

#[derive(Debug)]
pub(super) struct Examined {
    /// The result of every check, unless the token cannot be parsed.
    inspection: Result<Inspection, Refusal>,
    /// Its number of bytes and dots: enough to classify a token that cannot be parsed.
    bytes: usize,
    dots: usize,
    /// The reason, if the issuer is not known.
    without_issuer: Option<Skip>,
    /// The reason, if its keys are not known.
    without_keys: Option<Skip>,
}

impl Examined {
    /// Runs every check that is possible with the facts about the issuer.
    pub(super) async fn new(
        settings: &Settings,
        token: &str,
        issuer: Fact<()>,
        keys: Fact<&Keys>,
    ) -> Self {
        let inspection = match BearerToken::from_token(token) {
            Ok(bearer) => inspect(&verifier(settings, keys.ok()), &bearer).await,
            Err(refusal) => Err(refusal),
        };
        Self {
            inspection,
            bytes: token.len(),
            dots: token.matches('.').count(),
            without_issuer: issuer.err(),
            without_keys: issuer.err().or(keys.err()),
        }
    }
}

impl Examined {
    /// Whether the token is bound to a key, so that the authorizer needs `DPOP`.
    pub(super) fn is_bound(&self) -> bool {
        let cnf = self.inspection.as_ref().ok();
        cnf.is_some_and(|token| token.claim("cnf").is_some())
    }

    pub(super) fn subject(&self) -> String {
        let claim = self.inspection.as_ref().ok();
        let claim = claim.and_then(|inspection| inspection.claim("sub"));
        match claim {
            Some(subject) => shown::value(Some(subject)),
            None => "a user without a readable `sub`".to_owned(),
        }
    }
}

/// Runs every check of a token, as if it was sent with its proper scheme.
async fn inspect(verifier: &Verifier, token: &BearerToken) -> Result<Inspection, Refusal> {
    let plain = verifier
        .inspect(token, Scheme::Bearer, Deadline::UNKNOWN)
        .await?;
    if plain.kind != Err(Refusal::BoundToken) {
        return Ok(plain);
    }
    verifier
        .inspect(token, Scheme::Dpop, Deadline::UNKNOWN)
        .await
}

/// The authorizer's verifier, with keys that have been fetched already.
fn verifier(settings: &Settings, keys: Option<&Keys>) -> Verifier {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let transport: Arc<dyn Transport> = Arc::new(Replay(keys.map_or(
        Err(TransportError::Connect(ConnectionError::Refused)),
        Keys::document,
    )));
    let issuers = settings.issuers.iter().map(|issuer| {
        let mut issuer = issuer.clone();
        issuer.jwks_uri = keys.and_then(Keys::endpoint);
        issuer.trusted(settings, &transport, &clock)
    });
    Verifier::new(issuers.collect(), settings.requirements.clone(), 0, clock)
}

/// The authorizer's settings from the options of the command, with defaults for the rest. `issuer_form` reports an
/// invalid issuer; here a placeholder that no token has replaces it. Fails if the audience or the client id is not a
/// valid setting.
pub(super) fn settings(doctor: &Doctor) -> Result<Settings, SettingsError> {
    let given = |issuer| SettingsOf { doctor, issuer };
    Settings::from_source(&given(doctor.issuer.as_str()))
        .or_else(|_| Settings::from_source(&given("https://issuer.invalid")))
}

struct SettingsOf<'d> {
    doctor: &'d Doctor,
    issuer: &'d str,
}

impl Source for SettingsOf<'_> {
    fn variable(&self, name: &str) -> Option<OsString> {
        let value = match name {
            "ISSUER" => self.issuer,
            // Without the option the audience check is skipped.
            "AUDIENCE" => self.doctor.audience.as_deref().unwrap_or("any"),
            "CLIENT_IDS" => self.doctor.client_id.as_deref()?,
            // A token may be bound or not; the report says which.
            "DPOP" => "accept",
            _ => return None,
        };
        Some(value.into())
    }

    fn file(&self, _: &str) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
}
