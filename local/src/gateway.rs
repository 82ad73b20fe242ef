//! API Gateway's behaviour for a REST API: from an HTTP request to an HTTP response.
//!
//! The order of work is AWS's: route, identity source, cache, authorizer, policy for this very method, integration.
//! Where AWS says nothing, what is done here is said beside it.

pub mod answer;
pub mod authorization;
pub mod call;
pub mod condition;
pub mod event;
pub mod malformed;
pub mod policy;
pub mod response;
pub mod route;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use serde_json::{Map, Value};

use crate::aws;
use crate::clock::Clock;
use crate::invocation::{Invoke, Outcome};
use crate::progress::Log;
use crate::template::Api;
use crate::template::api::{Authorizer, Identity, Integration};
use authorization::{Authorization, Cache, CacheKey, Identified, identify};
use call::{Call, headers_size};
use condition::Facts;
use policy::Verdict;
use response::{Context, GatewayError};
use route::Matched;

/// AWS's quotas.
const MAX_HEADERS: usize = 10_240;
/// The largest body that the gateway reads.
pub const MAX_BODY: usize = 10 * 1024 * 1024;
const MAX_METHOD_ARN: usize = 1600;
/// Lambda takes six megabytes, and the event around a body is larger than the body.
const MAX_EVENT: usize = 6 * 1024 * 1024;

/// A mark on a request whose body is larger than [`MAX_BODY`], and was left unread.
#[derive(Clone, Copy, Debug)]
pub struct BodyTooLarge;

