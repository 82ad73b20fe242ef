//! API Gateway's behaviour: from an HTTP request to an HTTP response.
//!
//! REST APIs and HTTP APIs are two dialects over one model of an API. They share the authorizers' answers and their cache,
//! the evaluation of policies, and the functions. `ARCHITECTURE.md` lists what is done where AWS documents nothing.

pub mod answer;
pub mod authorization;
pub mod call;
pub mod condition;
pub mod event;
pub mod http_api;
pub mod jwt;
pub mod malformed;
mod pattern;
pub mod policy;
pub mod response;
mod rest;
pub mod route;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value};

use crate::clock::Clock;
use crate::invocation::{Invoke, Outcome};
use crate::progress::Log;
use crate::template::Api;
use crate::template::api::{Authorizer, Kind, LambdaAuthorizer};
use authorization::{AnswerForm, Authorization, Cache, CacheKey, Decision};
use call::Call;
use condition::Facts;
use jwt::{IssuerKeys, PublishedKeys};
use policy::Verdict;
use response::Context;
use route::Matched;

/// AWS's quotas.
const MAX_HEADERS: usize = 10_240;
/// The largest body that the gateway reads.
pub const MAX_BODY: usize = 10 * 1024 * 1024;
const MAX_METHOD_ARN: usize = 1600;
/// Lambda accepts 6 MB, and the event around a body is larger than the body.
const MAX_EVENT: usize = 6 * 1024 * 1024;

/// Marks a request whose body is larger than [`MAX_BODY`] and was not read.
#[derive(Clone, Copy, Debug)]
pub struct BodyTooLarge;

/// One stage of one API.
#[derive(Debug)]
pub struct Gateway {
    api: Api,
    region: String,
    functions: Arc<dyn Invoke>,
    clock: Arc<dyn Clock>,
    cache: Cache,
    keys: Arc<dyn IssuerKeys>,
    log: Log,
}

/// A route names an authorizer that the API does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct UnknownAuthorizer;

/// Why an authorizer gave no authorization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AuthorizerError {
    /// Its error message is exactly `Unauthorized`.
    Unauthorized,
    /// It failed, or its answer is malformed.
    Failed,
}

/// Why an integration gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum IntegrationError {
    /// The event is larger than Lambda accepts.
    TooLarge,
    /// The function took too long.
    Timeout,
    /// The function failed.
    Failed,
}

impl Gateway {
    /// The API in front of the functions.
    #[must_use]
    pub fn new(
        api: Api,
        region: String,
        functions: Arc<dyn Invoke>,
        clock: Arc<dyn Clock>,
        log: Log,
    ) -> Self {
        Self {
            api,
            region,
            functions,
            clock,
            cache: Cache::default(),
            keys: Arc::new(PublishedKeys::default()),
            log,
        }
    }

    /// The same with other keys for JWT authorizers than those that the issuers publish.
    #[must_use]
    pub fn with_keys(mut self, keys: Arc<dyn IssuerKeys>) -> Self {
        self.keys = keys;
        self
    }

    /// Answers one request.
    pub async fn answer(&self, request: Request<Bytes>, source_ip: IpAddr) -> Response<Bytes> {
        let started = Instant::now();
        let full_path = request.uri().path();
        let path = self.path(full_path);
        let in_stage = path.is_some();
        let path = path.unwrap_or(full_path);
        let call = Call::new(&request, path, source_ip, self.clock.as_ref());
        let response = match &self.api.kind {
            Kind::Rest { responses, .. } => {
                self.answer_rest(&call, &request, in_stage, responses).await
            }
            Kind::Http { cors } => {
                self.answer_http(&call, &request, in_stage, cors.as_ref())
                    .await
            }
        };
        let took = started.elapsed().as_millis();
        self.log.line(format_args!(
            "{} {} {} in {took} ms",
            call.verb,
            call.full_path,
            response.status().as_u16()
        ));
        response
    }

