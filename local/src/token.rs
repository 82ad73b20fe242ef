//! A sign-in by Authorization Code with PKCE, like a browser's but without one.

mod authorization_request;
mod error;
mod hop;
mod page;
mod secrets;
mod token_request;
mod walk;

use reqwest::Url;
use serde::Deserialize;

pub(crate) use self::authorization_request::AuthorizationRequest;
pub(crate) use self::error::TokenError;
pub(crate) use self::hop::Hop;
pub(crate) use self::hop::Hops;
use self::token_request::{Body, TokenRequest};

use crate::binding_key::BindingKey;
use crate::issuer;
use crate::stack_file::StackFile;

/// The scopes of a user who has signed in on the pages.
pub(crate) const DEFAULT_SCOPE: &str = "openid profile email groups state:read state:write";

/// The issuer and the client of a sign-in.
#[derive(Clone, Debug)]
pub(crate) struct SignIn<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    /// The redirect URI. No server needs to listen there.
    pub(crate) redirect_uri: String,
}

/// The part of the issuer's metadata that a sign-in needs.
#[derive(Deserialize)]
pub(crate) struct Endpoints {
    issuer: String,
    pub(crate) authorization_endpoint: String,
    pub(crate) token_endpoint: String,
}

#[derive(Deserialize)]
struct TokenResponse {
    access_token: String,
    token_type: String,
    id_token: Option<String>,
}

impl<'a> SignIn<'a> {
    /// The sign-in at a running stack's issuer. Fails if that is a real issuer.
    pub(crate) fn at(stack: &'a StackFile) -> Result<Self, TokenError> {
        if stack.issuer_pid.is_none() {
            return Err(TokenError::RealIssuer {
                issuer: stack.issuer.clone(),
            });
        }
        Ok(Self::for_client(stack))
    }

    /// The sign-in of a running stack's pages, at any issuer.
    pub(crate) fn for_client(stack: &'a StackFile) -> Self {
        Self {
            issuer: &stack.issuer,
            client_id: &stack.client_id,
            redirect_uri: issuer::redirect_uri(&stack.web),
        }
    }

    /// Signs a user in and returns the access token, which is bound to `key` if there is one. Fails if the issuer
    /// rejects the user, the client or a scope.
    pub(crate) async fn access_token(
        &self,
        client: &reqwest::Client,
        user: &str,
        scope: &str,
        bind_to: Option<&BindingKey>,
        hops: &mut Hops,
    ) -> Result<String, TokenError> {
        let endpoints = self.endpoints(client, hops).await;
        let endpoints = endpoints.map_err(|error| match error {
            TokenError::NoAnswer { issuer } => TokenError::NotRunning { issuer },
            error => error,
        })?;
        let request = self.authorization_request(&endpoints.authorization_endpoint, scope)?;
        request.print_challenge(hops);
        let callback = self.walk(client, request.url.clone(), user, hops).await?;
        let code = self.code(&callback, &request.state)?;
        let token_endpoint = &endpoints.token_endpoint;
        self.redeem(client, token_endpoint, &request, &code, bind_to, hops)
            .await
    }

    /// The endpoints in the issuer's metadata. Fails if the issuer does not answer, or answers with another document.
    pub(crate) async fn endpoints(
        &self,
        client: &reqwest::Client,
        hops: &mut Hops,
    ) -> Result<Endpoints, TokenError> {
        let url = parsed(&format!("{}/.well-known/openid-configuration", self.issuer))?;
        let mut hop = Hop::request("Read the issuer's metadata", "GET", &url, "");
        let answer = client.get(url.clone()).send().await;
        let answer = answer.map_err(|_| TokenError::NoAnswer {
            issuer: self.issuer.to_owned(),
        })?;
        let endpoints: Endpoints = Body::read(answer, &url, &mut hop, hops).await?.json()?;
        if endpoints.issuer != self.issuer {
            return Err(TokenError::Flow(format!(
                "expected the issuer {}, found {}",
                self.issuer, endpoints.issuer
            )));
        }
        Ok(endpoints)
    }

