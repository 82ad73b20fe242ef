//! The JWT authorizer of an HTTP API.
//!
//! This is API Gateway's own authorizer, not this project's. It makes fewer checks.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey};
use lambda_support::clock::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use crate::http_client;
use crate::template::api::JwtAuthorizer;

/// AWS's quota for one request to the issuer.
const FETCH_TIMEOUT: Duration = Duration::from_millis(1500);
/// The time for which API Gateway uses fetched keys.
const MAX_KEY_AGE: Duration = Duration::from_secs(2 * 60 * 60);

/// The claims of a token, in the form of the integration's event.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claims {
    /// Every claim as a string.
    pub(crate) claims: BTreeMap<String, String>,
    /// The route's scopes that the token has.
    pub(crate) scopes: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JwtError {
    #[error("the token is not a JWT")]
    Malformed,
    #[error("the algorithm is not RS256")]
    Algorithm,
    #[error("the issuer's keys cannot be fetched")]
    NoKeys,
    #[error("the issuer publishes no key with that id")]
    UnknownKey,
    #[error("the signature is not valid")]
    Signature,
    #[error("the issuer does not match")]
    Issuer,
    #[error("the audience does not match")]
    Audience,
    /// `exp` is missing or past.
    #[error("the token has expired")]
    Expired,
    /// `nbf` or `iat` is in the future.
    #[error("the token is not valid yet")]
    NotYet,
    /// The token has none of the route's scopes: 403. All other errors are 401.
    #[error("the token has none of the scopes of the route")]
    InsufficientScope,
}

impl JwtError {
    /// The header `WWW-Authenticate`.
    pub(crate) fn challenge(&self, scopes: &[String]) -> String {
        let error = match self {
            Self::InsufficientScope => "insufficient_scope",
            _ => "invalid_token",
        };
        let scopes = scopes.join(" ");
        format!("Bearer scope=\"{scopes}\" error=\"{error}\" error_description=\"{self}\"")
    }
}

/// The result of fetching keys.
pub type KeySetFuture<'a> = Pin<Box<dyn Future<Output = Option<JwkSet>> + Send + 'a>>;

/// The keys that issuers publish.
pub trait IssuerKeys: fmt::Debug + Send + Sync {
    /// The keys of an issuer at a time; none if they cannot be fetched.
    fn of<'a>(&'a self, issuer: &'a str, now: Timestamp) -> KeySetFuture<'a>;
}

/// Verifies a token, with or without the prefix `Bearer`, for a route with these scopes. Fails if the token is
/// refused.
pub(crate) async fn verify(
    value: &str,
    authorizer: &JwtAuthorizer,
    scopes: &[String],
    keys: &dyn IssuerKeys,
    now: Timestamp,
) -> Result<Claims, JwtError> {
    let prefix = value
        .get(..7)
        .filter(|prefix| prefix.eq_ignore_ascii_case("bearer "));
    let token = prefix.and_then(|_| value.get(7..)).unwrap_or(value).trim();
    let (message, signature) = token.rsplit_once('.').ok_or(JwtError::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(JwtError::Malformed)?;
    let header: Header = json(header)?;
    if header.alg != "RS256" {
        return Err(JwtError::Algorithm);
    }
    let claims: Map<String, Value> = json(payload)?;
    // Cheap checks come first: only a token of the issuer causes a fetch.
    check_claims(&claims, authorizer, now)?;
    let keys = keys
        .of(&authorizer.issuer, now)
        .await
        .ok_or(JwtError::NoKeys)?;
    let key = keys.find(&header.kid).ok_or(JwtError::UnknownKey)?;
    check_signature(message, signature, key)?;
    let granted = granted_scopes(&claims);
    let matching: Vec<_> = scopes
        .iter()
        .filter(|scope| granted.contains(&scope.as_str()))
        .cloned()
        .collect();
    if !scopes.is_empty() && matching.is_empty() {
        return Err(JwtError::InsufficientScope);
    }
    Ok(Claims {
        claims: claims
            .iter()
            .map(|(name, value)| (name.clone(), claim_text(value)))
            .collect(),
        scopes: matching,
    })
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
}

fn json<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, JwtError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| JwtError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| JwtError::Malformed)
}

