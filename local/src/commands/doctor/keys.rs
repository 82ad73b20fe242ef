//! The issuer's keys.

use authorizer::algorithm::Algorithm;
use authorizer::issuer::http_client::{ConnectionError, Document, Endpoint, TransportError};
use authorizer::issuer::jwks::{KeyRefusal, KeySet, KeySetParseError, RefusedKey, StatedLifetime};
use authorizer::issuer::metadata::MetadataError;
use http::StatusCode;
use http::header::CACHE_CONTROL;

use super::Fact;
use super::discovery;
use super::messages::Message;
use super::metadata::MetadataDocument;
use crate::commands::no_answer;
use crate::commands::probe::{NoAnswer, Probe, ProbeAnswer};
use crate::commands::report::{Check, CheckOutcome};

const KEYS: Check = Check::new(
    "keys",
    "a JWK Set with a key that RS256 can use",
    "RFC 7517, section 5; https://developer.okta.com/docs/concepts/key-rotation/",
);

/// The authorizer's default for `ALGORITHMS`, and the only algorithm of Okta's tokens.
pub(super) const ALGORITHMS: [Algorithm; 1] = [Algorithm::RS256];

/// With a shorter lifetime the authorizer would fetch the keys several times a minute.
const MIN_LIFETIME_SECONDS: u64 = 60;

const DAY_SECONDS: u64 = 86_400;

/// A key set, or the response without one.
#[derive(Debug)]
pub(super) struct Keys {
    address: Result<Endpoint, MetadataError>,
    answer: Option<Result<ProbeAnswer, NoAnswer>>,
}

/// Fetches the key set that the metadata names.
pub(super) async fn fetch(metadata: Fact<MetadataDocument<'_>>, probe: &Probe) -> Fact<Keys> {
    let address = metadata?.as_read().jwks_uri();
    let answer = match &address {
        Ok(url) => Some(probe.get(url.as_str()).await),
        Err(_) => None,
    };
    Ok(Keys { address, answer })
}

impl Keys {
    /// The URL of the key set, if the metadata has one to which requests may be sent.
    pub(super) fn url(&self) -> Option<&str> {
        self.address.as_ref().ok().map(Endpoint::as_str)
    }

    /// The URL of the key set, if a server answers there.
    pub(super) fn answering_url(&self) -> Option<&str> {
        matches!(self.answer, Some(Ok(_))).then(|| self.url())?
    }

    /// The URL of the key set as an endpoint.
    pub(super) fn endpoint(&self) -> Option<Endpoint> {
        self.address.as_ref().ok().cloned()
    }

    /// The response in the authorizer's form.
    pub(super) fn document(&self) -> Result<Document, TransportError> {
        let none = Err(TransportError::Connect(ConnectionError::Refused));
        self.answer.as_ref().map_or(none, discovery::as_document)
    }

    /// The set as the authorizer parses it.
    fn set(&self) -> Option<(&ProbeAnswer, Result<KeySet, KeySetParseError>)> {
        let answer = self.answer.as_ref()?.as_ref().ok()?;
        let answer = Some(answer).filter(|answer| answer.status == StatusCode::OK)?;
        Some((answer, KeySet::parse(&answer.body, &ALGORITHMS)))
    }
}

/// Runs the check `keys`.
pub(super) fn check(keys: Fact<&Keys>) -> CheckOutcome {
    let keys = match keys {
        Ok(keys) => keys,
        Err(skip) => return KEYS.skip(skip),
    };
    match (keys.set(), &keys.answer) {
        (Some((answer, Ok(set))), _) => usable(&set, answer),
        (Some((answer, Err(error))), _) => unusable(&error, answer),
        (None, Some(Ok(answer))) => {
            let message = Message::of_answer(answer).map(|message| format!(": {message}"));
            KEYS.fail(
                format!(
                    "status {}{}",
                    answer.status.as_u16(),
                    message.unwrap_or_default()
                ),
                "open `jwks_uri` of the metadata in a browser: it must answer with a key set",
            )
        }
        (None, Some(Err(failure))) => {
            let (found, advice) = no_answer::explain(failure);
            KEYS.fail(found, advice)
        }
        (None, None) => {
            let error = keys.address.as_ref().err().map(ToString::to_string);
            KEYS.fail(
                error.unwrap_or_default(),
                "let the metadata name an https URL as `jwks_uri`, or set JWKS_URI",
            )
        }
    }
}

