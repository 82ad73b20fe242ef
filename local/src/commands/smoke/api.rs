//! The API under test: its calls and its answers.

use std::fmt;
use std::str::FromStr;

use http::header::{AUTHORIZATION, CONTENT_TYPE, IF_MATCH, ORIGIN};
use http::{HeaderName, Method, StatusCode};
use reqwest::{RequestBuilder, Url};
use serde_json::Value;

use super::Smoke;
use crate::commands::UsageError;
use crate::commands::decision::CalledRoute;
use crate::commands::no_answer;
use crate::commands::pasted_token;
use crate::commands::probe::{Probe, ProbeAnswer};

/// A method and a path below the stage.
#[derive(Clone, Debug)]
pub(super) struct SmokeCall {
    pub(super) method: Method,
    pub(super) path: String,
}

impl FromStr for SmokeCall {
    type Err = UsageError;

    fn from_str(text: &str) -> Result<Self, UsageError> {
        let wrong = || UsageError::found("a method and a path such as \"GET /session\"", text);
        let (method, path) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let CalledRoute { method, path } =
            CalledRoute::parse(method, path.trim()).map_err(|_| wrong())?;
        Ok(Self { method, path })
    }
}

/// The API's address without a slash at the end.
pub(super) fn base(text: &str) -> Result<String, UsageError> {
    let url = Url::parse(text).map_err(UsageError::Url)?;
    if !matches!(url.scheme(), "http" | "https")
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(UsageError::Value("an http or https URL without a query"));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// An entity tag that no representation has.
const NEVER: &str = "\"cargo-local-smoke-never-matches\"";

/// The API and the calls to make.
#[derive(Debug)]
pub(super) struct SmokeApi<'s> {
    probe: &'s Probe,
    base: &'s str,
    pub(super) allowed: &'s SmokeCall,
    pub(super) guarded: &'s SmokeCall,
    pub(super) token: Option<&'s str>,
    pub(super) weak_token: Option<&'s str>,
    pub(super) expired_token: Option<&'s str>,
    pub(super) origin: Option<&'s str>,
}

impl<'s> SmokeApi<'s> {
    /// Fails if an option is not a bearer token, or the URL has a password. The parser of the options would show both.
    pub(super) fn new(smoke: &'s Smoke, probe: &'s Probe) -> Result<Self, UsageError> {
        let has_credentials = |url: Url| !url.username().is_empty() || url.password().is_some();
        if Url::parse(&smoke.api).is_ok_and(has_credentials) {
            let expected = "a URL without a user name and a password";
            return Err(UsageError::Option("--api", expected));
        }
        let bearer = |option, token: &'s Option<String>| {
            let token = token.as_deref();
            token
                .map(|token| pasted_token::bearer_of_option(option, token))
                .transpose()
        };
        Ok(Self {
            probe,
            base: &smoke.api,
            allowed: &smoke.allowed,
            guarded: &smoke.guarded,
            token: bearer("--token", &smoke.token)?,
            weak_token: bearer("--weak-token", &smoke.weak_token)?,
            expired_token: bearer("--expired-token", &smoke.expired_token)?,
            origin: smoke.origin.as_deref(),
        })
    }

    /// A request that changes nothing, whichever API receives it.
    pub(super) fn request(&self, method: &Method, path: &str) -> RequestBuilder {
        let request = self
            .probe
            .request(method.clone(), &format!("{}{path}", self.base));
        let request = match self.origin {
            Some(origin) => request.header(ORIGIN, origin),
            None => request,
        };
        if method.is_safe() {
            request
        } else {
            request
                .header(IF_MATCH, NEVER)
                .header(CONTENT_TYPE, "application/json")
        }
    }

    pub(super) async fn send(&self, request: RequestBuilder) -> SmokeReply {
        SmokeReply(self.probe.send(request).await.map_err(|failure| {
            let (found, advice) = no_answer::explain(&failure);
            NoReply { found, advice }
        }))
    }

    /// The call, with a credential or without one.
    pub(super) async fn call(&self, call: &SmokeCall, credential: Option<&str>) -> SmokeReply {
        let request = self.request(&call.method, &call.path);
        let request = match credential {
            Some(credential) => request.header(AUTHORIZATION, credential),
            None => request,
        };
        self.send(request).await
    }
}

/// An answer, or the reason why there is none.
#[derive(Clone, Debug)]
pub(super) struct SmokeReply(Result<ProbeAnswer, NoReply>);

#[derive(Clone, Debug)]
struct NoReply {
    found: String,
    advice: String,
}

impl SmokeReply {
    pub(super) const fn came(&self) -> bool {
        self.0.is_ok()
    }

    /// The status; 0 without an answer.
    pub(super) fn status(&self) -> u16 {
        self.0.as_ref().map_or(0, |answer| answer.status.as_u16())
    }

    pub(super) fn is(&self, status: StatusCode) -> bool {
        self.status() == status.as_u16()
    }

    pub(super) fn is_success(&self) -> bool {
        matches!(self.status(), 200..=299)
    }

    pub(super) fn header(&self, name: &HeaderName) -> Option<String> {
        self.0.as_ref().ok()?.header(name)
    }

    /// Whether it comes from an HTTP API, by a header that only these have.
    pub(super) fn is_of_http_api(&self) -> bool {
        self.header(&HeaderName::from_static("apigw-requestid"))
            .is_some()
    }

    fn message(&self) -> Option<String> {
        let answer = self
            .0
            .as_ref()
            .ok()
            .filter(|answer| !answer.status.is_success())?;
        let body: Value = serde_json::from_slice(&answer.body).ok()?;
        let message = ["message", "Message", "detail", "title"]
            .into_iter()
            .find_map(|name| body.get(name)?.as_str().map(str::to_owned))?;
        Some(message.chars().take(120).collect())
    }

    /// Whether it is a REST API's 403 for a route that it does not have.
    pub(super) fn is_of_missing_route(&self) -> bool {
        let message = self.message().unwrap_or_default();
        self.is(StatusCode::FORBIDDEN) && message.contains("Missing Authentication Token")
    }

    pub(super) fn advice(&self) -> String {
        let answer = match &self.0 {
            Ok(answer) => answer,
            Err(none) => return none.advice.clone(),
        };
        match answer.status.as_u16() {
            200..=299 | 304 => "give the route an authorizer (`Auth` in the template), and check in ACCESS_RULES that no \
                          rule opens it: `cargo local access list` shows who may call each route"
                .to_owned(),
            401 => "check the token with `cargo local doctor --token`; the authorizer's log has the reason".to_owned(),
            403 if self.is_of_missing_route() => {
                "check method, path and stage: the API has no such route".to_owned()
            }
            403 => "check in ACCESS_RULES which rule should allow the call: `cargo local explain` shows why it does not"
                .to_owned(),
            404 => "check method, path and stage: the API has no such route".to_owned(),
            429 => "wait, or raise the throttling limits: the API limits requests".to_owned(),
            500..=599 => "look at the authorizer's log: it failed, could not be invoked (permission, alias), or \
                          answered with an error other than exactly `Unauthorized`; `cargo local why` reads the log \
                          lines"
                .to_owned(),
            _ => "the call got past the authorizer: check the route's authorizer and ACCESS_RULES".to_owned(),
        }
    }
}

impl fmt::Display for SmokeReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.0, self.message()) {
            (Err(none), _) => f.write_str(&none.found),
            (Ok(answer), None) => write!(f, "{}", answer.status.as_u16()),
            (Ok(answer), Some(message)) => write!(f, "{} `{message}`", answer.status.as_u16()),
        }
    }
}

impl fmt::Display for SmokeCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}
