//! An authorizer with keys, an issuer, a clock and a log that the test controls.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "support for tests: a panic fails the test"
)]
#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each test binary uses only a part of it"
)]

pub(crate) mod proof;

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::slice;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use authorizer::access::AccessRules;
use authorizer::authorizer::Authorizer;
use authorizer::bearer::{BearerToken, Scheme};
use authorizer::clock::{Clock, ManualClock, Timestamp};
use authorizer::config::Settings;
use authorizer::credential::Credential;
use authorizer::deadline::Deadline;
use authorizer::issuer::http_client::{
    ConnectionError, Document, IssuerRequest, Sending, Transport, TransportError,
};
use authorizer::log::trace::Trace;
use authorizer::refusal::Refusal;
use authorizer::verifier::{Inspection, VerifiedClaims, Verifier};
use lambda_runtime::Diagnostic;
use lambda_support::invocation::Invocation;
use lambda_support::log::{Lines, Log};
use lambda_support::settings::{SettingsError, Source};
use serde_json::value::RawValue;
use serde_json::{Value, json};

pub(crate) use testkit::json::changed;
pub(crate) use testkit::signer::{Signer, mint};

pub(crate) const NOW: u64 = 1_790_000_000;
pub(crate) const ISSUER: &str = "https://example.okta.com/oauth2/default";
pub(crate) const KEYS_URI: &str = "https://example.okta.com/oauth2/default/v1/keys";
pub(crate) const OTHER_ISSUER: &str = "https://other.example";
const OTHER_KEYS_URI: &str = "https://other.example/keys";
pub(crate) const STAGE: &str = "arn:aws:execute-api:eu-west-1:111122223333:a1b2c3d4e5/prod";

/// An authorizer and its surroundings.
pub(crate) struct World {
    pub(crate) authorizer: Arc<Authorizer>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) issuer: Arc<FakeIssuer>,
    pub(crate) log: Arc<Lines>,
    settings: Settings,
}

impl World {
    /// Uses the settings of a small deployment. These variables are added or replace others; the value `-` unsets one.
    pub(crate) fn new(variables: &[(&str, &str)]) -> Self {
        Self::of(settings(variables).unwrap(), &Signer::rsa().jwk("k1"))
    }

