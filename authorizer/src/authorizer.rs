//! The whole of it: from an event to an answer.

use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use lambda_support::invocation::Invocation;
use lambda_support::log::{Level, Log};
use serde_json::json;
use serde_json::value::RawValue;
use tokio::task::JoinSet;

use crate::access::{AccessRules, Caller, NothingGranted, Permit};
use crate::answer::{Answer, AnswerForm};
use crate::clock::{Clock, Timestamp};
use crate::config::Settings;
use crate::context::{context, principal};
use crate::deadline::Deadline;
use crate::error::{AuthorizerError, EventFault, Failure};
use crate::event::{AuthorizerRequest, Form};
use crate::http_client::Transport;
use crate::log::{Decided, Verdict};
use crate::metrics::KeyEventMeter;
use crate::policy::PolicyDocument;
use crate::refusal::Refusal;
use crate::trace::Trace;
use crate::verifier::{TrustedIssuer, Verifier};

/// Decides about events. Made once, used for every invocation.
#[derive(Debug)]
pub struct Authorizer {
    verifier: Verifier,
    access_rules: AccessRules,
    policy_expiry: bool,
    http_api_answer: AnswerForm,
    keys_timeout: Duration,
    clock: Arc<dyn Clock>,
    log: Log,
    key_events: KeyEventMeter,
    function: String,
    warned_of_caching: Once,
}

/// How long init waits for keys at most. Lambda gives all of it 10 seconds and then begins anew, within the time of the
/// first invocation.
const WARM_UP_LIMIT: Duration = Duration::from_secs(5);

/// Logged once: whether the API caches, and by what, is not in the event.
const CACHED_SIMPLE_ANSWERS: &str = "the access rules differ by route, and an HTTP API applies a cached simple answer \
    to every route: set the authorizer's cache time to 0, add $context.routeKey to its identity sources, or set \
    HTTP_API_RESPONSE=iam";

impl Authorizer {
    /// An authorizer by its settings. `function` names it in metrics. Nothing is fetched yet.
    #[must_use]
    pub fn new(
        settings: &Settings,
        transport: &Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        log: Log,
        function: String,
    ) -> Self {
        let issuers = settings
            .issuers
            .iter()
            .map(|issuer| TrustedIssuer::new(issuer, settings, transport, &clock))
            .collect();
        let requirements = settings.requirements.clone();
        Self {
            verifier: Verifier::new(
                issuers,
                requirements,
                settings.token_cache_entries,
                Arc::clone(&clock),
            ),
            access_rules: settings.access_rules.clone(),
            policy_expiry: settings.requirements.policy_expiry,
            http_api_answer: settings.http_api_answer,
            keys_timeout: settings.keys.timeout,
            clock,
            log,
            key_events: KeyEventMeter::default(),
            function,
            warned_of_caching: Once::new(),
        }
    }

    /// Fetches the keys of all issuers, side by side, so that the first caller does not pay. A dead issuer holds this
    /// up no longer than one fetch may take, or 5 seconds if that is less; a fetch that takes longer goes on beside.
    pub async fn warm_up(self: &Arc<Self>) {
        let patience = warm_up_patience(self.keys_timeout);
        let deadline = Deadline::at(self.clock.now().plus(patience));
        let mut fetches = JoinSet::new();
        for place in 0..self.verifier.issuers().len() {
            let this = Arc::clone(self);
            fetches.spawn(async move {
                if let Some(issuer) = this.verifier.issuers().get(place) {
                    issuer.keys.warm_up(deadline).await;
                }
            });
        }
        let _unfinished = tokio::time::timeout(patience, fetches.join_all()).await;
    }

    /// Decides about one event and logs the decision.
    ///
    /// # Errors
    ///
    /// If there is no policy to answer with: the caller's fault or ours, never mixed.
    pub async fn authorize(
        &self,
        event: &RawValue,
        invocation: Invocation<'_>,
    ) -> Result<Answer, AuthorizerError> {
        let started = Instant::now();
        let mut trace = Trace::default();
        let deadline = Deadline::of_invocation(invocation.deadline, self.clock.now());
        let decided = self.decide(event, deadline, &mut trace).await;
        self.log_decision(&decided, &trace, started.elapsed(), invocation.request_id);
        match decided {
            Ok(decision) => Ok(decision.answer),
            Err(failed) => failed.answer.ok_or(failed.error),
        }
    }

