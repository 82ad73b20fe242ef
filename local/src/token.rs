//! A sign-in by Authorization Code with PKCE, like a browser's but without one.

mod hop;
mod page;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use http::header::{CONTENT_TYPE, COOKIE, LOCATION};
use reqwest::Url;
use serde::Deserialize;

pub(crate) use self::hop::Hop;
pub use self::hop::Hops;

use crate::binding_key::{BindingKey, ProofOf};
use crate::clock::{Clock as _, SystemClock};
use crate::cookies::Cookies;
use crate::issuer;
use crate::random;
use crate::stack_file::StackFile;

/// The scopes of a user who has signed in on the pages.
pub const DEFAULT_SCOPE: &str = "openid profile email groups state:read state:write";

/// The maximum number of redirects and forms in one sign-in.
const MAX_STEPS: usize = 12;

/// The sign-in failed.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The issuer does not answer.
    #[error(
        "no issuer answers at {issuer}: start `cargo local` in another terminal and wait for `ready`"
    )]
    NotRunning {
        /// The address that was tried.
        issuer: String,
    },
    /// A real issuer does not answer.
    #[error("no answer from {issuer}: `cargo local doctor --issuer {issuer}` finds out why")]
    NoAnswer {
        /// The address that was tried.
        issuer: String,
    },
    /// The issuer is a real one, and the users of the local one are unknown to it.
    #[error(
        "{issuer} is a real issuer: get a token with `cargo local token` and put it into the event"
    )]
    RealIssuer {
        /// Its URL.
        issuer: String,
    },
    #[error("no user is named `{user}`: expected one of {known}")]
    UnknownUser { user: String, known: String },
    #[error("the issuer refused: {0}")]
    Refused(String),
    /// The issuer's response is not a step of a sign-in.
    #[error("the sign-in cannot continue: {0}")]
    Flow(String),
}

/// The issuer to sign in at, and as which client.
#[derive(Clone, Debug)]
pub struct SignIn<'a> {
    /// The exact issuer.
    pub issuer: &'a str,
    pub client_id: &'a str,
    /// The redirect URI. No server needs to listen there.
    pub redirect_uri: String,
}

/// What a sign-in needs of the issuer's metadata.
#[derive(Deserialize)]
pub(crate) struct Endpoints {
    issuer: String,
    pub(crate) authorization_endpoint: String,
    pub(crate) token_endpoint: String,
}

#[derive(Deserialize)]
struct Tokens {
    access_token: String,
    token_type: String,
    id_token: Option<String>,
}

impl<'a> SignIn<'a> {
    /// The sign-in at a running stack's issuer.
    ///
    /// # Errors
    /// When that is a real issuer.
    pub fn at(stack: &'a StackFile) -> Result<Self, TokenError> {
        if stack.issuer_pid.is_none() {
            return Err(TokenError::RealIssuer {
                issuer: stack.issuer.clone(),
            });
        }
        Ok(Self::for_client(stack))
    }

    /// The sign-in of a running stack's pages, whatever its issuer.
    pub(crate) fn for_client(stack: &'a StackFile) -> Self {
        Self {
            issuer: &stack.issuer,
            client_id: &stack.client_id,
            redirect_uri: issuer::redirect_uri(&stack.web),
        }
    }

    /// Signs a user in and returns the access token, bound to a key where one is given.
    ///
    /// # Errors
    /// When the issuer rejects the user, the client or a scope.
    pub async fn access_token(
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

    /// The endpoints in the issuer's metadata.
    ///
    /// # Errors
    /// When the issuer does not answer, or answers with another document.
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

    /// Exchanges the code for tokens and returns the access token.
    ///
    /// # Errors
    /// When the issuer refuses, or its tokens belong to another request or are not bound to the key.
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
        let tokens: Tokens = token_request.send(bind_to, hops).await?.json()?;
        request.check_nonce(tokens.id_token.as_deref())?;
        if bind_to.is_some() && !tokens.token_type.eq_ignore_ascii_case("DPoP") {
            return Err(TokenError::Flow(format!(
                "expected a token of the type DPoP, found {}: the issuer does not bind tokens for this client",
                tokens.token_type
            )));
        }
        Ok(tokens.access_token)
    }

