//! The decision about one call, by the gateway of `cargo local` and the authorizer's own code, in this process.

mod call_decision;
mod called_route;
mod sent;

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::Arc;

use authorizer::authorizer::Explanation;
use bytes::Bytes;
use http::Request;
use http::header::HOST;
use lambda_support::clock::Clock;

pub(super) use call_decision::{CallDecision, CallOutcome, NamedRoute};
use call_decision::{by_authorizer, by_gateway, not_asked};
pub(super) use called_route::{CalledRoute, without_query};
pub(super) use sent::{Sent, header_of};

use super::in_process::InProcess;
use crate::gateway::Gateway;
use crate::gateway::jwt::{self, IssuerKeys, JwtError};
use crate::gateway::route::{self, Matched};
use crate::progress::PartLog;
use crate::template::Api;
use crate::template::api::{
    ApiKind, Identity, IdentitySource, InvokePermission, JwtAuthorizer, LambdaAuthorizer,
    TemplateAuthorizer,
};

/// Why there is no decision.
#[derive(Debug, thiserror::Error)]
pub(super) enum DecisionError {
    /// A function that is not this project's authorizer decides.
    #[error(
        "the authorizer {authorizer} is the function {function}, which is not this project's authorizer: only that \
         function can decide; try `cargo local invoke {function}`"
    )]
    OtherAuthorizer {
        authorizer: String,
        function: String,
    },
    /// A header carries the token.
    #[error("the header `{0}` has the caller's token: expected it as --token")]
    TokenInHeader(String),
}

/// Decides about calls of one API.
#[derive(Debug)]
pub(super) struct CallJudge {
    api: Api,
    gateway: Gateway,
    functions: Arc<InProcess>,
    keys: Arc<dyn IssuerKeys>,
    clock: Arc<dyn Clock>,
}

impl CallJudge {
    /// A judge for an API in front of these functions.
    pub(super) fn new(
        api: Api,
        region: String,
        functions: InProcess,
        keys: Arc<dyn IssuerKeys>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let functions = Arc::new(functions);
        let log = PartLog::quiet("gateway");
        let invoke: Arc<InProcess> = Arc::clone(&functions);
        let gateway = Gateway::new(api.clone(), region, invoke, Arc::clone(&clock), log)
            .with_keys(Arc::clone(&keys));
        Self {
            api,
            gateway,
            functions,
            keys,
            clock,
        }
    }

    /// Decides about a call without cached answers to earlier calls. Fails if only another function than this project's
    /// authorizer can decide, or a header has the token.
    pub(super) async fn decide(
        &self,
        call: &CalledRoute,
        sent: &Sent<'_>,
    ) -> Result<CallDecision, DecisionError> {
        self.decide_last(call, sent, NonZeroU32::MIN).await
    }

    /// Decides about the last of several calls that are the same: the authorizer remembers proofs, and the gateway
    /// caches its answers.
    pub(super) async fn decide_last(
        &self,
        call: &CalledRoute,
        sent: &Sent<'_>,
        times: NonZeroU32,
    ) -> Result<CallDecision, DecisionError> {
        self.gateway.forget_answers();
        let mut explanation = None;
        for _ in 1..times.get() {
            self.decide_next(call, sent, &mut explanation).await?;
        }
        self.decide_next(call, sent, &mut explanation).await
    }