    /// Uses these settings and this key of the issuer.
    pub(crate) fn of(settings: Settings, key: &Value) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_secs(NOW)));
        let issuer = Arc::new(FakeIssuer::default());
        issuer.publish(KEYS_URI, slice::from_ref(key));
        let log = Arc::new(Lines::default());
        let transport: Arc<dyn Transport> = issuer.clone();
        let dyn_clock: Arc<dyn Clock> = clock.clone();
        let lines = Log::new(settings.log_level, log.clone());
        let authorizer = Arc::new(Authorizer::new(
            &settings,
            &transport,
            dyn_clock,
            lines,
            "authorizer".to_owned(),
        ));
        Self {
            authorizer,
            clock,
            issuer,
            log,
            settings,
        }
    }

    /// A verifier with the same settings. Its fetches are not counted.
    fn verifier(&self) -> Verifier {
        let transport: Arc<dyn Transport> = Arc::new(Uncounted(Arc::clone(&self.issuer)));
        let clock: Arc<dyn Clock> = self.clock.clone();
        let settings = &self.settings;
        let issuers = settings.issuers.iter();
        let issuers = issuers.map(|one| one.trusted(settings, &transport, &clock));
        let requirements = settings.requirements.clone();
        Verifier::new(issuers.collect(), requirements, 0, clock)
    }

    /// The claims of a good token, for which no rule has been decided yet.
    pub(crate) async fn verify(&self, token: &str) -> Arc<VerifiedClaims> {
        let token = Credential::Bearer(BearerToken::from_token(token).unwrap());
        let mut trace = Trace::default();
        let verifier = self.verifier();
        let claims = verifier.verify(&token, Deadline::UNKNOWN, &mut trace);
        claims.await.unwrap()
    }

    pub(crate) const fn rules(&self) -> &AccessRules {
        &self.settings.access_rules
    }

    /// The results of the separate checks of a token. Its fetches are not counted.
    pub(crate) async fn inspection(&self, token: &str) -> Result<Inspection, Refusal> {
        let token = BearerToken::from_token(token)?;
        let verifier = self.verifier();
        verifier
            .inspect(&token, Scheme::Bearer, Deadline::UNKNOWN)
            .await
    }

    /// The code of every fault that these checks find.
    pub(crate) async fn inspect(&self, token: &str) -> Vec<&'static str> {
        match self.inspection(token).await {
            Ok(found) => {
                let made = [Some(found.form), Some(found.kind), Some(found.issuer)];
                let made = made
                    .into_iter()
                    .chain([found.key, found.signature, Some(found.times)]);
                let made = made.chain([found.audience, found.client]).flatten();
                made.filter_map(Result::err)
                    .map(|refusal| refusal.code())
                    .collect()
            }
            Err(refusal) => vec![refusal.code()],
        }
    }

    /// Also trusts a second issuer. Its keys are [`Signer::p256`] and, as `k2`, [`Signer::other_rsa`].
    pub(crate) fn of_two_issuers(variables: &[(&str, &str)]) -> Self {
        let issuers = json!([
            {"issuer": ISSUER, "audience": ["api://default"], "jwksUri": KEYS_URI, "clientIds": ["web"]},
            {"issuer": OTHER_ISSUER, "audience": ["api://other"], "jwksUri": OTHER_KEYS_URI, "algorithms": ["ES256"]},
        ])
        .to_string();
        let several = [
            ("TRUSTED_ISSUERS", &*issuers),
            ("ISSUER", "-"),
            ("AUDIENCE", "-"),
            ("JWKS_URI", "-"),
        ];
        let world = Self::new(&[&several, variables].concat());
        let keys = [Signer::p256().jwk("k1"), Signer::other_rsa().jwk("k2")];
        world.issuer.publish(OTHER_KEYS_URI, &keys);
        world
    }

    /// The whole answer, or the whole error, as API Gateway receives it.
    pub(crate) async fn ask_text(&self, event: &str) -> Value {
        let event = RawValue::from_string(event.to_owned()).unwrap();
        let deadline = self.clock.now().plus(Duration::from_secs(5));
        let answer = self
            .authorizer
            .authorize(
                &event,
                Invocation {
                    request_id: "r-1",
                    deadline,
                },
            )
            .await;
        match answer {
            Ok(answer) => serde_json::to_value(answer).unwrap(),
            Err(error) => serde_json::to_value(Diagnostic::from(error)).unwrap(),
        }
    }

    pub(crate) async fn ask(&self, event: &Value) -> Value {
        self.ask_text(&event.to_string()).await
    }

    /// Sends a REST TOKEN event with this token.
    pub(crate) async fn ask_with(&self, token: &str) -> Value {
        self.ask(&token_event(token)).await
    }

    /// `reason` of the last decision.
    pub(crate) fn reason(&self) -> String {
        self.log.last()["reason"].as_str().unwrap().to_owned()
    }
}

/// The settings of a small deployment with these variables.
pub(crate) fn settings(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let base = [
        ("ISSUER", ISSUER),
        ("AUDIENCE", "api://default"),
        ("JWKS_URI", KEYS_URI),
    ];
    let given = base
        .iter()
        .chain(variables)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::from_source(&Given(
        given.filter(|(_, v)| v != "-").collect(),
        unset(variables),
    ))
}

fn unset(variables: &[(&str, &str)]) -> Vec<String> {
    variables
        .iter()
        .filter(|(_, value)| *value == "-")
        .map(|(name, _)| (*name).to_owned())
        .collect()
}

pub(crate) struct Given(HashMap<String, String>, Vec<String>);

impl Source for Given {
    fn variable(&self, name: &str) -> Option<OsString> {
        if self.1.iter().any(|unset| unset == name) {
            None
        } else {
            self.0.get(name).map(OsString::from)
        }
    }

