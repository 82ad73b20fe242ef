//! The decision about one call, by the gateway of `cargo local` and the authorizer's own code, in this process.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use authorizer::access::RuleOutcome;
use authorizer::log::Verdict;
use bytes::Bytes;
use http::{Method, Request, Uri};
use serde::Serialize;

use super::in_process::InProcess;
use crate::clock::Clock;
use crate::gateway::Gateway;
use crate::gateway::decided::DecidedBy;
use crate::gateway::jwt::{self, IssuerKeys, JwtError};
use crate::gateway::route::{self, Matched};
use crate::progress::Log;
use crate::template::Api;
use crate::template::api::{
    Identity, IdentitySource, JwtAuthorizer, Kind, LambdaAuthorizer, TemplateAuthorizer,
};

/// A method and a path of the API, without the stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CalledRoute {
    method: Method,
    path: String,
}

impl CalledRoute {
    /// Reads a method and a path.
    ///
    /// # Errors
    /// When no request can have them.
    pub(super) fn parse(method: &str, path: &str) -> Result<Self, String> {
        let parsed = Method::from_bytes(method.as_bytes())
            .map_err(|_| format!("expected a method such as GET, found `{method}`"))?;
        let is_path = path.starts_with('/') && path.parse::<Uri>().is_ok();
        if !is_path {
            return Err(format!(
                "expected a path that begins with `/`, percent-encoded as in a URL, found `{path}`"
            ));
        }
        Ok(Self {
            method: parsed,
            path: path.to_owned(),
        })
    }

    fn path_without_query(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }
}

/// How a call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CallOutcome {
    Allowed,
    Denied,
    Unauthorized,
    Failed,
    NoRoute,
}

impl fmt::Display for CallOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Unauthorized => "unauthorized",
            Self::Failed => "failed",
            Self::NoRoute => "no route",
        })
    }
}

/// A route of the template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct NamedRoute {
    pub(super) method: String,
    pub(super) path: String,
}

/// A decision and its reason.
#[derive(Debug)]
pub(super) struct CallDecision {
    pub(super) outcome: CallOutcome,
    /// The status that the caller sees, unless the integration answers.
    pub(super) status: Option<u16>,
    pub(super) decided_by: DecidedBy,
    pub(super) reason: &'static str,
    /// More about the reason, for people.
    pub(super) detail: Option<String>,
    pub(super) route: Option<NamedRoute>,
    pub(super) authorizer: Option<String>,
    /// How each rule that covers the route judges the caller.
    pub(super) rules: Vec<RuleOutcome>,
}

/// A function that is not this project's authorizer decides.
#[derive(Debug, thiserror::Error)]
#[error(
    "the authorizer {authorizer} is the function {function}, which is not this project's authorizer: only that function \
     can decide; try `cargo local invoke {function}`"
)]
pub(super) struct OtherAuthorizer {
    authorizer: String,
    function: String,
}

/// Decides about calls of one API.
#[derive(Debug)]
pub(super) struct Judge {
    api: Api,
    gateway: Gateway,
    functions: Arc<InProcess>,
    keys: Arc<dyn IssuerKeys>,
    clock: Arc<dyn Clock>,
}