    /// Decides about one of these calls. `explanation` belongs to the authorizer's last answer, which the gateway may
    /// have cached.
    async fn decide_next(
        &self,
        call: &CalledRoute,
        sent: &Sent<'_>,
        explanation: &mut Option<Explanation>,
    ) -> Result<CallDecision, DecisionError> {
        let (verb, path) = (call.method.as_str(), call.path_without_query());
        let matched = match &self.api.kind {
            ApiKind::Rest { .. } => route::find(&self.api.routes, verb, path),
            ApiKind::Http { .. } => route::find_http(&self.api.routes, verb, path),
        };
        let authorizer = matched.as_ref().and_then(|matched| {
            let name = matched.route.authorizer.as_ref()?;
            self.api.authorizers.get_key_value(name)
        });
        if let Some((name, TemplateAuthorizer::Lambda(lambda))) = authorizer
            && lambda.permission == InvokePermission::Granted
            && !self.functions.is_authorizer(&lambda.function)
        {
            return Err(DecisionError::OtherAuthorizer {
                authorizer: name.clone(),
                function: lambda.function.clone(),
            });
        }
        let authorizer = authorizer.map(|(name, authorizer)| (name.as_str(), authorizer));
        let source = token_source(authorizer.map(|(_, authorizer)| authorizer));
        if let IdentitySource::Header(name) = &source
            && sent.headers().contains_key(name)
        {
            return Err(DecisionError::TokenInHeader(name.clone()));
        }
        let request = self.request(call, sent, &source);
        let (response, line) = self
            .gateway
            .decide(request, IpAddr::V4(Ipv4Addr::LOCALHOST))
            .await;
        let status = response.status();
        // Decided by the kind of the answer, because a template can change its status.
        let cause = line.decided().reason;
        let seen = self.functions.take_seen();
        if seen.explanation.is_some() {
            *explanation = seen.explanation;
        }
        let answered = seen.integration || cause == "preflight";
        let mut decided = match (&matched, authorizer) {
            _ if cause == "request_not_accepted" => {
                by_gateway(CallOutcome::Failed, "request_not_accepted")
            }
            (None, _) => by_gateway(CallOutcome::NoRoute, "no_route"),
            (Some(_), None) if cause == "preflight" => {
                by_gateway(CallOutcome::Allowed, "preflight")
            }
            (Some(_), None) => by_gateway(CallOutcome::Allowed, "no_authorizer"),
            (Some(matched), Some((_, TemplateAuthorizer::Jwt(jwt)))) => {
                let token = sent.identity(&source);
                self.by_jwt(matched, jwt, token.as_deref(), answered).await
            }
            (Some(_), Some((_, TemplateAuthorizer::Lambda(lambda)))) => match explanation {
                Some(explanation) => by_authorizer(explanation, &cause, answered),
                None if cause == "authorizer_not_permitted" => {
                    by_gateway(CallOutcome::Failed, "authorizer_not_permitted")
                }
                None => not_asked(lambda, sent.has_token()),
            },
        };
        decided.status = (decided.outcome != CallOutcome::Allowed).then_some(status.as_u16());
        decided.route = matched.map(|matched| NamedRoute {
            method: matched.route.verb.as_deref().unwrap_or("ANY").to_owned(),
            path: matched.route.path.to_string(),
        });
        decided.authorizer = authorizer.map(|(name, _)| name.to_owned());
        Ok(decided)
    }

    /// The request, with the token where the authorizer expects it.
    fn request(
        &self,
        call: &CalledRoute,
        sent: &Sent<'_>,
        source: &IdentitySource,
    ) -> Request<Bytes> {
        let mut uri = format!("{}{}", self.api.base_path(), call.path);
        let mut request = Request::builder().method(call.method.clone());
        for (name, value) in sent.headers() {
            request = request.header(name, value);
        }
        if !sent.names_host() {
            request = request.header(HOST, "127.0.0.1");
        }
        match (sent.identity(source), source) {
            (Some(credential), IdentitySource::Header(name)) => {
                request = request.header(name, credential);
            }
            (Some(token), IdentitySource::QueryString(name)) => {
                let separator = if uri.contains('?') { '&' } else { '?' };
                uri.push_str(&format!("{separator}{name}={token}"));
            }
            _ => {}
        }
        // The parts were parsed before. A token that is not valid in a header is treated as absent.
        request
            .uri(uri)
            .body(Bytes::new())
            .unwrap_or_else(|_| Request::new(Bytes::new()))
    }

    async fn by_jwt(
        &self,
        matched: &Matched<'_>,
        authorizer: &JwtAuthorizer,
        token: Option<&str>,
        answered: bool,
    ) -> CallDecision {
        if answered {
            return by_gateway(CallOutcome::Allowed, "jwt_granted");
        }
        let Some(token) = token else {
            return by_gateway(CallOutcome::Unauthorized, "identity_source_missing");
        };
        let scopes = &matched.route.scopes;
        let (keys, now) = (self.keys.as_ref(), self.clock.now());
        let Err(error) = jwt::verify(token, authorizer, scopes, keys, now).await else {
            // The keys changed between the two decisions.
            return by_gateway(CallOutcome::Allowed, "jwt_granted");
        };
        let decided = match error {
            JwtError::InsufficientScope => by_gateway(CallOutcome::Denied, "jwt_scope_missing"),
            _ => by_gateway(CallOutcome::Unauthorized, "jwt_not_valid"),
        };
        CallDecision {
            detail: Some(error.to_string()),
            ..decided
        }
    }
}

/// The place at which the authorizer of a route expects the token.
fn token_source(authorizer: Option<&TemplateAuthorizer>) -> IdentitySource {
    match authorizer {
        Some(TemplateAuthorizer::Jwt(jwt)) => jwt.source.clone(),
        Some(TemplateAuthorizer::Lambda(LambdaAuthorizer {
            identity: Identity::Token { header, .. },
            ..
        })) => IdentitySource::Header(header.clone()),
        _ => IdentitySource::Header("authorization".to_owned()),
    }
}