    /// An authorization request with PKCE, to be opened in a browser.
    ///
    /// # Errors
    /// When the endpoint is no URL, or the system has no random bytes.
    pub(crate) fn authorization_request(
        &self,
        endpoint: &str,
        scope: &str,
    ) -> Result<AuthorizationRequest, TokenError> {
        let secret = || {
            random::secret()
                .map_err(|_| TokenError::Flow("the system has no random bytes".to_owned()))
        };
        let (verifier, state, nonce) = (secret()?, secret()?, secret()?);
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

    /// Follows redirects and posts forms until the issuer redirects to the client.
    async fn walk(
        &self,
        client: &reqwest::Client,
        authorize: Url,
        user: &str,
        hops: &mut Hops,
    ) -> Result<Url, TokenError> {
        let mut cookies = Cookies::default();
        let mut url = authorize;
        let mut body: Option<String> = None;
        for step in 0..MAX_STEPS {
            let cookie = cookies.header(url.path());
            let (mut hop, request) = if let Some(body) = body.take() {
                let mut hop = Hop::request("Sign in on that page", "POST", &url, WITH_COOKIES);
                hop.cookies(&cookie);
                hop.form(&body);
                let request = client.post(url.clone()).header(CONTENT_TYPE, FORM);
                (hop, request.body(body))
            } else {
                let title = if step == 0 {
                    AUTHORIZE
                } else {
                    "Follow the redirect"
                };
                let mut hop = Hop::request(title, "GET", &url, WITH_COOKIES);
                hop.cookies(&cookie);
                (hop, client.get(url.clone()))
            };
            let answer = request.header(COOKIE, cookie).send().await;
            let answer = answer.map_err(flow)?;
            cookies.take(answer.headers());
            let status = answer.status();
            hop.answered(status, answer.headers(), &url);
            if status.is_redirection() {
                hops.print(&hop);
                let location = answer
                    .headers()
                    .get(LOCATION)
                    .and_then(|value| value.to_str().ok())
                    .unwrap_or_default();
                url = url
                    .join(location)
                    .map_err(|error| TokenError::Flow(format!("`{location}`: {error}")))?;
                if url.as_str().starts_with(&self.redirect_uri) {
                    return Ok(url);
                }
                continue;
            }
            let page = answer.text().await.map_err(flow)?;
            let users = page::users(&page);
            let action = page::form_action(&page).unwrap_or_default();
            if status == StatusCode::OK {
                hop.line(format!("< a form: POST {action} user={}", users.join("|")));
            }
            hops.print(&hop);
            if status != StatusCode::OK {
                return Err(TokenError::Refused(format!("{status}: {}", page.trim())));
            }
            if !users.iter().any(|known| known == user) {
                let (user, known) = (user.to_owned(), users.join(", "));
                return Err(TokenError::UnknownUser { user, known });
            }
            url = url
                .join(&action)
                .map_err(|error| TokenError::Flow(format!("`{action}`: {error}")))?;
            body = Some(form(&[("user", user)]));
        }
        Err(TokenError::Flow(format!(
            "the issuer took more than {MAX_STEPS} steps"
        )))
    }

    /// The code in the answer, checked against the request (RFC 6749, section 4.1.2; RFC 9207).
    ///
    /// # Errors
    /// When the answer is an error or does not belong to the request.
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

/// A request for a code, and the values that its answer must match.
pub(crate) struct AuthorizationRequest {
    /// What the browser opens.
    pub(crate) url: Url,
    /// Returned with the answer.
    pub(crate) state: String,
    verifier: String,
    nonce: String,
    challenge: String,
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

    /// The ID token, if there is one, belongs to this request. It comes from the issuer itself, so its signature needs
    /// no check (OpenID Connect Core 1.0, section 3.1.3.7).
    ///
    /// # Errors
    /// When it has another nonce.
    pub(crate) fn check_nonce(&self, id_token: Option<&str>) -> Result<(), TokenError> {
        match id_token.map(|id_token| claim(id_token, "nonce")) {
            Some(nonce) if nonce.as_deref() != Some(self.nonce.as_str()) => Err(TokenError::Flow(
                "the nonce of the ID token is not the one that was sent".to_owned(),
            )),
            Some(_) | None => Ok(()),
        }
    }
}

struct TokenRequest<'c> {
    client: &'c reqwest::Client,
    endpoint: Url,
    form: String,
}

impl TokenRequest<'_> {
    /// Sends it. With a key it is sent once more where the issuer asks for a nonce (RFC 9449, section 8).
    async fn send(
        &self,
        bind_to: Option<&BindingKey>,
        hops: &mut Hops,
    ) -> Result<Body, TokenError> {
        let Some(key) = bind_to else {
            return self.send_once(None, hops).await;
        };
        let answer = self.send_once(Some(&self.proof(key, None)?), hops).await?;
        match (answer.status, &answer.nonce) {
            (StatusCode::BAD_REQUEST, Some(nonce)) => {
                let proof = self.proof(key, Some(nonce))?;
                self.send_once(Some(&proof), hops).await
            }
            _ => Ok(answer),
        }
    }