    /// Exchanges the code for tokens and returns the access token. Fails if the issuer refuses, or its tokens belong
    /// to another request or are not bound to the key.
    pub(crate) async fn redeem(
        &self,
        client: &reqwest::Client,
        endpoint: &str,
        request: &AuthorizationRequest,
        code: &str,
        bind_to: Option<&BindingKey>,
        hops: &mut Hops,
    ) -> Result<String, TokenError> {
        hops.hide(code);
        let token_request = TokenRequest {
            client,
            endpoint: parsed(endpoint)?,
            form: self.token_form(request, code),
        };
        let tokens: TokenResponse = token_request.send(bind_to, hops).await?.json()?;
        request.check_nonce(tokens.id_token.as_deref())?;
        if bind_to.is_some() && !tokens.token_type.eq_ignore_ascii_case("DPoP") {
            return Err(TokenError::Flow(format!(
                "expected a token of the type DPoP, found {}: the issuer does not bind tokens for this client",
                tokens.token_type
            )));
        }
        Ok(tokens.access_token)
    }

    /// The code in the answer, checked against the request (RFC 6749, section 4.1.2; RFC 9207). Fails if the answer
    /// is an error or does not belong to the request.
    pub(crate) fn code(&self, callback: &Url, state: &str) -> Result<String, TokenError> {
        let parameter = |wanted: &str| {
            callback
                .query_pairs()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value.into_owned())
        };
        if let Some(error) = parameter("error") {
            return Err(TokenError::Refused(format!(
                "{error}: {}",
                parameter("error_description").unwrap_or_default()
            )));
        }
        if parameter("state").as_deref() != Some(state) {
            return Err(TokenError::Flow(
                "the state of the answer is not the one that was sent".to_owned(),
            ));
        }
        if parameter("iss").is_some_and(|iss| iss != self.issuer) {
            return Err(TokenError::Flow(
                "the answer is from another issuer".to_owned(),
            ));
        }
        parameter("code").ok_or_else(|| TokenError::Flow("the answer has no code".to_owned()))
    }
}

/// The titles of hops.
pub(crate) const AUTHORIZE: &str = "Request an authorization code (RFC 6749, section 4.1.1)";
const EXCHANGE: &str = "Exchange the code for tokens (RFC 6749, section 4.1.3)";

/// Flags of curl: the head of the response, and a file with cookies.
const WITH_COOKIES: &str = " -i -b jar -c jar";

const DPOP: &str = "dpop";
const DPOP_NONCE: &str = "dpop-nonce";

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is a function to map errors by"
)]
fn flow(error: reqwest::Error) -> TokenError {
    TokenError::Flow(error.to_string())
}

fn parsed(url: &str) -> Result<Url, TokenError> {
    Url::parse(url).map_err(|error| TokenError::Flow(format!("`{url}`: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_the_issuer() {
        fn check(query: &str, expected: Result<&str, &str>) {
            let redirect_uri = "http://127.0.0.1:8080/callback.html".to_owned();
            let sign_in = SignIn {
                issuer: "http://i",
                client_id: "web",
                redirect_uri,
            };
            let url = Url::parse(&format!("http://127.0.0.1:8080/callback.html?{query}")).unwrap();
            match (sign_in.code(&url, "s"), expected) {
                (Ok(code), Ok(expected)) => assert_eq!(code, expected, "{query}"),
                (Err(error), Err(expected)) => {
                    assert!(error.to_string().contains(expected), "{query}: {error}")
                }
                (found, expected) => panic!("{query}: found {found:?}, expected {expected:?}"),
            }
        }
        check("code=c&state=s", Ok("c"));
        check("code=c&state=s&iss=http%3A%2F%2Fi", Ok("c"));
        check(
            "code=c&state=other",
            Err("the state of the answer is not the one"),
        );
        check("code=c", Err("the state of the answer is not the one"));
        check(
            "code=c&state=s&iss=http%3A%2F%2Fevil",
            Err("another issuer"),
        );
        check(
            "error=invalid_scope&error_description=no",
            Err("invalid_scope: no"),
        );
        check("state=s", Err("no code"));
    }
}