fn check_claims(
    claims: &Map<String, Value>,
    authorizer: &JwtAuthorizer,
    now: Timestamp,
) -> Result<(), JwtError> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(authorizer.issuer.as_str()) {
        return Err(JwtError::Issuer);
    }
    let listed = |value: &str| authorizer.audience.iter().any(|listed| listed == value);
    let audience = match claims.get("aud") {
        None => text("client_id").is_some_and(listed),
        Some(Value::String(audience)) => listed(audience),
        Some(Value::Array(audiences)) => audiences.iter().filter_map(Value::as_str).any(listed),
        Some(_) => false,
    };
    if !audience {
        return Err(JwtError::Audience);
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds of this epoch are far below 2^53"
    )]
    let now = now.as_secs() as f64;
    let seconds = |name: &str| claims.get(name).map(|value| value.as_f64());
    let is_past = |name: &str| seconds(name).is_none_or(|at| at.is_some_and(|at| at <= now));
    match seconds("exp") {
        Some(Some(expires)) if expires > now => {}
        _ => return Err(JwtError::Expired),
    }
    if is_past("nbf") && is_past("iat") {
        Ok(())
    } else {
        Err(JwtError::NotYet)
    }
}

fn check_signature(message: &str, signature: &str, key: &Jwk) -> Result<(), JwtError> {
    if !matches!(key.algorithm, AlgorithmParameters::RSA(_)) {
        return Err(JwtError::UnknownKey);
    }
    let key = DecodingKey::from_jwk(key).map_err(|_| JwtError::UnknownKey)?;
    match jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, Algorithm::RS256) {
        Ok(true) => Ok(()),
        _ => Err(JwtError::Signature),
    }
}

/// The scopes of a token: `scope` or `scp`, a string with spaces or a list.
fn granted_scopes(claims: &Map<String, Value>) -> Vec<&str> {
    ["scope", "scp"]
        .into_iter()
        .filter_map(|name| claims.get(name))
        .flat_map(|value| match value {
            Value::String(text) => text.split(' ').collect(),
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        })
        .collect()
}

/// A claim as a string; a list is `[a b]`, as API Gateway writes it.
fn claim_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(claim_text).collect();
            format!("[{}]", items.join(" "))
        }
        other => other.to_string(),
    }
}

/// The keys that the metadata of each issuer names.
#[derive(Debug, Default)]
pub struct PublishedKeys {
    fetched: Mutex<HashMap<String, (Timestamp, JwkSet)>>,
}

impl IssuerKeys for PublishedKeys {
    fn of<'a>(&'a self, issuer: &'a str, now: Timestamp) -> KeySetFuture<'a> {
        Box::pin(async move {
            let mut fetched = self.fetched.lock().await;
            if let Some((at, keys)) = fetched.get(issuer)
                && now.since(*at) < MAX_KEY_AGE
            {
                return Some(keys.clone());
            }
            let keys = fetch(issuer).await?;
            fetched.insert(issuer.to_owned(), (now, keys.clone()));
            Some(keys)
        })
    }
}

#[derive(Deserialize)]
struct DiscoveryDocument {
    jwks_uri: String,
}

async fn fetch(issuer: &str) -> Option<JwkSet> {
    let client = http_client::new().ok()?;
    let get = async |url: &str| {
        let answer = client.get(url).timeout(FETCH_TIMEOUT).send().await.ok()?;
        let answer = answer.error_for_status().ok()?;
        answer.bytes().await.ok()
    };
    let issuer = issuer.trim_end_matches('/');
    let metadata = get(&format!("{issuer}/.well-known/openid-configuration")).await?;
    let metadata: DiscoveryDocument = serde_json::from_slice(&metadata).ok()?;
    let set = get(&metadata.jwks_uri).await?;
    let set: Value = serde_json::from_slice(&set).ok()?;
    // A key that this library cannot parse does not affect the others.
    let keys = set.get("keys")?.as_array()?.iter();
    Some(JwkSet {
        keys: keys
            .filter_map(|key| serde_json::from_value(key.clone()).ok())
            .collect(),
    })
}