    async fn send_once(&self, proof: Option<&str>, hops: &mut Hops) -> Result<Body, TokenError> {
        let mut hop = Hop::request(EXCHANGE, "POST", &self.endpoint, "");
        let request = self.client.post(self.endpoint.clone());
        let mut request = request.header(CONTENT_TYPE, FORM).body(self.form.clone());
        if let Some(proof) = proof {
            hop.proof(proof);
            request = request.header(DPOP, proof);
        }
        hop.form(&self.form);
        let answer = request.send().await.map_err(flow)?;
        Body::read(answer, &self.endpoint, &mut hop, hops).await
    }

    fn proof(&self, key: &BindingKey, nonce: Option<&str>) -> Result<String, TokenError> {
        let of = ProofOf {
            method: "POST",
            url: self.endpoint.as_str(),
            issued_at: SystemClock.now().unix_timestamp(),
            nonce,
            token: None,
        };
        key.proof(&of)
            .map_err(|_| TokenError::Flow("the system has no random bytes".to_owned()))
    }
}

/// A whole response that should be JSON.
struct Body {
    status: StatusCode,
    url: Url,
    nonce: Option<String>,
    text: String,
}

impl Body {
    /// Reads a response, and prints it as the end of its hop.
    async fn read(
        answer: reqwest::Response,
        url: &Url,
        hop: &mut Hop,
        hops: &mut Hops,
    ) -> Result<Self, TokenError> {
        let nonce = answer.headers().get(DPOP_NONCE);
        let nonce = nonce.and_then(|nonce| nonce.to_str().ok());
        let (status, nonce) = (answer.status(), nonce.map(str::to_owned));
        hop.answered(status, answer.headers(), url);
        let mut text = answer.text().await.map_err(flow)?;
        hop.members(&text);
        hops.print(hop);
        if !status.is_success() {
            text = hops.redacted(&text);
        }
        Ok(Self {
            status,
            url: url.clone(),
            nonce,
            text,
        })
    }

    fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, TokenError> {
        let (status, url, text) = (self.status, &self.url, &self.text);
        if !status.is_success() {
            return Err(TokenError::Refused(format!("{status} at {url}: {text}")));
        }
        serde_json::from_str(text).map_err(|error| TokenError::Flow(format!("{url}: {error}")))
    }
}

/// The titles of hops.
pub(crate) const AUTHORIZE: &str = "Request an authorization code (RFC 6749, section 4.1.1)";
const EXCHANGE: &str = "Exchange the code for tokens (RFC 6749, section 4.1.3)";

/// Flags of curl: the head of the response, and a file with cookies.
const WITH_COOKIES: &str = " -i -b jar -c jar";

const DPOP: &str = "dpop";
const DPOP_NONCE: &str = "dpop-nonce";

/// The media type of a form.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// Encodes a form.
pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    let url = Url::parse_with_params("http://form/", pairs);
    url.ok()
        .and_then(|url| url.query().map(str::to_owned))
        .unwrap_or_default()
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

/// A claim that is a string, unverified.
fn claim(token: &str, name: &str) -> Option<String> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&payload).ok()?;
    claims.get(name)?.as_str().map(str::to_owned)
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
