//! Joins all lines about one request. `ARCHITECTURE.md` lists what is inferred if a line is missing.

use serde::Serialize;

use super::lines::{AuthorizerLine, HandlerLine, LogLine as _, LogLines};
use crate::commands::advice;
use crate::commands::decision::NamedRoute;
use crate::gateway::access_log::{AccessLine, value};
use crate::gateway::decided::DecidedBy;

/// A REST API has one line for both causes.
const NOT_MATCHING: &str = "; a token that does not match a `ValidationExpression` of the authorizer is logged in the same way";

/// What happened to a request. Facts that the lines do not show are `None`.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Account {
    pub(super) request_id: String,
    pub(super) status: Option<u16>,
    pub(super) decided_by: Option<DecidedBy>,
    pub(super) reason: Option<String>,
    pub(super) route: Option<NamedRoute>,
    pub(super) authorizer: AuthorizerPart,
    pub(super) advice: String,
    /// The found and expected values of a function's line.
    #[serde(skip)]
    pub(super) detail: Option<String>,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthorizerPart {
    pub(super) request_id: Option<String>,
    pub(super) cache: Option<&'static str>,
}

/// What happened to the request with this id, which is API Gateway's, or Lambda's id of one of its invocations.
pub(super) fn account(lines: &LogLines, id: &str) -> Option<Account> {
    let access = lines
        .access
        .iter()
        .find(|line| line.ids().any(|own| own == id));
    let id = access.map_or(id, |line| line.request_id.as_str());
    let named = |member: &str, own: &str| value(member) == Some(own);
    let decision = lines.authorizer.iter().find(|line| {
        line.api_request_id.as_deref() == Some(id)
            || line.request_id == id
            || access.is_some_and(|access| named(&access.authorizer_request_id, &line.request_id))
    });
    let handled = lines.handler.iter().find(|line| {
        line.api_request_id.as_deref() == Some(id)
            || line.request_id == id
            || access.is_some_and(|access| named(&access.integration_request_id, &line.request_id))
    });
    let known = access.map(|access| with_invocation(access, decision));
    let access = known.as_ref();
    let mut account = match (access, decision, handled) {
        (Some(access), ..) => by_access_line(access, decision, handled),
        (None, _, Some(handled)) => by_handler_line(handled, decision),
        (None, Some(decision), None) => by_decision(decision),
        (None, None, None) => return None,
    };
    account.authorizer = authorizer(access, decision, account.decided_by);
    account.advice = what_to_do(&account);
    if account.reason.as_deref() == Some("identity_source_missing")
        && access.is_some_and(|access| access.resource_path.is_some())
    {
        account.advice.push_str(NOT_MATCHING);
    }
    Some(account)
}

/// At an HTTP API, AWS has no variable for the authorizer's request id, but the authorizer's line has the request's id.
fn with_invocation(access: &AccessLine, decision: Option<&AuthorizerLine>) -> AccessLine {
    let mut access = access.clone();
    if access.route_key.is_some()
        && value(&access.authorizer_request_id).is_none()
        && let Some(decision) = decision
    {
        access
            .authorizer_request_id
            .clone_from(&decision.request_id);
    }
    access
}

fn by_access_line(
    access: &AccessLine,
    decision: Option<&AuthorizerLine>,
    handled: Option<&HandlerLine>,
) -> Account {
    let decided = access.decided();
    // The authorizer's own reason says more than the gateway's type.
    let (reason, detail) = match (decided.by, decision, handled) {
        (DecidedBy::Authorizer, Some(decision), _) if refused(decision) => {
            (decision.reason.clone(), decision.detail.clone())
        }
        (DecidedBy::Authorizer, Some(_), _) if decided.reason == "authorizer_failed" => {
            // The authorizer decided, but API Gateway could not use its answer.
            ("authorizer_answer_malformed".to_owned(), None)
        }
        (DecidedBy::Handler, _, Some(handled)) => (decided.reason, handled.cause.clone()),
        _ => (
            decided.reason,
            value(&access.integration_error).map(str::to_owned),
        ),
    };
    Account {
        request_id: access.request_id.clone(),
        status: access.status.parse().ok(),
        decided_by: Some(decided.by),
        reason: Some(reason),
        route: route(access),
        detail,
        ..Account::about("")
    }
}

