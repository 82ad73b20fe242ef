//! The result of the flow, before it becomes an answer and a log line.

use std::fmt;
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::access::{CallerClaims, RuleOutcome};
use crate::answer::{AuthorizerResponse, ResponseForm};
use crate::error::{AuthorizerError, InternalError, UnknownEventError};
use crate::log::Verdict;
use crate::target::EventRoute;
use crate::verifier::VerifiedClaims;

pub(super) struct Outcome {
    pub(super) decision: Result<Decision, AuthorizerError>,
    pub(super) form: ResponseForm,
    /// The route of the event, if it could be parsed.
    pub(super) route: Option<EventRoute>,
}

pub(super) struct Decision {
    /// The answer, as JSON.
    pub(super) answer: Box<RawValue>,
    /// The names of the context values that were left out to keep the answer within its limit.
    pub(super) left_out: Vec<String>,
    pub(super) granted: bool,
    /// The stable reason code.
    pub(super) reason: &'static str,
    /// `None` for an anonymous caller.
    pub(super) claims: Option<Arc<VerifiedClaims>>,
}

/// A decision about one event and its reason.
pub struct Explanation {
    pub verdict: Verdict,
    /// The stable reason code, as in the log.
    pub reason: &'static str,
    /// The message of the reason, as in the log.
    pub detail: Option<String>,
    /// The outcome of each rule that covers the route; empty if the token is refused.
    pub rules: Vec<RuleOutcome>,
    /// The answer to API Gateway, as JSON.
    pub answer: Result<Box<RawValue>, AuthorizerError>,
}

/// Shows no claim: the answer contains the caller's context.
impl fmt::Debug for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explanation")
            .field("verdict", &self.verdict)
            .field("reason", &self.reason)
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

impl Outcome {
    pub(super) fn unknown_event(fault: UnknownEventError) -> Self {
        Self {
            decision: Err(InternalError::from(fault).into()),
            form: ResponseForm::Policy,
            route: None,
        }
    }

    /// The verdict, the stable reason code, and the message of an error.
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

    /// The answer. The simple form can express that a token is refused; an internal failure is an error in both forms.
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

/// The stable reason code of a decision. `any_rule`: whether the caller meets at least one rule.
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