impl Judge {
    /// Creates it for an API in front of these functions.
    pub(super) fn new(
        api: Api,
        region: String,
        functions: InProcess,
        keys: Arc<dyn IssuerKeys>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let functions = Arc::new(functions);
        let log = Log::quiet("gateway");
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

    /// Decides about a call with a bearer token, or without one.
    ///
    /// # Errors
    /// When only another function than this project's authorizer can decide.
    pub(super) async fn decide(
        &self,
        call: &CalledRoute,
        token: Option<&str>,
    ) -> Result<CallDecision, OtherAuthorizer> {
        let (verb, path) = (call.method.as_str(), call.path_without_query());
        let matched = match &self.api.kind {
            Kind::Rest { .. } => route::find(&self.api.routes, verb, path),
            Kind::Http { .. } => route::find_http(&self.api.routes, verb, path),
        };
        let authorizer = matched.as_ref().and_then(|matched| {
            let name = matched.route.authorizer.as_ref()?;
            self.api.authorizers.get_key_value(name)
        });
        if let Some((name, TemplateAuthorizer::Lambda(lambda))) = authorizer
            && !self.functions.is_authorizer(&lambda.function)
        {
            return Err(OtherAuthorizer {
                authorizer: name.clone(),
                function: lambda.function.clone(),
            });
        }
        let authorizer = authorizer.map(|(name, authorizer)| (name.as_str(), authorizer));
        let request = self.request(call, token, authorizer.map(|(_, authorizer)| authorizer));
        let (response, line) = self
            .gateway
            .decide(request, IpAddr::V4(Ipv4Addr::LOCALHOST))
            .await;
        let status = response.status();
        // By the kind of the answer: a template may change its status.
        let cause = line.decided().reason;
        let seen = self.functions.take_seen();
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
                self.by_jwt(matched, jwt, token, answered).await
            }
            (Some(_), Some((_, TemplateAuthorizer::Lambda(lambda)))) => match seen.explanation {
                Some(explanation) => by_authorizer(explanation, &cause, answered),
                None => not_asked(lambda, token),
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
        token: Option<&str>,
        authorizer: Option<&TemplateAuthorizer>,
    ) -> Request<Bytes> {
        let source = match authorizer {
            Some(TemplateAuthorizer::Jwt(jwt)) => jwt.source.clone(),
            Some(TemplateAuthorizer::Lambda(LambdaAuthorizer {
                identity: Identity::Token { header, .. },
                ..
            })) => IdentitySource::Header(header.clone()),
            _ => IdentitySource::Header("authorization".to_owned()),
        };
        let mut uri = format!("{}{}", self.api.base_path(), call.path);
        let mut request = Request::builder()
            .method(call.method.clone())
            .header("host", "127.0.0.1");
        match (token, source) {
            (Some(token), IdentitySource::Header(name)) => {
                request = request.header(name, format!("Bearer {token}"));
            }
            (Some(token), IdentitySource::QueryString(name)) => {
                let separator = if uri.contains('?') { '&' } else { '?' };
                uri.push_str(&format!("{separator}{name}={token}"));
            }
            _ => {}
        }
        // Its contents have been parsed before; a token that is invalid in a header counts as absent.
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
            // The keys changed between both decisions.
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

const fn by_gateway(outcome: CallOutcome, reason: &'static str) -> CallDecision {
    CallDecision {
        outcome,
        status: None,
        decided_by: DecidedBy::Gateway,
        reason,
        detail: None,
        route: None,
        authorizer: None,
        rules: Vec::new(),
    }
}

/// The authorizer was called. The gateway evaluates its answer: `cause` is what the access log shows.
fn by_authorizer(
    explanation: authorizer::authorizer::Explanation,
    cause: &str,
    answered: bool,
) -> CallDecision {
    let outcome = match explanation.verdict {
        _ if answered => CallOutcome::Allowed,
        Verdict::Deny => CallOutcome::Denied,
        Verdict::Unauthorized => CallOutcome::Unauthorized,
        Verdict::Error => CallOutcome::Failed,
        Verdict::Allow if cause == "authorizer_failed" => {
            return by_gateway(CallOutcome::Failed, "authorizer_answer_malformed");
        }
        Verdict::Allow => return by_gateway(CallOutcome::Denied, "policy_denies"),
    };
    CallDecision {
        decided_by: DecidedBy::Authorizer,
        detail: explanation.detail,
        rules: explanation.rules,
        ..by_gateway(outcome, explanation.reason)
    }
}

/// The gateway answered 401 without calling the authorizer.
const fn not_asked(authorizer: &LambdaAuthorizer, token: Option<&str>) -> CallDecision {
    let validates = matches!(
        authorizer.identity,
        Identity::Token {
            validation: Some(_),
            ..
        }
    );
    let reason = if validates && token.is_some() {
        "identity_source_not_matching"
    } else {
        "identity_source_missing"
    };
    by_gateway(CallOutcome::Unauthorized, reason)
}
