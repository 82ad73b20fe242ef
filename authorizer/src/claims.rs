//! The claims of a token, before the signature vouches for them.

use serde_json::{Map, Value};

use crate::refusal::Refusal;
use crate::times::Times;

/// What a token says (RFC 7519 section 4). Until its signature is verified this is what a stranger wrote: it decides
/// which cheap check fails first, and reaches neither a policy nor a log.
#[derive(Clone)]
pub struct UnverifiedClaims(Map<String, Value>);

/// Claims that only ID tokens have: OpenID Connect Core 1.0 sections 2 and 3.3.2.11.
const ID_TOKEN_CLAIMS: [&str; 3] = ["nonce", "at_hash", "c_hash"];

/// Claims that only access tokens have: RFC 9068 section 2.2, and Okta's own names for them.
const ACCESS_TOKEN_CLAIMS: [&str; 4] = ["scp", "scope", "cid", "client_id"];

impl UnverifiedClaims {
    pub(crate) const fn new(members: Map<String, Value>) -> Self {
        Self(members)
    }

    /// The issuer, if it is text. An array that holds the right one is not it.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.text("iss")
    }

    /// The subject.
    ///
    /// # Errors
    ///
    /// If it is missing, empty or not text.
    pub fn subject(&self) -> Result<&str, Refusal> {
        self.text("sub")
            .filter(|sub| !sub.is_empty())
            .ok_or(Refusal::SubjectMissing)
    }

    /// When it counts.
    ///
    /// # Errors
    ///
    /// If there is no end to it, or one of the times is no number.
    pub fn times(&self) -> Result<Times, Refusal> {
        Ok(Times {
            expires_at: self.time("exp")?.ok_or(Refusal::ExpiryMissing)?,
            not_before: self.time("nbf")?,
            issued_at: self.time("iat")?,
        })
    }

    fn time(&self, claim: &'static str) -> Result<Option<f64>, Refusal> {
        self.0
            .get(claim)
            .map(|value| {
                value
                    .as_f64()
                    .filter(|time| time.is_finite())
                    .ok_or(Refusal::TimeMalformed { claim })
            })
            .transpose()
    }

    /// Holds `aud` against the audiences that are ours (RFC 7519 section 4.1.3): text or an array of text, of which
    /// one must be ours. An array with anything else in it is refused whole.
    ///
    /// # Errors
    ///
    /// If it is missing, malformed or for others.
    pub fn check_audience(&self, ours: &[String]) -> Result<(), Refusal> {
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

    /// The client that asked for the token: Okta's `cid`, else `client_id` (RFC 9068), else `azp`. The first that is
    /// there counts, so that a malformed one does not let another speak for it.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        let claim = ["cid", "client_id", "azp"]
            .into_iter()
            .find_map(|name| self.0.get(name))?;
        claim.as_str().filter(|id| !id.is_empty())
    }

    /// Whether this looks like an ID token. By one sure mark alone: an ID token at an API is refused even where its
    /// audience was put among ours by mistake.
    ///
    /// Okta sets no `typ`, so the kinds are told apart by shape: `nonce` and hashes of other tokens stand only in ID
    /// tokens; Okta's `jti` begins with `ID.`, Cognito says `token_use`. A token that shows no mark of either kind is
    /// taken for what is expected; issuer, audience and client have been checked by then.
    #[must_use]
    pub fn looks_like_id_token(&self) -> bool {
        ID_TOKEN_CLAIMS
            .into_iter()
            .any(|name| self.0.contains_key(name))
            || self.text("jti").is_some_and(|jti| jti.starts_with("ID."))
            || self.text("token_use") == Some("id")
    }

    /// Whether this looks like an access token, by its claims: it speaks of scopes or of the client that got it.
    #[must_use]
    pub fn looks_like_access_token(&self) -> bool {
        ACCESS_TOKEN_CLAIMS
            .into_iter()
            .any(|name| self.0.contains_key(name))
            || self.text("jti").is_some_and(|jti| jti.starts_with("AT."))
            || self.text("token_use") == Some("access")
    }

    /// Whether the token is bound to a key of the sender (`cnf`, RFC 7800 section 3.1), whichever way.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        self.0.contains_key("cnf")
    }

    /// The first of these claims that is there as text.
    #[must_use]
    pub fn principal(&self, claims: &[String]) -> Option<&str> {
        claims
            .iter()
            .find_map(|name| self.text(name).filter(|value| !value.is_empty()))
    }

    /// The scopes: Okta's `scp`, an array, or the space-separated `scope` of RFC 9068. What is no scope token (RFC
    /// 6749 section 3.3) is dropped, lest one element of an array turn into two scopes when they are joined.
    #[must_use]
    pub fn scopes(&self) -> Option<Vec<String>> {
        let is_scope = |scope: &&str| {
            !scope.is_empty()
                && scope
                    .bytes()
                    .all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
        };
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

    /// The groups: an array of text, or one as text.
    #[must_use]
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

    /// The token's own id.
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.text("jti")
    }

    /// Any claim, by name.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }
}

