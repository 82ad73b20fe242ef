//! The result of the flow, before it becomes an answer and a log line.

use std::sync::Arc;

use serde_json::value::RawValue;

use crate::access::{CallerClaims, RuleOutcome};
use crate::answer::{AuthorizerResponse, ResponseForm};
use crate::error::{AuthorizerError, InternalError, UnknownEventError};
use crate::log::Verdict;
use crate::target::EventRoute;
use crate::verifier::VerifiedClaims;

/// How the flow ended.
pub(super) struct Outcome {
    pub(super) decision: Result<Decision, AuthorizerError>,
    pub(super) form: ResponseForm,
    /// The route of the event, if it could be parsed.
    pub(super) route: Option<EventRoute>,
}

pub(super) struct Decision {
    /// The answer, as JSON.
    pub(super) answer: Box<RawValue>,
    /// The names of the context values that exceed the answer's limit.
    pub(super) left_out: Vec<String>,
    pub(super) granted: bool,
    /// The stable name of the reason.
    pub(super) reason: &'static str,
    /// `None` for an anonymous caller.
    pub(super) claims: Option<Arc<VerifiedClaims>>,
}

/// A decision about one event and its reason.
#[derive(Debug)]
pub struct Explanation {
    /// How it ended.
    pub verdict: Verdict,
    /// The stable name of the reason, as in the log.
    pub reason: &'static str,
    /// More about the reason, as in the log.
    pub detail: Option<String>,
    /// The outcome of each rule that covers the route; empty if the token is refused.
    pub rules: Vec<RuleOutcome>,
    /// The answer to API Gateway, as JSON.
    pub answer: Result<Box<RawValue>, AuthorizerError>,
}

impl Outcome {
    pub(super) fn unknown_event(fault: UnknownEventError) -> Self {
        Self {
            decision: Err(InternalError::from(fault).into()),
            form: ResponseForm::Policy,
            route: None,
        }
    }

    /// How it ended, the stable name of the reason, and more about it.
    pub(super) fn summary(&self) -> (Verdict, &'static str, Option<String>) {
        match &self.decision {
            Ok(decision) if decision.granted => (Verdict::Allow, decision.reason, None),
            Ok(decision) => (Verdict::Deny, decision.reason, None),
            Err(error) => {
                let verdict = match error {
                    AuthorizerError::Refused(_) => Verdict::Unauthorized,
                    AuthorizerError::Failed(_) => Verdict::Error,
                };
                (verdict, error.code(), Some(error.to_string()))
            }
        }
    }

    /// The answer. A simple one can refuse a bad token; an internal failure is an error in every form.
    pub(super) fn into_answer(self) -> Result<Box<RawValue>, AuthorizerError> {
        match (self.decision, self.form) {
            (Ok(decision), _) => Ok(decision.answer),
            (Err(AuthorizerError::Refused(_)), ResponseForm::Simple) => {
                let refused = AuthorizerResponse::Simple {
                    is_authorized: false,
                    context: None,
                };
                Ok(refused.fit().0)
            }
            (Err(error), _) => Err(error),
        }
    }
}

/// The stable name of the reason of a decision. `any_rule`: the caller meets one.
pub(super) const fn reason(
    any_rule: bool,
    granted: bool,
    caller: CallerClaims<'_>,
) -> &'static str {
    match (any_rule, granted, caller) {
        (false, _, _) => "no_rule_met",
        (true, false, _) => "route_not_granted",
        (true, true, CallerClaims::Anonymous) => "granted_to_anyone",
        (true, true, CallerClaims::SignedIn(_)) => "granted",
    }
}
