//! Checks the application: whether the issuer knows it, with this redirect URI, and whether it is a public client.

use http::Method;
use http::header::{CONTENT_TYPE, LOCATION};
use reqwest::Url;

use super::messages::{Meaning, Message};
use super::metadata::MetadataDocument;
use super::{Doctor, Fact, Skip, capabilities};
use crate::commands::no_answer;
use crate::commands::probe::{NoAnswer, Probe, ProbeAnswer};
use crate::commands::report::{Check, CheckOutcome};
use crate::token;

const CLIENT: Check = Check::new(
    "client",
    "`login_required` at the redirect URI, in answer to an authorization request with prompt=none",
    "OpenID Connect Core 1.0, section 3.1.2.6; \
     https://developer.okta.com/docs/guides/implement-grant-type/authcodepkce/main/",
);

const CLIENT_TYPE: Check = Check::new(
    "client_type",
    "`invalid_grant` from the token endpoint, in answer to a made-up code without a client secret",
    "RFC 6749, sections 2.1 and 5.2; \
     https://developer.okta.com/docs/guides/implement-grant-type/authcodepkce/main/",
);

/// A PKCE pair: the example of RFC 7636, appendix B. No sign-in uses it.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The form of a token request with a code that no issuer has issued.
pub(super) fn made_up_code(doctor: &Doctor, client_id: &str) -> String {
    let mut pairs = vec![
        ("grant_type", "authorization_code"),
        ("client_id", client_id),
        ("code", "made-up-by-cargo-local-doctor"),
        ("code_verifier", VERIFIER),
    ];
    if let Some(redirect_uri) = &doctor.redirect_uri {
        pairs.push(("redirect_uri", redirect_uri));
    }
    token::form(&pairs)
}

/// The issuer's response about the application.
#[derive(Debug)]
pub(super) enum ClientVerdict {
    /// The request succeeded with this code.
    Reached(String),
    /// The issuer sent an error.
    Error(Message),
    /// Another response.
    Other { found: String, advice: String },
}

impl ClientVerdict {
    pub(super) fn is_unknown_client(&self) -> bool {
        matches!(self, Self::Error(message) if message.meaning() == Some(Meaning::UnknownClient))
    }

    fn of_failure(failure: &NoAnswer) -> Self {
        let (found, advice) = no_answer::explain(failure);
        Self::Other { found, advice }
    }
}

