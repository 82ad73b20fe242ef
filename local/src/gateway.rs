//! API Gateway's behaviour: from an HTTP request to an HTTP response.
//!
//! REST APIs and HTTP APIs are two variants of one model. They share the authorizers' answers and their cache, the
//! evaluation of policies, and the functions. `ARCHITECTURE.md` lists the behaviour that AWS does not document.

pub mod access_log;
pub(crate) mod answer;
pub(crate) mod authorization;
pub(crate) mod call;
pub mod condition;
pub mod decided;
pub(crate) mod event;
mod functions;
pub(crate) mod http_api;
pub mod jwt;
pub(crate) mod malformed;
mod pattern;
pub mod policy;
pub(crate) mod record;
pub(crate) mod request_lines;
pub(crate) mod response;
mod rest;
pub(crate) mod route;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use lambda_support::clock::Clock;
use serde_json::{Map, Value};

use crate::lambda::invocation::Invoke;
use crate::progress::PartLog;
use crate::template::Api;
use crate::template::api::{ApiKind, TemplateAuthorizer};
use access_log::{AccessLine, AccessLog};
use authorization::{Authorization, AuthorizerDecision, Cache};
use call::Call;
use condition::Facts;
use jwt::{IssuerKeys, PublishedKeys};
use policy::PolicyVerdict;
use request_lines::{RequestLine, RequestLines};
use response::ResponseVariables;
use route::Matched;

/// AWS's quota for all headers together; at HTTP APIs for the request line too.
const MAX_HEADERS: usize = 10_240;
/// The largest body that the gateway reads.
pub(crate) const MAX_BODY: usize = 10 * 1024 * 1024;
const MAX_METHOD_ARN: usize = 1600;

/// One stage of one API.
#[derive(Debug)]
pub struct Gateway {
    api: Api,
    region: String,
    functions: Arc<dyn Invoke>,
    clock: Arc<dyn Clock>,
    cache: Cache,
    keys: Arc<dyn IssuerKeys>,
    log: PartLog,
    access_log: Option<AccessLog>,
    request_lines: Option<RequestLines>,
}

/// A route names an authorizer that the API does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct UnknownAuthorizer;

impl Gateway {
    /// The API in front of the functions.
    pub fn new(
        api: Api,
        region: String,
        functions: Arc<dyn Invoke>,
        clock: Arc<dyn Clock>,
        log: PartLog,
    ) -> Self {
        Self {
            api,
            region,
            functions,
            clock,
            cache: Cache::default(),
            keys: Arc::new(PublishedKeys::default()),
            log,
            access_log: None,
            request_lines: None,
        }
    }

    /// Replaces the keys that JWT authorizers use; by default the issuers' published keys.
    pub fn with_keys(mut self, keys: Arc<dyn IssuerKeys>) -> Self {
        self.keys = keys;
        self
    }

    pub fn with_access_log(mut self, access_log: AccessLog) -> Self {
        self.access_log = Some(access_log);
        self
    }

    /// Adds lines about requests, as plain text or JSON.
    pub(crate) fn with_request_lines(mut self, request_lines: RequestLines) -> Self {
        self.request_lines = Some(request_lines);
        self
    }

    pub async fn answer(&self, request: Request<Bytes>, source_ip: IpAddr) -> Response<Bytes> {
        let (response, line) = self.decide(request, source_ip).await;
        if let Some(access_log) = &self.access_log {
            access_log.write(&line);
        }
        match &self.request_lines {
            Some(request_lines) => request_lines.show(line),
            None => {
                let decided = line.decided();
                self.log.line(RequestLine::new(&line, &decided));
            }
        }
        response
    }

    /// Removes the authorizers' answers from the cache.
    pub(crate) fn forget_answers(&self) {
        self.cache.clear();
    }

    /// The answer to a request, and its line for the access log. The line is not written.
    pub(crate) async fn decide(
        &self,
        request: Request<Bytes>,
        source_ip: IpAddr,
    ) -> (Response<Bytes>, AccessLine) {
        let started = Instant::now();
        let full_path = request.uri().path();
        let path = self.path(full_path);
        let in_stage = path.is_some();
        let path = path.unwrap_or(full_path);
        let call = Call::new(&request, path, source_ip, self.clock.as_ref());
        let response = match &self.api.kind {
            ApiKind::Rest { responses, .. } => {
                self.answer_rest(&call, &request, in_stage, responses).await
            }
            ApiKind::Http { cors } => {
                self.answer_http(&call, &request, in_stage, cors.as_ref())
                    .await
            }
        };
        let is_rest = matches!(self.api.kind, ApiKind::Rest { .. });
        let line = access_log::line(&call, is_rest, response.status(), started.elapsed());
        (response, line)
    }

    /// The path within the stage; none if it is outside the stage.
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
    ) -> ResponseVariables<'a> {
        ResponseVariables {
            call,
            stage: &self.api.stage,
            variables: &self.api.variables,
            resource,
            authorizer,
        }
    }

    /// The authorizer of a route and its name; none for a route without one.
    /// The template parser rejects a route with an unknown authorizer, so the error is a safeguard: such a route must not be
    /// open.
    fn authorizer(
        &self,
        matched: &Matched<'_>,
    ) -> Result<Option<(&str, &TemplateAuthorizer)>, UnknownAuthorizer> {
        let Some(name) = &matched.route.authorizer else {
            return Ok(None);
        };
        let found = self.api.authorizers.get_key_value(name);
        let (name, authorizer) = found.ok_or(UnknownAuthorizer)?;
        Ok(Some((name, authorizer)))
    }

    /// The verdict of an authorization for this method.
    fn verdict(
        &self,
        authorization: &Authorization,
        call: &Call,
        method_arn: &str,
    ) -> PolicyVerdict {
        let facts = Facts {
            now: self.clock.now(),
            source_ip: call.source_ip,
            user_agent: call.header("user-agent"),
            referer: call.header("referer"),
        };
        let verdict = match &authorization.decision {
            AuthorizerDecision::Policy(policy) => {
                policy.verdict(method_arn, &facts, &mut |warning| self.log.warn(warning))
            }
            AuthorizerDecision::Simple(true) => PolicyVerdict::Allowed,
            AuthorizerDecision::Simple(false) => PolicyVerdict::NotAllowed,
        };
        let status = match verdict {
            PolicyVerdict::Allowed => StatusCode::OK,
            PolicyVerdict::NotAllowed | PolicyVerdict::Denied => StatusCode::FORBIDDEN,
        };
        call.record
            .note(|entry| entry.authorize_status = Some(status));
        verdict
    }
}

fn note_answer(call: &Call, response: &Response<Bytes>) {
    call.record.note(|entry| {
        if let Some(integration) = &mut entry.integration {
            integration.status = Some(response.status());
        }
    });
}