    /// The path within the stage; none when it is outside of it.
    fn path<'a>(&self, full: &'a str) -> Option<&'a str> {
        let base = self.api.base_path();
        let Some(stage) = base.strip_prefix('/') else {
            return Some(full);
        };
        let after = full.trim_start_matches('/').strip_prefix(stage)?;
        match after {
            "" => Some("/"),
            path if path.starts_with('/') => Some(path),
            _ => None,
        }
    }

    fn context<'a>(
        &'a self,
        call: &'a Call,
        resource: Option<&'a str>,
        authorizer: Option<&'a Map<String, Value>>,
    ) -> Context<'a> {
        Context {
            call,
            stage: &self.api.stage,
            variables: &self.api.variables,
            resource,
            authorizer,
        }
    }

    /// The authorizer of a route and its name; none for a route without one.
    ///
    /// The reader of templates leaves no route with an unknown authorizer. If there were one, it must not be open.
    fn authorizer(
        &self,
        matched: &Matched<'_>,
    ) -> Result<Option<(&str, &Authorizer)>, UnknownAuthorizer> {
        let Some(name) = &matched.route.authorizer else {
            return Ok(None);
        };
        let found = self.api.authorizers.get_key_value(name);
        let (name, authorizer) = found.ok_or(UnknownAuthorizer)?;
        Ok(Some((name, authorizer)))
    }

    /// The answer of a Lambda authorizer, cached or new, and how long the function took.
    async fn ask(
        &self,
        name: &str,
        authorizer: &LambdaAuthorizer,
        values: &[String],
        event: impl FnOnce() -> Value,
        form: AnswerForm,
    ) -> Result<(Authorization, Duration), AuthorizerError> {
        let key = CacheKey::new(name, values);
        let caches = !authorizer.ttl.is_zero();
        if caches && let Some(cached) = self.cache.find(&key, self.clock.now()) {
            return Ok((cached, Duration::ZERO));
        }
        let started = Instant::now();
        let payload = event().to_string().into();
        let payload = match self.functions.invoke(&authorizer.function, payload).await {
            Ok(Outcome::Success(payload)) => payload,
            Ok(Outcome::Error(error)) if error.message().as_deref() == Some("Unauthorized") => {
                return Err(AuthorizerError::Unauthorized);
            }
            Ok(Outcome::Error(error)) => {
                self.log.warn(format_args!(
                    "the authorizer {name} failed, so the answer is 500: {error}"
                ));
                return Err(AuthorizerError::Failed);
            }
            Err(error) => {
                self.log.warn(format_args!(
                    "the authorizer {name} cannot be invoked, so the answer is 500: {error}"
                ));
                return Err(AuthorizerError::Failed);
            }
        };
        let authorization = Authorization::read(&payload, form).map_err(|malformed| {
            self.log.warn(format_args!(
                "the authorizer {name} answered what AWS does not accept, so the answer is 500: {malformed}"
            ));
            AuthorizerError::Failed
        })?;
        if caches {
            let now = self.clock.now();
            self.cache
                .keep(key, authorization.clone(), authorizer.ttl, now);
        }
        Ok((authorization, started.elapsed()))
    }

    /// The verdict of an authorization for this method.
    fn verdict(&self, authorization: &Authorization, call: &Call, method_arn: &str) -> Verdict {
        let facts = Facts {
            now: self.clock.now(),
            source_ip: call.source_ip,
            user_agent: call.header("user-agent"),
            referer: call.header("referer"),
        };
        match &authorization.decision {
            Decision::Policy(policy) => {
                policy.verdict(method_arn, &facts, &mut |warning| self.log.warn(warning))
            }
            Decision::Simple(true) => Verdict::Allowed,
            Decision::Simple(false) => Verdict::NotAllowed,
        }
    }

    /// What a function answers to an event.
    async fn integrate(
        &self,
        function: &str,
        event: &Value,
        timeout: Duration,
    ) -> Result<Bytes, IntegrationError> {
        let event = event.to_string();
        if event.len() > MAX_EVENT {
            return Err(IntegrationError::TooLarge);
        }
        let invoked = self.functions.invoke(function, event.into());
        match tokio::time::timeout(timeout, invoked).await {
            Err(_) => Err(IntegrationError::Timeout),
            Ok(Ok(Outcome::Success(payload))) => Ok(payload),
            Ok(Ok(Outcome::Error(error))) => {
                self.log.warn(format_args!("{function} failed: {error}"));
                Err(IntegrationError::Failed)
            }
            Ok(Err(error)) => {
                self.log
                    .warn(format_args!("{function} cannot be invoked: {error}"));
                Err(IntegrationError::Failed)
            }
        }
    }
}
