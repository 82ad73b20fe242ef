//! A decision about one call, and its reason.

use std::fmt;

use authorizer::access::RuleOutcome;
use authorizer::authorizer::Explanation;
use authorizer::log::Verdict;
use serde::Serialize;

use crate::gateway::decided::DecidedBy;
use crate::template::api::{Identity, LambdaAuthorizer};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::commands) enum CallOutcome {
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
pub(in crate::commands) struct NamedRoute {
    pub(in crate::commands) method: String,
    pub(in crate::commands) path: String,
}

#[derive(Debug)]
pub(in crate::commands) struct CallDecision {
    pub(in crate::commands) outcome: CallOutcome,
    /// The status that the caller sees, unless the integration answers.
    pub(in crate::commands) status: Option<u16>,
    pub(in crate::commands) decided_by: DecidedBy,
    pub(in crate::commands) reason: &'static str,
    /// Details of the reason, as a string.
    pub(in crate::commands) detail: Option<String>,
    pub(in crate::commands) route: Option<NamedRoute>,
    pub(in crate::commands) authorizer: Option<String>,
    /// The result of each rule that covers the route.
    pub(in crate::commands) rules: Vec<RuleOutcome>,
}

pub(super) const fn by_gateway(outcome: CallOutcome, reason: &'static str) -> CallDecision {
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

/// The decision if the authorizer was called. The gateway evaluated the answer; `cause` is the reason in the access
/// log.
pub(super) fn by_authorizer(
    explanation: &Explanation,
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
        detail: explanation.detail.clone(),
        rules: explanation.rules.clone(),
        ..by_gateway(outcome, explanation.reason)
    }
}

/// The gateway answered 401 without calling the authorizer.
pub(super) const fn not_asked(authorizer: &LambdaAuthorizer, has_token: bool) -> CallDecision {
    let validates = matches!(
        authorizer.identity,
        Identity::Token {
            validation: Some(_),
            ..
        }
    );
    let reason = if validates && has_token {
        "identity_source_not_matching"
    } else {
        "identity_source_missing"
    };
    by_gateway(CallOutcome::Unauthorized, reason)
}