/// One stage of one REST API.
#[derive(Debug)]
pub struct Gateway {
    api: Api,
    region: String,
    functions: Arc<dyn Invoke>,
    clock: Arc<dyn Clock>,
    cache: Cache,
    log: Log,
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
            log,
        }
    }

    /// Answers one request.
    pub async fn answer(&self, request: Request<Bytes>, source_ip: IpAddr) -> Response<Bytes> {
        let started = Instant::now();
        let (path, right_stage) = match self.path(request.uri().path()) {
            Some(path) => (path, true),
            None => (request.uri().path(), false),
        };
        let call = Call::new(&request, path, source_ip, self.clock.as_ref());
        let answered = if right_stage {
            self.in_stage(&call, &request).await
        } else {
            Err(Failure::of(GatewayError::UnknownStage))
        };
        let mut response = answered.unwrap_or_else(|failure| {
            let context = self.context(
                &call,
                failure.resource.as_deref(),
                failure.authorizer.as_ref(),
            );
            response::answer(&failure.error, &self.api.responses, &context)
        });
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_str(&call.id) {
            headers.insert("x-amzn-requestid", id.clone());
            headers.insert("x-amz-apigw-id", id);
        }
        let took = started.elapsed().as_millis();
        self.log.line(format_args!(
            "{} {} {} in {took} ms",
            call.verb,
            call.full_path,
            response.status().as_u16()
        ));
        response
    }

    /// The path within the stage, or none when it is not in it.
    fn path<'a>(&self, full: &'a str) -> Option<&'a str> {
        let after = full
            .trim_start_matches('/')
            .strip_prefix(self.api.stage.as_str())?;
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

    async fn in_stage(
        &self,
        call: &Call,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, Failure> {
        if headers_size(request.headers()) > MAX_HEADERS {
            return Err(Failure::of(GatewayError::HeadersTooLarge));
        }
        if request.extensions().get::<BodyTooLarge>().is_some() {
            return Err(Failure::of(GatewayError::RequestTooLarge));
        }
        let matched = route::find(&self.api.routes, &call.verb, &call.path)
            .ok_or_else(|| Failure::of(GatewayError::MissingAuthenticationToken))?;
        let resource = matched.route.path.to_string();
        let at_resource = |error| Failure {
            error,
            resource: Some(resource.clone()),
            authorizer: None,
        };
        let method_arn = aws::method_arn(&self.region, &self.api.stage, &call.verb, &call.path);
        if method_arn.len() > MAX_METHOD_ARN {
            return Err(at_resource(GatewayError::UriTooLong));
        }
        let named = matched
            .route
            .authorizer
            .as_ref()
            .and_then(|name| self.api.authorizers.get_key_value(name));
        let context = match named {
            None => None,
            Some((name, authorizer)) => {
                let authorized = self
                    .authorize(call, &matched, &resource, name, authorizer, &method_arn)
                    .await;
                let (authorization, asked) = authorized.map_err(at_resource)?;
                let context = authorization.context_after(asked);
                let refused = match self.verdict(&authorization, call, &method_arn) {
                    Verdict::Allowed => None,
                    Verdict::NotAllowed => Some(GatewayError::AccessDenied { explicit: false }),
                    Verdict::Denied => Some(GatewayError::AccessDenied { explicit: true }),
                };
                if let Some(error) = refused {
                    return Err(Failure {
                        error,
                        resource: Some(resource),
                        authorizer: Some(context),
                    });
                }
                Some(context)
            }
        };
        let answered = self
            .integrate(call, &matched, &resource, context.as_ref())
            .await;
        answered.map_err(|error| Failure {
            error,
            resource: Some(resource),
            authorizer: context,
        })
    }

    /// The authorizer's answer for the caller, kept or new, and how long the function took.
    async fn authorize(
        &self,
        call: &Call,
        matched: &Matched<'_>,
        resource: &str,
        name: &str,
        authorizer: &Authorizer,
        method_arn: &str,
    ) -> Result<(Authorization, Duration), GatewayError> {
        let Identified::By(values) =
            identify(authorizer, call, &self.context(call, Some(resource), None))
        else {
            return Err(GatewayError::Unauthorized);
        };
        let key = CacheKey::new(name, &values);
        let kept = (!authorizer.ttl.is_zero())
            .then(|| self.cache.find(&key, self.clock.now()))
            .flatten();
        if let Some(authorization) = kept {
            return Ok((authorization, Duration::ZERO));
        }
        let event = match (&authorizer.identity, values.first()) {
            (Identity::Token { .. }, Some(value)) => event::token(value, method_arn),
            _ => event::request(call, &self.api, resource, &matched.parameters, method_arn),
        };
        let started = Instant::now();
        let payload = match self
            .functions
            .invoke(&authorizer.function, event.to_string().into())
            .await
        {
            Ok(Outcome::Success(payload)) => payload,
            Ok(Outcome::Error(error)) if error.message() == Some("Unauthorized".to_owned()) => {
                return Err(GatewayError::Unauthorized);
            }
            Ok(Outcome::Error(error)) => {
                self.log.warn(format_args!(
                    "the authorizer {name} failed, so the answer is 500: {error}"
                ));
                return Err(GatewayError::AuthorizerConfiguration);
            }
            Err(error) => {
                self.log.warn(format_args!(
                    "the authorizer {name} cannot be invoked, so the answer is 500: {error}"
                ));
                return Err(GatewayError::AuthorizerConfiguration);
            }
        };
        let authorization = Authorization::read(&payload).map_err(|problem| {
            self.log.warn(format_args!(
                "the authorizer {name} answered what AWS does not accept, so the answer is 500: {problem}"
            ));
            GatewayError::AuthorizerConfiguration
        })?;
        if !authorizer.ttl.is_zero() {
            self.cache
                .keep(key, authorization.clone(), authorizer.ttl, self.clock.now());
        }
        Ok((authorization, started.elapsed()))
    }

    fn verdict(&self, authorization: &Authorization, call: &Call, method_arn: &str) -> Verdict {
        let facts = Facts {
            now: self.clock.now(),
            source_ip: call.source_ip,
            user_agent: call.header("user-agent"),
            referer: call.header("referer"),
        };
        authorization
            .policy
            .verdict(method_arn, &facts, &mut |warning| self.log.warn(warning))
    }

    async fn integrate(
        &self,
        call: &Call,
        matched: &Matched<'_>,
        resource: &str,
        authorizer: Option<&Map<String, Value>>,
    ) -> Result<Response<Bytes>, GatewayError> {
        let (function, timeout) = match &matched.route.integration {
            Integration::Function { name, timeout } => (name, *timeout),
            Integration::Preflight(headers) => return Ok(answer::preflight(headers)),
        };
        let event =
            event::proxy(call, &self.api, resource, &matched.parameters, authorizer).to_string();
        if event.len() > MAX_EVENT {
            return Err(GatewayError::RequestTooLarge);
        }
        let invoked =
            tokio::time::timeout(timeout, self.functions.invoke(function, event.into())).await;
        let payload = match invoked {
            Err(_) => return Err(GatewayError::IntegrationTimeout),
            Ok(Ok(Outcome::Success(payload))) => payload,
            Ok(Ok(Outcome::Error(error))) => {
                self.log.warn(format_args!(
                    "{function} failed, so the answer is 502: {error}"
                ));
                return Err(GatewayError::BadIntegrationAnswer);
            }
            Ok(Err(error)) => {
                self.log.warn(format_args!(
                    "{function} cannot be invoked, so the answer is 502: {error}"
                ));
                return Err(GatewayError::BadIntegrationAnswer);
            }
        };
        answer::read(&payload, call, &self.api.binary_media_types).map_err(|malformed| {
            self.log.warn(format_args!(
                "{function} answered what AWS does not accept, so the answer is 502: {malformed}"
            ));
            GatewayError::BadIntegrationAnswer
        })
    }
}

/// An error, and what its gateway response may name.
#[derive(Debug)]
struct Failure {
    error: GatewayError,
    resource: Option<String>,
    authorizer: Option<Map<String, Value>>,
}

impl Failure {
    const fn of(error: GatewayError) -> Self {
        Self {
            error,
            resource: None,
            authorizer: None,
        }
    }
}