fn usable(set: &KeySet, answer: &ProbeAnswer) -> CheckOutcome {
    let names: Vec<String> = set
        .keys()
        .iter()
        .map(|key| format!("`{}`", key.kid().as_str()))
        .collect();
    let lifetime = StatedLifetime::of(answer.header(&CACHE_CONTROL).as_deref());
    let mut found = format!(
        "{} usable: {}; {}",
        count(names.len()),
        names.join(", "),
        shown(lifetime)
    );
    if !set.refused().is_empty() {
        found.push_str("; refused: ");
        found.push_str(&reasons(set.refused()));
    }
    let is_private = |key: &RefusedKey| key.refusal == KeyRefusal::PrivateKey;
    let is_short = match lifetime {
        StatedLifetime::Unstated => false,
        StatedLifetime::Seconds(seconds) => seconds < MIN_LIFETIME_SECONDS,
        StatedLifetime::NotKept => true,
    };
    if set.refused().iter().any(is_private) {
        KEYS.warn(
            found,
            "replace the private key that is published: anyone can sign with it",
        )
    } else if is_short {
        KEYS.warn(
            found,
            "let the key set be cached for an hour: each environment of the authorizer asks for it that often; Okta \
             sends a short time only around a rotation",
        )
    } else {
        KEYS.pass(found)
    }
}

fn unusable(error: &KeySetParseError, answer: &ProbeAnswer) -> CheckOutcome {
    let refused = &error.refused;
    if refused.is_empty() {
        let what = if answer.is_html() {
            "a web page"
        } else {
            "the answer"
        };
        return KEYS.fail(
            format!("{what} is not a key set: {error}"),
            "open `jwks_uri` of the metadata in a browser: it must answer with {\"keys\": […]}",
        );
    }
    let other_algorithm = |key: &RefusedKey| key.refusal == KeyRefusal::AlgorithmNotAllowed;
    let advice = if refused.iter().any(other_algorithm) {
        "set ALGORITHMS to the algorithm that this issuer signs with: its keys are of another kind"
    } else {
        "publish an RSA key of 2048 bits or more with `kid` and `use` `sig`"
    };
    KEYS.fail(
        format!("no usable key; refused: {}", reasons(refused)),
        advice,
    )
}

fn reasons(refused: &[RefusedKey]) -> String {
    let reason = |key: &RefusedKey| {
        let kid = key.kid.as_ref();
        let kid = kid.map_or_else(String::new, |kid| format!(" `{}`", kid.as_str()));
        format!("key {}{kid}: {}", key.index + 1, key.refusal)
    };
    let reasons: Vec<String> = refused.iter().map(reason).collect();
    reasons.join("; ")
}

fn count(keys: usize) -> String {
    if keys == 1 {
        "1 key".to_owned()
    } else {
        format!("{keys} keys")
    }
}

fn shown(lifetime: StatedLifetime) -> String {
    match lifetime {
        StatedLifetime::Unstated => "no stated lifetime".to_owned(),
        StatedLifetime::Seconds(seconds) if seconds > DAY_SECONDS => format!(
            "max-age {seconds} ({} days; the authorizer keeps keys for JWKS_MAX_AGE_SECONDS at most)",
            seconds / DAY_SECONDS
        ),
        StatedLifetime::Seconds(seconds) => format!("max-age {seconds}"),
        StatedLifetime::NotKept => "not to be cached".to_owned(),
    }
}