    /// The flow itself.
    async fn decide(
        &self,
        event: &RawValue,
        deadline: Deadline,
        trace: &mut Trace,
    ) -> Result<Decision, NoDecision> {
        let mut request = AuthorizerRequest::parse(event)?;
        trace.request_id = request.request_id.take();
        let form = match request.form {
            Form::HttpApi => self.http_api_answer,
            Form::Token | Form::Request => AnswerForm::Policy,
        };
        if form == AnswerForm::Simple && self.access_rules.differ_by_route() {
            self.warned_of_caching.call_once(|| {
                self.log.write(
                    Level::Warn,
                    CACHED_SIMPLE_ANSWERS,
                    self.clock.now(),
                    json!({}),
                );
            });
        }

        let verified = match request.credential.clone() {
            Ok(Some(token)) => self
                .verifier
                .verify(&token, deadline, trace)
                .await
                .map(Some),
            Ok(None) => Ok(None),
            Err(refusal) => Err(refusal.into()),
        };
        let claims = verified.map_err(|error| NoDecision::new(error, form))?;
        let caller = claims
            .as_deref()
            .map_or(Caller::Anonymous, Caller::SignedIn);

        let permit = self.access_rules.decide(caller);
        let granted = permit
            .as_ref()
            .is_ok_and(|permit| permit.covers(request.target.route()));
        // A caller without a token is refused as such, unless something is open to the anonymous: for a simple answer,
        // which is about one route, that route.
        let nothing_for_anonymous = match form {
            AnswerForm::Policy => permit.is_err(),
            AnswerForm::Simple => !granted,
        };
        if claims.is_none() && nothing_for_anonymous {
            return Err(NoDecision::new(Refusal::NoToken.into(), form));
        }

        let mut answer = match form {
            AnswerForm::Simple => Answer::Simple {
                is_authorized: granted,
                context: Some(context(caller)),
            },
            AnswerForm::Policy => {
                let ends_at = claims
                    .as_ref()
                    .filter(|_| self.policy_expiry)
                    .map(|claims| claims.expires_at_secs());
                Answer::Policy {
                    principal_id: principal(caller).to_owned(),
                    policy_document: PolicyDocument::new(&permit, &request.target, ends_at),
                    context: context(caller),
                }
            }
        };
        trace.context_left_out = answer.fit();
        Ok(Decision {
            answer,
            granted,
            reason: reason(&permit, granted, caller),
        })
    }

    fn log_decision(
        &self,
        decided: &Result<Decision, NoDecision>,
        trace: &Trace,
        duration: Duration,
        request_id: &str,
    ) {
        let (verdict, reason, detail) = match decided {
            Ok(Decision {
                granted: true,
                reason,
                ..
            }) => (Verdict::Allow, *reason, None),
            Ok(Decision { reason, .. }) => (Verdict::Deny, *reason, None),
            Err(NoDecision { error, .. }) => {
                let verdict = match error {
                    AuthorizerError::Refused(_) => Verdict::Unauthorized,
                    AuthorizerError::Failed(_) => Verdict::Error,
                };
                (verdict, error.code(), Some(error.to_string()))
            }
        };
        let decided = Decided {
            verdict,
            reason,
            detail,
            now: self.clock.now(),
            duration,
            request_id,
            function: &self.function,
            key_events: self.key_events.since_last(
                self.verifier
                    .issuers()
                    .iter()
                    .map(|issuer| issuer.keys.counters()),
            ),
        };
        decided.write(trace, &self.log);
    }
}

fn warm_up_patience(keys_timeout: Duration) -> Duration {
    keys_timeout.min(WARM_UP_LIMIT)
}

/// An answer, and what the log is told.
struct Decision {
    answer: Answer,
    granted: bool,
    reason: &'static str,
}

/// An error, and the answer that stands for it where errors have none of their own.
struct NoDecision {
    error: AuthorizerError,
    answer: Option<Answer>,
}

impl NoDecision {
    /// A simple response can say no to a bad token; a failure of ours is an error in every form.
    const fn new(error: AuthorizerError, form: AnswerForm) -> Self {
        let answer = match (error, form) {
            (AuthorizerError::Refused(_), AnswerForm::Simple) => Some(Answer::Simple {
                is_authorized: false,
                context: None,
            }),
            (AuthorizerError::Refused(_), AnswerForm::Policy) | (AuthorizerError::Failed(_), _) => {
                None
            }
        };
        Self { error, answer }
    }
}

impl From<EventFault> for NoDecision {
    fn from(fault: EventFault) -> Self {
        Self::new(Failure::from(fault).into(), AnswerForm::Policy)
    }
}

fn reason(
    permit: &Result<Permit<'_>, NothingGranted>,
    granted: bool,
    caller: Caller<'_>,
) -> &'static str {
    match (permit, granted, caller) {
        (Err(NothingGranted), _, _) => "no_rule_met",
        (Ok(_), false, _) => "route_not_granted",
        (Ok(_), true, Caller::Anonymous) => "granted_to_anyone",
        (Ok(_), true, Caller::SignedIn(_)) => "granted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_timeout_that_can_be_set_outlasts_the_init_of_lambda() {
        for (timeout_ms, expected_ms) in [(1, 1), (2000, 2000), (5000, 5000), (60_000, 5000)] {
            let patience = warm_up_patience(Duration::from_millis(timeout_ms));
            assert_eq!(patience, Duration::from_millis(expected_ms));
        }
    }
}
