//! The claims of a token whose signature has not been verified.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::claim_name::ClaimName;
use crate::issuer::jwks::Thumbprint;
use crate::refusal::Refusal;
use crate::times::{Times, numeric_date};

/// The unverified claims of a token (RFC 7519, section 4). An attacker may have written them. They are used for checks
/// before the signature is verified, and never reach a policy or a log.
#[derive(Clone)]
pub struct UnverifiedClaims(Map<String, Value>);

/// The key or certificate that a token is bound to (`cnf`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binding {
    /// The token is a bearer token.
    None,
    /// The key with this thumbprint (`jkt`, RFC 9449, section 6.1).
    Key(Thumbprint),
    /// A certificate (RFC 8705), another confirmation method, or several methods.
    Other,
}

/// Claims that only ID tokens have (OpenID Connect Core 1.0, sections 2 and 3.3.2.11).
const ID_TOKEN_CLAIMS: [&str; 3] = ["nonce", "at_hash", "c_hash"];

/// Claims that only access tokens have (RFC 9068, section 2.2), and Okta's own names for them.
const ACCESS_TOKEN_CLAIMS: [&str; 4] = ["scp", "scope", "cid", "client_id"];

/// The claims that name the client, in the order in which they are read: Okta's `cid`, `client_id` (RFC 9068), `azp`
/// (OpenID Connect Core 1.0), and `appid`. Microsoft Entra's v1.0 tokens have only `appid`
/// (<https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>).
pub const CLIENT_ID_CLAIMS: [&str; 4] = ["cid", "client_id", "azp", "appid"];

impl UnverifiedClaims {
    pub(crate) const fn new(members: Map<String, Value>) -> Self {
        Self(members)
    }

    /// The issuer, if it is a string. An array that contains the issuer is not accepted.
    pub(crate) fn issuer(&self) -> Option<&str> {
        self.text("iss")
    }

    /// Fails if it is missing, empty or not a string.
    pub(crate) fn subject(&self) -> Result<&str, Refusal> {
        self.text("sub")
            .filter(|sub| !sub.is_empty())
            .ok_or(Refusal::SubjectMissing)
    }

    /// Fails if `exp` is missing, or one of the times is not a number.
    pub(crate) fn times(&self) -> Result<Times, Refusal> {
        Ok(Times {
            expires_at: self.time("exp")?.ok_or(Refusal::ExpiryMissing)?,
            not_before: self.time("nbf")?,
            issued_at: self.time("iat")?,
        })
    }

    fn time(&self, claim: &'static str) -> Result<Option<f64>, Refusal> {
        self.0
            .get(claim)
            .map(|value| numeric_date(value).ok_or(Refusal::TimeMalformed { claim }))
            .transpose()
    }

    /// Checks `aud` against our audiences (RFC 7519, section 4.1.3). It must be one of ours, or an array of strings
    /// that contains one of ours. An array that contains any other type is refused. Fails if it is missing, malformed
    /// or names only other audiences.
    pub(crate) fn check_audience(&self, ours: &[String]) -> Result<(), Refusal> {
        let is_ours = |value: &str| ours.iter().any(|audience| audience == value);
        let found = match self.0.get("aud") {
            None | Some(Value::Null) => return Err(Refusal::AudienceMissing),
            Some(Value::String(audience)) if audience.is_empty() => {
                return Err(Refusal::AudienceMissing);
            }
            Some(Value::String(audience)) => is_ours(audience),
            Some(Value::Array(audiences)) if audiences.is_empty() => {
                return Err(Refusal::AudienceMissing);
            }
            Some(Value::Array(audiences)) => {
                let audiences: Option<Vec<&str>> = audiences.iter().map(Value::as_str).collect();
                audiences
                    .ok_or(Refusal::AudienceMalformed)?
                    .into_iter()
                    .any(is_ours)
            }
            Some(Value::Bool(_) | Value::Number(_) | Value::Object(_)) => {
                return Err(Refusal::AudienceMalformed);
            }
        };
        if found {
            Ok(())
        } else {
            Err(Refusal::AudienceNotOurs)
        }
    }

    /// The client that the token was issued to. Only the first of [`CLIENT_ID_CLAIMS`] that is present is read. If it is
    /// malformed, no other claim replaces it.
    pub fn client_id(&self) -> Option<&str> {
        let claim = CLIENT_ID_CLAIMS
            .into_iter()
            .find_map(|name| self.0.get(name))?;
        claim.as_str().filter(|id| !id.is_empty())
    }

