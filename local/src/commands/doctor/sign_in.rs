//! `sign_in`: the real flow, hop by hop, with a user at the browser. Nothing is written to disk.

use std::io;

use http::Method;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use super::messages::Message;
use super::metadata::MetadataDocument;
use super::token::{Examined, shown};
use super::{Doctor, Fact, Skip};
use crate::commands::callback::{Callback, CallbackPage, Listener, SignInError};
use crate::commands::no_answer;
use crate::commands::probe::Probe;
use crate::commands::report::{Check, CheckOutcome};
use crate::progress;
use crate::token::{self, AuthorizationRequest, SignIn, TokenError};

const SIGN_IN: Check = Check::new(
    "sign_in",
    "an access token in exchange for the code of a sign-in in the browser",
    "RFC 6749, section 4.1; RFC 7636; \
     https://developer.okta.com/docs/guides/implement-grant-type/authcodepkce/main/",
);

/// The issued tokens. It is not `Debug`, because these are secrets.
pub(super) struct Tokens {
    pub(super) access_token: String,
    /// Secrets that no output may contain.
    pub(super) secrets: Vec<String>,
}

/// The sign-in, if it was requested and can begin.
pub(super) async fn walk(
    doctor: &Doctor,
    metadata: Fact<MetadataDocument<'_>>,
    client: Fact<()>,
    probe: &Probe,
) -> Fact<Result<Tokens, SignInError>> {
    if !doctor.sign_in {
        return Err(Skip::Option("--sign-in"));
    }
    let metadata = metadata?;
    let client_id = doctor.client_id.as_deref();
    let client_id = client_id.ok_or(Skip::Option("--client-id"))?;
    let redirect_uri = doctor.redirect_uri.as_deref();
    let redirect_uri = redirect_uri.ok_or(Skip::Option("--redirect-uri"))?;
    client?;
    let flow = Flow {
        doctor,
        metadata,
        probe,
        sign_in: SignIn {
            issuer: &doctor.issuer,
            client_id,
            redirect_uri: redirect_uri.to_owned(),
        },
    };
    Ok(flow.run().await)
}

struct Flow<'d> {
    doctor: &'d Doctor,
    metadata: MetadataDocument<'d>,
    probe: &'d Probe,
    sign_in: SignIn<'d>,
}

