//! A sign-in by Authorization Code with PKCE, like a browser's but without one.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use http::header::{CONTENT_TYPE, COOKIE, LOCATION};
use reqwest::Url;
use serde::Deserialize;

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
    /// The issuer is a real one.
    #[error("{issuer} is a real issuer: sign in at {web} in a browser")]
    RealIssuer {
        issuer: String,
        /// The pages.
        web: String,
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

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
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
                web: stack.web.clone(),
            });
        }
        let redirect_uri = issuer::redirect_uri(&stack.web);
        Ok(Self {
            issuer: &stack.issuer,
            client_id: &stack.client_id,
            redirect_uri,
        })
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
    ) -> Result<String, TokenError> {
        let not_running = |_| TokenError::NotRunning {
            issuer: self.issuer.to_owned(),
        };
        let answer = client
            .get(format!("{}/.well-known/openid-configuration", self.issuer))
            .send()
            .await
            .map_err(not_running)?;
        let metadata: Metadata = json(answer).await?;
        if metadata.issuer != self.issuer {
            return Err(TokenError::Flow(format!(
                "expected the issuer {}, found {}",
                self.issuer, metadata.issuer
            )));
        }
        let request = self.authorization_request(&metadata.authorization_endpoint, scope)?;
        let callback = self.walk(client, request.url.clone(), user).await?;
        let code = self.code(&callback, &request.state)?;
        let form = self.token_form(&request, &code);
        let answer = request_tokens(client, &metadata.token_endpoint, &form, bind_to).await?;
        let tokens: Tokens = json(answer).await?;
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
    ) -> Result<Url, TokenError> {
        let mut cookies = Cookies::default();
        let mut url = authorize;
        let mut body = None;
        for _ in 0..MAX_STEPS {
            let request = match body.take() {
                Some(body) => client
                    .post(url.clone())
                    .header(CONTENT_TYPE, FORM)
                    .body::<String>(body),
                None => client.get(url.clone()),
            };
            let answer = request
                .header(COOKIE, cookies.header(url.path()))
                .send()
                .await
                .map_err(flow)?;
            cookies.take(answer.headers());
            let status = answer.status();
            if status.is_redirection() {
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
            if status != StatusCode::OK {
                return Err(TokenError::Refused(format!("{status}: {}", page.trim())));
            }
            let users = page::users(&page);
            if !users.iter().any(|known| known == user) {
                let (user, known) = (user.to_owned(), users.join(", "));
                return Err(TokenError::UnknownUser { user, known });
            }
            let action = page::form_action(&page).unwrap_or_default();
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
}

impl AuthorizationRequest {
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

/// Sends a token request. With a key it is sent once more where the issuer asks for a nonce (RFC 9449, section 8).
async fn request_tokens(
    client: &reqwest::Client,
    endpoint: &str,
    form: &str,
    bind_to: Option<&BindingKey>,
) -> Result<reqwest::Response, TokenError> {
    let request = client
        .post(endpoint)
        .header(CONTENT_TYPE, FORM)
        .body(form.to_owned());
    let Some(key) = bind_to else {
        return request.send().await.map_err(flow);
    };
    let proof = |nonce: Option<&str>| {
        let of = ProofOf {
            method: "POST",
            url: endpoint,
            issued_at: SystemClock.now().unix_timestamp(),
            nonce,
            token: None,
        };
        key.proof(&of)
            .map_err(|_| TokenError::Flow("the system has no random bytes".to_owned()))
    };
    let again = request.try_clone();
    let answer = request
        .header(DPOP, proof(None)?)
        .send()
        .await
        .map_err(flow)?;
    let nonce = answer
        .headers()
        .get(DPOP_NONCE)
        .and_then(|nonce| nonce.to_str().ok());
    match (answer.status(), nonce, again) {
        (StatusCode::BAD_REQUEST, Some(nonce), Some(again)) => again
            .header(DPOP, proof(Some(nonce))?)
            .send()
            .await
            .map_err(flow),
        _ => Ok(answer),
    }
}

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

async fn json<T: serde::de::DeserializeOwned>(answer: reqwest::Response) -> Result<T, TokenError> {
    let (status, url) = (answer.status(), answer.url().to_string());
    let body = answer.text().await.map_err(flow)?;
    if !status.is_success() {
        return Err(TokenError::Refused(format!("{status} at {url}: {body}")));
    }
    serde_json::from_str(&body).map_err(|error| TokenError::Flow(format!("{url}: {error}")))
}

/// A claim that is a string, unverified.
fn claim(token: &str, name: &str) -> Option<String> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&payload).ok()?;
    claims.get(name)?.as_str().map(str::to_owned)
}

/// The issuer's sign-in page: one form, with a button for each user.
mod page {
    /// The action of the first form.
    pub(super) fn form_action(page: &str) -> Option<String> {
        tags(page, "form").find_map(|tag| attribute(tag, "action"))
    }

    /// The users to choose from.
    pub(super) fn users(page: &str) -> Vec<String> {
        tags(page, "button")
            .chain(tags(page, "input"))
            .filter(|tag| attribute(tag, "name").as_deref() == Some("user"))
            .filter_map(|tag| attribute(tag, "value"))
            .collect()
    }

    /// The text between `<name ` and `>` of each such tag.
    fn tags<'a>(page: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
        page.split('<').filter_map(move |rest| {
            let attributes = rest.strip_prefix(name)?;
            let (attributes, _) = attributes.split_once('>')?;
            attributes
                .starts_with(char::is_whitespace)
                .then_some(attributes)
        })
    }

    fn attribute(tag: &str, name: &str) -> Option<String> {
        let start = format!("{name}=\"");
        let (_, after) = tag
            .split_once(&start)
            .filter(|(before, _)| before.ends_with(char::is_whitespace))?;
        let (value, _) = after.split_once('"')?;
        Some(
            value
                .replace("&amp;", "&")
                .replace("&quot;", "\"")
                .replace("&#39;", "'"),
        )
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_form_and_its_users() {
            let page = r#"<h1>Sign in</h1><formality action="no">
                <form method="post" action="/interaction/1?a=b&amp;c=d">
                <button type="submit" name="user" value="alice">Alice</button>
                <button value="ada" name="user">Ada</button>
                <button name="cancel" value="yes">Cancel</button></form>"#;
            assert_eq!(form_action(page).as_deref(), Some("/interaction/1?a=b&c=d"));
            assert_eq!(users(page), ["alice", "ada"]);
            assert_eq!(form_action("<p>"), None);
        }
    }
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