/// Sends an authorization request for which no page may be shown.
pub(super) async fn request(
    doctor: &Doctor,
    metadata: Fact<MetadataDocument<'_>>,
    probe: &Probe,
) -> Fact<ClientVerdict> {
    let metadata = metadata?;
    let client_id = doctor.client_id.as_deref();
    let client_id = client_id.ok_or(Skip::Option("--client-id"))?;
    let redirect_uri = doctor.redirect_uri.as_deref();
    let redirect_uri = redirect_uri.ok_or(Skip::Option("--redirect-uri"))?;
    let parameters = [
        ("response_type", "code"),
        ("client_id", client_id),
        ("redirect_uri", redirect_uri),
        ("scope", &known_scopes(doctor, metadata)),
        ("state", "doctor"),
        ("nonce", "doctor"),
        ("prompt", "none"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let url = match metadata.endpoint("authorization_endpoint") {
        Ok(endpoint) => Url::parse_with_params(&endpoint, parameters),
        Err((found, advice)) => return Ok(ClientVerdict::Other { found, advice }),
    };
    let Ok(url) = url else {
        return Err(Skip::After("metadata"));
    };
    Ok(match probe.get(url.as_str()).await {
        Ok(answer) => of_authorization(&answer, &url, redirect_uri),
        Err(failure) => ClientVerdict::of_failure(&failure),
    })
}

/// The wanted scopes, without those that `scopes` reports as missing, with which the issuer would reject the request.
fn known_scopes(doctor: &Doctor, metadata: MetadataDocument<'_>) -> String {
    let wanted = doctor.scope.as_deref().unwrap_or("openid");
    let missing = capabilities::missing(metadata, wanted).unwrap_or_default();
    let known = wanted.split_ascii_whitespace();
    let known: Vec<&str> = known.filter(|scope| !missing.contains(scope)).collect();
    if known.is_empty() {
        "openid".to_owned()
    } else {
        known.join(" ")
    }
}

fn of_authorization(answer: &ProbeAnswer, url: &Url, redirect_uri: &str) -> ClientVerdict {
    if !answer.status.is_redirection() {
        return match Message::of_answer(answer) {
            Some(message) => ClientVerdict::Error(message),
            None => ClientVerdict::Other {
                found: format!("status {}", answer.status.as_u16()),
                advice: "open the authorization endpoint in a browser".to_owned(),
            },
        };
    }
    let location = answer.header(&LOCATION).unwrap_or_default();
    let location = url.join(&location).ok();
    let Some(location) = location.filter(|location| leads_to(location, redirect_uri)) else {
        return ClientVerdict::Other {
            found: "a redirect to another address than the redirect URI".to_owned(),
            advice: "the issuer shows a page although the request says prompt=none: sign in with --sign-in to see what \
                     it asks for"
                .to_owned(),
        };
    };
    let parameter = |name: &str| {
        let found = location.query_pairs().find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned())
    };
    match parameter("error") {
        None => ClientVerdict::Reached("code".to_owned()),
        Some(error) => {
            let message = Message::of_redirect(&error, parameter("error_description").as_deref());
            if message.meaning() == Some(Meaning::LoginRequired) {
                ClientVerdict::Reached(error)
            } else {
                ClientVerdict::Error(message)
            }
        }
    }
}

/// Whether a redirect goes to this redirect URI, with parameters added.
fn leads_to(location: &Url, redirect_uri: &str) -> bool {
    let bare = |url: &Url| {
        let mut url = url.clone();
        url.set_query(None);
        url.set_fragment(None);
        url
    };
    Url::parse(redirect_uri).is_ok_and(|redirect_uri| bare(&redirect_uri) == bare(location))
}

/// Runs the check `client`.
pub(super) fn check(verdict: Fact<ClientVerdict>) -> CheckOutcome {
    match verdict {
        Err(skip) => CLIENT.skip(skip),
        Ok(ClientVerdict::Reached(code)) => CLIENT.pass(code),
        Ok(ClientVerdict::Other { found, advice }) => CLIENT.fail(found, advice),
        Ok(ClientVerdict::Error(message)) => {
            let advice = message.advice(
                "look the error up in the issuer's log (Okta: Reports > System Log) at this minute",
            );
            CLIENT.fail(message.to_string(), advice)
        }
    }
}

/// Sends a token request with a made-up code and no secret.
pub(super) async fn redeem(
    doctor: &Doctor,
    metadata: Fact<MetadataDocument<'_>>,
    probe: &Probe,
) -> Fact<ClientVerdict> {
    let metadata = metadata?;
    let client_id = doctor.client_id.as_deref();
    let client_id = client_id.ok_or(Skip::Option("--client-id"))?;
    let endpoint = match metadata.endpoint("token_endpoint") {
        Ok(endpoint) => endpoint,
        Err((found, advice)) => return Ok(ClientVerdict::Other { found, advice }),
    };
    let request = probe
        .request(Method::POST, &endpoint)
        .header(CONTENT_TYPE, token::FORM)
        .body(made_up_code(doctor, client_id));
    Ok(match probe.send(request).await {
        Ok(answer) if answer.status.is_success() => ClientVerdict::Reached("a success".to_owned()),
        Ok(answer) => match Message::of_answer(&answer) {
            Some(message) => ClientVerdict::Error(message),
            None => ClientVerdict::Other {
                found: format!("status {}", answer.status.as_u16()),
                advice: "check `token_endpoint` of the metadata".to_owned(),
            },
        },
        Err(failure) => ClientVerdict::of_failure(&failure),
    })
}

pub(super) fn client_type(verdict: Fact<ClientVerdict>) -> CheckOutcome {
    let message = match verdict {
        Err(skip) => return CLIENT_TYPE.skip(skip),
        Ok(ClientVerdict::Other { found, advice }) => return CLIENT_TYPE.fail(found, advice),
        // The body is not shown, because it may contain tokens.
        Ok(ClientVerdict::Reached(found)) => {
            return CLIENT_TYPE.fail(
                format!("{found}: the issuer accepts a code that it never issued"),
                "use another issuer: this one is a mock that accepts any code",
            );
        }
        Ok(ClientVerdict::Error(message)) => message,
    };
    let found = message.to_string();
    match message.meaning() {
        Some(Meaning::WrongCode) => CLIENT_TYPE.pass(found),
        Some(meaning @ (Meaning::SecretWanted | Meaning::UnknownClient)) => {
            CLIENT_TYPE.fail(found, meaning.advice())
        }
        Some(meaning) => CLIENT_TYPE.warn(found, meaning.advice()),
        None => CLIENT_TYPE.warn(
            found,
            "the answer says nothing about the type: check in Applications > your application that it is a \
             Single-Page App",
        ),
    }
}