impl Flow<'_> {
    async fn run(&self) -> Result<Tokens, SignInError> {
        let redirect_uri = &self.sign_in.redirect_uri;
        let mut listener = Listener::bind(redirect_uri).await?;
        let scope = self.doctor.scope.as_deref().unwrap_or("openid");
        let endpoint = self.endpoint("authorization_endpoint")?;
        let request = self
            .sign_in
            .authorization_request(&endpoint, scope)
            .map_err(|error| SignInError::new(error.to_string(), "run the command again"))?;
        self.say(&format!(
            "\nopen this URL in a private window and sign in:\n\n  {}\n\n  1  browser  GET {endpoint}?…",
            request.url
        ));
        let callback = listener.wait(&request).await?;
        self.say(&format!(
            "  2  browser  GET {redirect_uri}?{}",
            callback.shown()
        ));
        let outcome = match self.sign_in.code(&callback.url, &request.state) {
            Ok(code) => self.redeem(&request, &code).await,
            Err(error) => Err(stopped_by(&callback, &error)),
        };
        let page = match &outcome {
            Ok(_) => CallbackPage::signed_in(),
            Err(stopped) => CallbackPage::stopped(&stopped.found, &stopped.advice),
        };
        callback.answer(page);
        listener.close().await;
        self.say("");
        outcome
    }

    async fn redeem(
        &self,
        request: &AuthorizationRequest,
        code: &str,
    ) -> Result<Tokens, SignInError> {
        let endpoint = self.endpoint("token_endpoint")?;
        self.say(&format!(
            "  3  doctor   POST {endpoint}  grant_type=authorization_code&code=…&code_verifier=…"
        ));
        let post = self
            .probe
            .request(Method::POST, &endpoint)
            .header(CONTENT_TYPE, token::FORM)
            .body(self.sign_in.token_form(request, code));
        let answer = self.probe.send(post).await.map_err(|failure| {
            let (found, advice) = no_answer::explain(&failure);
            SignInError { found, advice }
        })?;
        if !answer.status.is_success() {
            self.say(&format!("  4           {}", answer.status.as_u16()));
            return Err(Message::of_answer(&answer).map_or_else(
                || {
                    SignInError::new(
                        format!("status {} from the token endpoint", answer.status.as_u16()),
                        "check `token_endpoint` of the metadata",
                    )
                },
                |message| stopped_by_message(&message),
            ));
        }
        // No error shows the body, because it contains tokens.
        let body: Map<String, Value> = serde_json::from_slice(&answer.body).unwrap_or_default();
        self.say(&format!("  4           200  {}", members(&body)));
        let string = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let Some(access_token) = string("access_token") else {
            return Err(SignInError::new(
                "a token response without `access_token`",
                "use a token endpoint as RFC 6749, section 5.1 describes it",
            ));
        };
        let id_token = string("id_token");
        request
            .check_nonce(id_token.as_deref())
            .map_err(|error| SignInError::new(error.to_string(), "sign in again"))?;
        let mut secrets = vec![access_token.clone(), code.to_owned()];
        secrets.extend(id_token);
        secrets.extend(string("refresh_token"));
        Ok(Tokens {
            access_token,
            secrets,
        })
    }

    fn endpoint(&self, name: &'static str) -> Result<String, SignInError> {
        self.metadata
            .endpoint(name)
            .map_err(|(found, advice)| SignInError { found, advice })
    }

    /// Reports a hop as it happens. Standard output is reserved for the JSON document, if one was requested.
    fn say(&self, text: &str) {
        if self.doctor.json {
            progress::line(text);
        } else {
            // The report detects a closed terminal.
            let _: io::Result<()> = progress::print(&format!("{text}\n"));
        }
    }
}

fn stopped_by_message(message: &Message) -> SignInError {
    let advice = message.advice(
        "look the error up in the issuer's log (Okta: Reports > System Log) at this minute",
    );
    SignInError::new(message.to_string(), advice)
}

fn stopped_by(callback: &Callback, error: &TokenError) -> SignInError {
    match callback.parameter("error") {
        Some(code) => {
            let description = callback.parameter("error_description");
            stopped_by_message(&Message::of_redirect(&code, description.as_deref()))
        }
        None => SignInError::new(error.to_string(), "sign in again"),
    }
}

/// The members of a token response, without the tokens.
fn members(body: &Map<String, Value>) -> String {
    let member = |(name, value): (&String, &Value)| match (name.as_str(), value) {
        ("access_token" | "id_token" | "refresh_token", Value::String(token)) => {
            format!("{name} ({} bytes)", token.len())
        }
        ("expires_in" | "scope" | "token_type", value) => {
            format!("{name} {}", shown::value(Some(value)))
        }
        _ => name.clone(),
    };
    let members: Vec<String> = body.iter().map(member).collect();
    members.join(", ")
}

/// `sign_in`: `judged` are the checks of the new token, if the report does not list them.
pub(super) fn check(
    walked: Fact<Result<&Examined, &SignInError>>,
    judged: &[CheckOutcome],
) -> CheckOutcome {
    let token = match walked {
        Err(skip) => return SIGN_IN.skip(skip),
        Ok(Err(stopped)) => return SIGN_IN.fail(&*stopped.found, &*stopped.advice),
        Ok(Ok(token)) => token,
    };
    let found = format!("signed in as {}", token.subject());
    let failed: Vec<&str> = judged
        .iter()
        .filter(|outcome| outcome.is_fail())
        .map(|outcome| outcome.id)
        .collect();
    if failed.is_empty() {
        SIGN_IN.pass(found)
    } else {
        SIGN_IN.fail(
            format!(
                "{found}; the token that it returned fails {}",
                failed.join(", ")
            ),
            "run the command without --token: then these checks judge the token of the sign-in",
        )
    }
}