    /// Whether this looks like an ID token. One unambiguous sign is enough, so an ID token is refused even if its
    /// audience is allowed by mistake.
    ///
    /// Okta sets no `typ`, so the claims distinguish the kinds: only ID tokens have `nonce` and hashes of other tokens,
    /// the `jti` of Okta's ID tokens begins with `ID.`, and Cognito sets `token_use`. A token without a sign of either
    /// kind is accepted as the expected kind. Its issuer, audience and client have been checked by then.
    pub(crate) fn looks_like_id_token(&self) -> bool {
        ID_TOKEN_CLAIMS
            .into_iter()
            .any(|name| self.0.contains_key(name))
            || self.text("jti").is_some_and(|jti| jti.starts_with("ID."))
            || self.text("token_use") == Some("id")
    }

    /// Whether this looks like an access token: it has scopes or the client that it was issued to.
    pub(crate) fn looks_like_access_token(&self) -> bool {
        ACCESS_TOKEN_CLAIMS
            .into_iter()
            .any(|name| self.0.contains_key(name))
            || self.text("jti").is_some_and(|jti| jti.starts_with("AT."))
            || self.text("token_use") == Some("access")
    }

    /// The token's binding (`cnf`, RFC 7800, section 3.1).
    pub(crate) fn binding(&self) -> Binding {
        let Some(cnf) = self.0.get("cnf") else {
            return Binding::None;
        };
        let jkt = cnf
            .as_object()
            .filter(|members| members.len() == 1)
            .and_then(|members| members.get("jkt")?.as_str());
        jkt.and_then(|jkt| URL_SAFE_NO_PAD.decode(jkt).ok()?.try_into().ok())
            .map_or(Binding::Other, Binding::Key)
    }

    /// The first of these claims that is present. If it is malformed or `null`, no other claim replaces it. Fails if
    /// none is present, or the first is not a non-empty string.
    pub(crate) fn principal(&self, claims: &[String]) -> Result<&str, Refusal> {
        let claim = claims.iter().find_map(|name| self.0.get(name));
        claim
            .ok_or(Refusal::PrincipalMissing)?
            .as_str()
            .filter(|principal| !principal.is_empty())
            .ok_or(Refusal::PrincipalMalformed)
    }

    /// The scopes: Okta's array `scp`, or the space-separated `scope` of RFC 9068. An element that is not a single
    /// scope (RFC 6749, section 3.3) is dropped, because `scope` in the context would turn it into several.
    pub fn scopes(&self) -> Option<Vec<String>> {
        let is_scope = |scope: &&str| is_scope_token(scope);
        match ["scp", "scope"]
            .into_iter()
            .find_map(|name| self.0.get(name))?
        {
            Value::String(scopes) => Some(
                scopes
                    .split(' ')
                    .filter(is_scope)
                    .map(str::to_owned)
                    .collect(),
            ),
            Value::Array(scopes) => Some(
                scopes
                    .iter()
                    .filter_map(Value::as_str)
                    .filter(is_scope)
                    .map(str::to_owned)
                    .collect(),
            ),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
        }
    }

    /// The groups: an array of strings, or one string.
    pub fn groups(&self) -> Option<Vec<String>> {
        match self.0.get("groups")? {
            Value::String(group) => Some(vec![group.clone()]),
            Value::Array(groups) => Some(
                groups
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect(),
            ),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
        }
    }

    /// The id of the token (`jti`).
    pub(crate) fn token_id(&self) -> Option<&str> {
        self.text("jti")
    }

    /// The authentication context class (`acr`, OpenID Connect Core 1.0, section 2).
    pub(crate) fn acr(&self) -> Option<&str> {
        self.text("acr")
    }

    /// The time of the sign-in (`auth_time`), if it is a number of seconds.
    pub(crate) fn signed_in_at(&self) -> Option<f64> {
        self.0
            .get("auth_time")?
            .as_f64()
            .filter(|time| time.is_finite())
    }

    /// The value of the claim that a rule names.
    pub(crate) fn find(&self, name: &ClaimName) -> Option<&Value> {
        name.find(&self.0)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }
}

/// Whether a string is a single scope (`scope-token`, RFC 6749, section 3.3).
pub(crate) fn is_scope_token(text: &str) -> bool {
    let is_allowed = |byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    !text.is_empty() && text.bytes().all(is_allowed)
}

/// Shows no value: claims are personal data.
impl std::fmt::Debug for UnverifiedClaims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UnverifiedClaims({} members)", self.0.len())
    }
}

#[cfg(test)]
mod tests;