    fn file(&self, _: &str) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

pub(crate) fn token_event(token: &str) -> Value {
    json!({"type": "TOKEN", "authorizationToken": format!("Bearer {token}"), "methodArn": format!("{STAGE}/GET/state/42")})
}

pub(crate) fn request_event(method_and_path: &str, headers: &Value) -> Value {
    json!({"type": "REQUEST", "methodArn": format!("{STAGE}/{method_and_path}"), "headers": headers})
}

pub(crate) fn http_api_event(method_and_path: &str, headers: &Value) -> Value {
    json!({"version": "2.0", "type": "REQUEST", "routeArn": format!("{STAGE}/{method_and_path}"), "headers": headers})
}

pub(crate) fn bearer(token: &str) -> Value {
    json!({"authorization": format!("Bearer {token}")})
}

pub(crate) fn unauthorized() -> Value {
    json!({"errorType": "Unauthorized", "errorMessage": "Unauthorized"})
}

/// The claims of an Okta access token of alice.
pub(crate) fn claims() -> Value {
    json!({
        "ver": 1, "jti": "AT.1", "iss": ISSUER, "aud": "api://default", "iat": NOW - 10, "exp": NOW + 3590,
        "cid": "web", "uid": "00u1", "scp": ["openid", "state:write"], "auth_time": NOW - 10,
        "sub": "alice@example.com", "groups": ["Everyone"],
    })
}

/// The same claims with members added or replaced; null removes a member.
pub(crate) fn claims_with(changes: &Value) -> Value {
    changed(claims(), changes)
}

pub(crate) fn header() -> Value {
    json!({"kid": "k1", "alg": "RS256"})
}

/// A good token with these changes to its claims.
pub(crate) fn token_with(changes: &Value) -> String {
    mint(&header(), &claims_with(changes), Signer::rsa())
}

/// A good token of the other issuer with these changes to its claims.
pub(crate) fn other_token_with(changes: &Value) -> String {
    let other = claims_with(&json!({"iss": OTHER_ISSUER, "aud": "api://other"}));
    let header = changed(header(), &json!({"alg": "ES256"}));
    mint(&header, &changed(other, changes), Signer::p256())
}

/// An issuer that answers with documents or not at all, and records the requests.
#[derive(Debug, Default)]
pub(crate) struct FakeIssuer {
    documents: Mutex<HashMap<String, Vec<u8>>>,
    asked: Mutex<Vec<String>>,
    slow: Mutex<Option<(Arc<ManualClock>, Duration)>>,
}

impl FakeIssuer {
    pub(crate) fn publish(&self, uri: &str, keys: &[Value]) {
        self.publish_text(uri, &json!({"keys": keys}).to_string());
    }

    pub(crate) fn publish_text(&self, uri: &str, document: &str) {
        self.documents
            .lock()
            .unwrap()
            .insert(uri.to_owned(), document.as_bytes().to_vec());
    }

    /// From now on no request is answered.
    pub(crate) fn go_down(&self) {
        self.documents.lock().unwrap().clear();
    }

    /// From now on every request takes this long by this clock, and then fails.
    pub(crate) fn go_slow(&self, clock: &Arc<ManualClock>, by: Duration) {
        *self.slow.lock().unwrap() = Some((Arc::clone(clock), by));
    }

    /// The URLs that were requested, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn fetches(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

/// The same documents, without counting the requests.
#[derive(Debug)]
struct Uncounted(Arc<FakeIssuer>);

impl Transport for Uncounted {
    fn send<'a>(&'a self, request: IssuerRequest<'a>) -> Sending<'a> {
        let uri = request.endpoint.as_str();
        let body = self.0.documents.lock().unwrap().get(uri).cloned();
        let document = body.map(|body| Document {
            body,
            ..Document::default()
        });
        Box::pin(async move { document.ok_or(TransportError::Connect(ConnectionError::Refused)) })
    }
}

impl Transport for FakeIssuer {
    fn send<'a>(&'a self, request: IssuerRequest<'a>) -> Sending<'a> {
        let uri = request.endpoint.as_str().to_owned();
        let body = self.documents.lock().unwrap().get(&uri).cloned();
        self.asked.lock().unwrap().push(uri);
        if let Some((clock, by)) = &*self.slow.lock().unwrap() {
            clock.advance(*by);
            return Box::pin(async { Err(TransportError::TimedOut) });
        }
        let document = body.map(|body| Document {
            body,
            ..Document::default()
        });
        Box::pin(async move { document.ok_or(TransportError::Connect(ConnectionError::Refused)) })
    }
}