/// Without an access log: the handler's answer is the caller's.
fn by_handler_line(handled: &HandlerLine, decision: Option<&AuthorizerLine>) -> Account {
    let id = handled
        .api_request_id
        .as_deref()
        .or(decision.and_then(|decision| decision.api_request_id.as_deref()));
    let route = handled.method.clone().zip(handled.route.clone());
    Account {
        status: handled.status,
        decided_by: Some(DecidedBy::Handler),
        reason: handled.status.map(|status| {
            if status >= 400 {
                status.to_string()
            } else {
                "answered".to_owned()
            }
        }),
        route: route.map(|(method, path)| NamedRoute { method, path }),
        detail: handled.cause.clone(),
        ..Account::about(id.unwrap_or(&handled.request_id))
    }
}

/// With only the authorizer's line, the gateway's answer is inferred. The outcome of a granted call is unknown.
fn by_decision(decision: &AuthorizerLine) -> Account {
    let id = decision.api_request_id.as_deref();
    let account = Account {
        reason: Some(decision.reason.clone()),
        detail: decision.detail.clone(),
        ..Account::about(id.unwrap_or(&decision.request_id))
    };
    if !refused(decision) {
        return account;
    }
    Account {
        // With simple answers of an HTTP API a bad token is a 403, and the line does not show the kind of API.
        status: match decision.decision.as_str() {
            "deny" => Some(403),
            "error" => Some(500),
            _ => None,
        },
        decided_by: Some(DecidedBy::Authorizer),
        ..account
    }
}

impl Account {
    fn about(id: &str) -> Self {
        Self {
            request_id: id.to_owned(),
            status: None,
            decided_by: None,
            reason: None,
            route: None,
            authorizer: AuthorizerPart::default(),
            advice: String::new(),
            detail: None,
        }
    }
}

fn refused(decision: &AuthorizerLine) -> bool {
    decision.decision != "allow"
}

/// The route: the resource of a REST API with the method, or the route key of an HTTP API.
fn route(access: &AccessLine) -> Option<NamedRoute> {
    let method = access.http_method.clone();
    if let Some(path) = access.resource_path.as_deref().and_then(value) {
        let path = path.to_owned();
        return Some(NamedRoute { method, path });
    }
    let key = access.route_key.as_deref().and_then(value)?;
    Some(match key.split_once(' ') {
        Some((method, path)) => NamedRoute {
            method: method.to_owned(),
            path: path.to_owned(),
        },
        None => NamedRoute {
            method,
            path: key.to_owned(),
        },
    })
}

/// The invocation, and the cache that the decision came from: API Gateway's cache of policies, else the authorizer's
/// cache of tokens.
fn authorizer(
    access: Option<&AccessLine>,
    decision: Option<&AuthorizerLine>,
    decided_by: Option<DecidedBy>,
) -> AuthorizerPart {
    let invoked = access.and_then(|access| value(&access.authorizer_request_id));
    let is_cached_policy = access
        .is_some_and(|access| !access.asked_authorizer() && value(&access.principal_id).is_some());
    let cache = decision.and_then(|decision| decision.cache.as_deref());
    AuthorizerPart {
        request_id: invoked
            .or(decision.map(|decision| decision.request_id.as_str()))
            .map(str::to_owned),
        cache: match cache {
            _ if is_cached_policy || decided_by == Some(DecidedBy::CachedPolicy) => Some("hit"),
            Some("hit") => Some("hit"),
            Some("miss") => Some("miss"),
            Some("off") => Some("off"),
            _ => None,
        },
    }
}

fn what_to_do(account: &Account) -> String {
    let known = account.reason.as_deref().and_then(advice::reason);
    let advice = match known {
        Some(reason) if reason.advice != "nothing" => reason.advice,
        _ => "",
    };
    match &account.detail {
        Some(detail) if advice.is_empty() => detail.clone(),
        Some(detail) => format!("{advice} ({detail})"),
        None => advice.to_owned(),
    }
}