/// Shows no value: these may be anybody's.
impl std::fmt::Debug for UnverifiedClaims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UnverifiedClaims({} members)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: &Value) -> UnverifiedClaims {
        UnverifiedClaims::new(value.as_object().unwrap().clone())
    }

    #[test]
    fn an_audience_is_text_or_an_array_of_text() {
        let ours = ["api://default".to_owned(), "api://two".to_owned()];
        for (aud, expected) in [
            (json!("api://default"), Ok(())),
            (json!(["other", "api://two"]), Ok(())),
            (json!("api://Default"), Err(Refusal::AudienceNotOurs)),
            (
                json!("api://default,api://two"),
                Err(Refusal::AudienceNotOurs),
            ),
            (json!(["other"]), Err(Refusal::AudienceNotOurs)),
            (json!(null), Err(Refusal::AudienceMissing)),
            (json!(""), Err(Refusal::AudienceMissing)),
            (json!([]), Err(Refusal::AudienceMissing)),
            (json!(5), Err(Refusal::AudienceMalformed)),
            (json!({"api://default": 1}), Err(Refusal::AudienceMalformed)),
            (json!(["api://default", 5]), Err(Refusal::AudienceMalformed)),
            (json!([["api://default"]]), Err(Refusal::AudienceMalformed)),
        ] {
            assert_eq!(
                claims(&json!({"aud": aud})).check_audience(&ours),
                expected,
                "{aud}"
            );
        }
        assert_eq!(
            claims(&json!({})).check_audience(&ours),
            Err(Refusal::AudienceMissing)
        );
    }

    #[test]
    fn times_are_finite_numbers() {
        let times = claims(&json!({"exp": 10.5, "nbf": 3, "iat": -1})).times();
        assert_eq!(
            times,
            Ok(Times {
                expires_at: 10.5,
                not_before: Some(3.0),
                issued_at: Some(-1.0)
            })
        );
        assert_eq!(claims(&json!({})).times(), Err(Refusal::ExpiryMissing));
        for bad in [json!("10"), json!(null), json!([10]), json!(true)] {
            let refused = |claim| Err(Refusal::TimeMalformed { claim });
            assert_eq!(claims(&json!({"exp": bad})).times(), refused("exp"));
            assert_eq!(
                claims(&json!({"exp": 10, "nbf": bad})).times(),
                refused("nbf")
            );
            assert_eq!(
                claims(&json!({"exp": 10, "iat": bad})).times(),
                refused("iat")
            );
        }
    }

    #[test]
    fn the_client_is_cid_else_client_id_else_azp() {
        for (members, expected) in [
            (json!({"cid": "a", "client_id": "b", "azp": "c"}), Some("a")),
            (json!({"client_id": "b", "azp": "c"}), Some("b")),
            (json!({"azp": "c"}), Some("c")),
            (json!({"cid": 5, "client_id": "b"}), None),
            (json!({"cid": null, "azp": "c"}), None),
            (json!({"cid": "", "azp": "c"}), None),
            (json!({}), None),
        ] {
            assert_eq!(claims(&members).client_id(), expected, "{members}");
        }
    }

    #[test]
    fn scopes_are_read_in_both_forms_and_never_multiply() {
        for (members, expected) in [
            (
                json!({"scp": ["openid", "state:write"]}),
                Some(vec!["openid", "state:write"]),
            ),
            (
                json!({"scope": "openid state:write"}),
                Some(vec!["openid", "state:write"]),
            ),
            (json!({"scp": "one two"}), Some(vec!["one", "two"])),
            (
                json!({"scp": ["one two", "", 5, "three", "tab\t", "h\u{e9}"]}),
                Some(vec!["three"]),
            ),
            (json!({"scp": ["a"], "scope": "b"}), Some(vec!["a"])),
            (json!({"scp": []}), Some(vec![])),
            (json!({"scp": 5}), None),
            (json!({}), None),
        ] {
            let expected: Option<Vec<String>> =
                expected.map(|e| e.into_iter().map(str::to_owned).collect());
            assert_eq!(claims(&members).scopes(), expected, "{members}");
        }
    }

    #[test]
    fn the_kinds_of_token_are_told_apart() {
        for (members, id, access) in [
            // Okta, access and ID token.
            (
                json!({"jti": "AT.x", "cid": "c", "uid": "u", "scp": ["a"]}),
                false,
                true,
            ),
            (
                json!({"jti": "ID.x", "amr": ["pwd"], "idp": "i", "at_hash": "h"}),
                true,
                false,
            ),
            // RFC 9068, Auth0, Cognito, Keycloak.
            (json!({"jti": "x", "client_id": "c"}), false, true),
            (json!({"azp": "c", "scope": "a"}), false, true),
            (json!({"token_use": "access"}), false, true),
            (json!({"token_use": "id"}), true, false),
            (json!({"azp": "c", "nonce": "n"}), true, false),
            // No mark at all.
            (json!({"jti": "x"}), false, false),
        ] {
            let found = claims(&members);
            assert_eq!(
                (found.looks_like_id_token(), found.looks_like_access_token()),
                (id, access),
                "{members}"
            );
        }
    }

    #[test]
    fn debug_shows_no_claim() {
        assert_eq!(
            format!("{:?}", claims(&json!({"email": "alice@example.com"}))),
            "UnverifiedClaims(1 members)"
        );
    }
}
