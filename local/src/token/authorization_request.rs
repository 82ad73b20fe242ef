//! The request for a code, with PKCE (RFC 6749, section 4.1.1; RFC 7636).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Url;

use super::error::TokenError;
use super::hop::{Hop, Hops};
use super::{SignIn, form};
use crate::random;

/// A request for a code, and the values that its answer must match.
pub(crate) struct AuthorizationRequest {
    pub(crate) url: Url,
    /// The value that the answer must return.
    pub(crate) state: String,
    verifier: String,
    nonce: String,
    challenge: String,
}

impl SignIn<'_> {
    /// An authorization request with PKCE, to be opened in a browser. Fails if the endpoint is not a URL, or the
    /// system has no random bytes.
    pub(crate) fn authorization_request(
        &self,
        endpoint: &str,
        scope: &str,
    ) -> Result<AuthorizationRequest, TokenError> {
        let (verifier, state, nonce) = (random::secret()?, random::secret()?, random::secret()?);
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", scope),
            ("state", &state),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        // Only OpenID Connect has a nonce: without `openid` the flow is plain OAuth, without an ID token.
        if scope.split(' ').any(|scope| scope == "openid") {
            parameters.push(("nonce", &nonce));
        }
        let url = Url::parse_with_params(endpoint, parameters);
        let url = url.map_err(|error| TokenError::Flow(error.to_string()))?;
        Ok(AuthorizationRequest {
            url,
            state,
            verifier,
            nonce,
            challenge,
        })
    }

    /// The form of the token request that redeems the code.
    pub(crate) fn token_form(&self, request: &AuthorizationRequest, code: &str) -> String {
        form(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("client_id", self.client_id),
            ("code_verifier", &request.verifier),
        ])
    }
}

impl AuthorizationRequest {
    /// Prints the step that makes the verifier and its challenge.
    pub(crate) fn print_challenge(&self, hops: &mut Hops) {
        hops.hide(&self.verifier);
        let mut hop = Hop::new("Make a code verifier and its challenge (RFC 7636, section 4)");
        hop.parameter("code_verifier", &self.verifier);
        hop.parameter("code_challenge", &self.challenge);
        hop.command("$ VERIFIER=$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=')");
        hop.command(
            "$ CHALLENGE=$(printf %s \"$VERIFIER\" | openssl dgst -sha256 -binary | base64 | tr '+/' '-_' | tr -d '=')",
        );
        hops.print(&hop);
    }

    /// Checks that the ID token, if there is one, belongs to this request. It comes from the issuer itself, so its
    /// signature needs no check (OpenID Connect Core 1.0, section 3.1.3.7). Fails if it has another nonce.
    pub(crate) fn check_nonce(&self, id_token: Option<&str>) -> Result<(), TokenError> {
        match id_token.map(|id_token| claim(id_token, "nonce")) {
            Some(nonce) if nonce.as_deref() != Some(self.nonce.as_str()) => Err(TokenError::Flow(
                "the nonce of the ID token is not the one that was sent".to_owned(),
            )),
            Some(_) | None => Ok(()),
        }
    }
}

/// A claim that is a string, unverified.
fn claim(token: &str, name: &str) -> Option<String> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&payload).ok()?;
    claims.get(name)?.as_str().map(str::to_owned)
}
