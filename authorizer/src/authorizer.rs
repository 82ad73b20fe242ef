//! The flow: from an event to an answer.

mod decision;

use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use lambda_support::invocation::Invocation;
use lambda_support::log::{Level, Log};
use serde_json::json;
use serde_json::value::RawValue;
use tokio::task::JoinSet;

pub use self::decision::Explanation;
use self::decision::{Decision, Outcome};
use crate::access::{AccessRules, CallerClaims};
use crate::answer::context::{context, principal};
use crate::answer::policy::PolicyDocument;
use crate::answer::{AuthorizerResponse, ResponseForm};
use crate::clock::{Clock, Timestamp};
use crate::config::Settings;
use crate::credential::Credential;
use crate::deadline::Deadline;
use crate::dpop::ProofVerifier;
use crate::error::AuthorizerError;
use crate::event::{AuthorizerRequest, EventForm};
use crate::issuer::http_client::Transport;
use crate::log::DecisionResult;
use crate::log::metrics::KeyEventMeter;
use crate::log::trace::Trace;
use crate::refusal::Refusal;
use crate::target::Target;
use crate::verifier::{VerifiedClaims, Verifier};

/// Decides about events. Created once per environment and used for every invocation.
#[derive(Debug)]
pub struct Authorizer {
    verifier: Verifier,
    proofs: ProofVerifier,
    access_rules: AccessRules,
    policy_expiry: bool,
    http_api_answer: ResponseForm,
    keys_timeout: Duration,
    clock: Arc<dyn Clock>,
    log: Log,
    key_events: KeyEventMeter,
    function: String,
    warned_of_caching: Once,
}

/// The maximum time that init waits for keys. Lambda limits init to 10 seconds and then repeats it within the time of
/// the first invocation.
const MAX_WARM_UP: Duration = Duration::from_secs(5);

impl Authorizer {
    /// Creates an authorizer without fetching anything. `function` is its name in metrics.
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
            .map(|issuer| issuer.trusted(settings, transport, &clock))
            .collect();
        let requirements = settings.requirements.clone();
        Self {
            verifier: Verifier::new(
                issuers,
                requirements,
                settings.token_cache_entries,
                Arc::clone(&clock),
            ),
            proofs: ProofVerifier::new(
                settings.dpop_public_urls.clone(),
                settings.requirements.leeway,
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

    /// Fetches the keys of all issuers concurrently, so that the first caller does not wait. If an issuer is down, this
    /// waits for the timeout of one request, but at most 5 seconds; a fetch that takes longer continues in the
    /// background.
    pub async fn warm_up(&self) {
        let patience = warm_up_patience(self.keys_timeout);
        let deadline = Deadline::at(self.clock.now().plus(patience));
        let mut fetches = JoinSet::new();
        for issuer in self.verifier.issuers() {
            let issuer = Arc::clone(issuer);
            fetches.spawn(async move { issuer.keys.warm_up(deadline).await });
        }
        let _unfinished = tokio::time::timeout(patience, fetches.join_all()).await;
    }

    /// Decides about one event and logs the decision. Fails if the token is refused, or because of an internal failure.
    pub async fn authorize(
        &self,
        event: &RawValue,
        invocation: Invocation<'_>,
    ) -> Result<Box<RawValue>, AuthorizerError> {
        let started = Instant::now();
        let mut trace = Trace::default();
        let outcome = self.decide(event, invocation.deadline, &mut trace).await;
        self.log_decision(&outcome, &trace, started.elapsed(), invocation.request_id);
        outcome.into_answer()
    }

    /// Decides about one event without logging it, and reports the outcome of each rule that covers the route.
    pub async fn explain(&self, event: &RawValue, deadline: Timestamp) -> Explanation {
        let mut trace = Trace::default();
        let outcome = self.decide(event, deadline, &mut trace).await;
        let caller = match &outcome.decision {
            Ok(Decision {
                claims: Some(claims),
                ..
            }) => Some(CallerClaims::SignedIn(claims)),
            Ok(Decision { claims: None, .. }) | Err(AuthorizerError::Refused(Refusal::NoToken)) => {
                Some(CallerClaims::Anonymous)
            }
            Err(_) => None,
        };
        let rules = caller
            .zip(outcome.route.as_ref())
            .map(|(caller, route)| self.access_rules.outcomes(caller, route, self.clock.now()));
        let (verdict, reason, detail) = outcome.summary();
        Explanation {
            verdict,
            reason,
            detail,
            rules: rules.unwrap_or_default(),
            answer: outcome.into_answer(),
        }
    }

    async fn decide(&self, event: &RawValue, deadline: Timestamp, trace: &mut Trace) -> Outcome {
        let deadline = Deadline::of_invocation(deadline, self.clock.now());
        let mut request = match AuthorizerRequest::parse(event) {
            Ok(request) => request,
            Err(fault) => return Outcome::unknown_event(fault),
        };
        trace.request_id = request.request_id.take();
        let form = match request.form {
            EventForm::HttpApi => self.http_api_answer,
            EventForm::Token | EventForm::Request => ResponseForm::Policy,
        };
        if form == ResponseForm::Simple {
            self.warn_of_caching();
        }
        let decision = match self.authenticate(&request, deadline, trace).await {
            Ok(claims) => self.decide_for(claims, &request.target, form),
            Err(error) => Err(error),
        };
        if let Ok(decision) = &decision {
            trace.context_left_out.clone_from(&decision.left_out);
        }
        Outcome {
            decision,
            form,
            route: Some(request.target.into_route()),
        }
    }

    /// Verifies the token of a request, and then its proof of possession if the token was sent with one. `None` if
    /// there is no token.
    async fn authenticate(
        &self,
        request: &AuthorizerRequest,
        deadline: Deadline,
        trace: &mut Trace,
    ) -> Result<Option<Arc<VerifiedClaims>>, AuthorizerError> {
        let credential = match &request.credential {
            Ok(Some(credential)) => credential,
            Ok(None) => return Ok(None),
            Err(refusal) => return Err((*refusal).into()),
        };
        let claims = self.verifier.verify(credential, deadline, trace).await?;
        // The result for a token may be cached, but a proof can be used only once, so every proof is verified.
        if let Credential::Dpop { token, proof, call } = credential {
            let key = claims.bound_to().ok_or(Refusal::NotBoundToKey)?;
            let proof = proof.as_ref().map_err(|refusal| *refusal)?;
            self.proofs
                .verify(proof, call, token, key, self.clock.now())?;
        }
        Ok(Some(claims))
    }

    /// Decides which routes a caller may call, and whether the route of the event is one of them.
    fn decide_for(
        &self,
        claims: Option<Arc<VerifiedClaims>>,
        target: &Target,
        form: ResponseForm,
    ) -> Result<Decision, AuthorizerError> {
        let now = self.clock.now();
        let caller = claims
            .as_deref()
            .map_or(CallerClaims::Anonymous, CallerClaims::SignedIn);
        let permit = self.access_rules.decide(caller, now);
        let granted = permit
            .as_ref()
            .is_ok_and(|permit| permit.covers(target.route()));
        // A caller without a token is refused unless a rule allows anonymous callers. For a policy any rule is enough;
        // for a simple answer the rule must cover the route.
        let nothing_for_anonymous = match form {
            ResponseForm::Policy => permit.is_err(),
            ResponseForm::Simple => !granted,
        };
        if claims.is_none() && nothing_for_anonymous {
            return Err(Refusal::NoToken.into());
        }

        let step_up = claims
            .as_ref()
            .filter(|_| !granted)
            .and_then(|claims| self.access_rules.step_up(claims, target.route(), now));
        let context = context(caller, step_up.as_deref());
        let answer = match form {
            ResponseForm::Simple => AuthorizerResponse::Simple {
                is_authorized: granted,
                context: Some(context),
            },
            ResponseForm::Policy => {
                let ends_at = claims
                    .as_ref()
                    .filter(|_| self.policy_expiry)
                    .map(|claims| claims.expires_at_secs());
                AuthorizerResponse::Policy {
                    principal_id: principal(caller),
                    policy_document: PolicyDocument::new(&permit, target, ends_at),
                    context,
                }
            }
        };
        let (answer, left_out) = answer.fit();
        let reason = decision::reason(permit.is_ok(), granted, caller);
        Ok(Decision {
            answer,
            left_out,
            granted,
            reason,
            claims,
        })
    }

    /// Logs the warnings about simple answers once. The event does not say whether the API caches answers, or by which
    /// key.
    fn warn_of_caching(&self) {
        const BY_ROUTE: &str = "the access rules differ by route, and an HTTP API applies a cached simple answer to \
                                every route: set the authorizer's cache time to 0, add $context.routeKey to its \
                                identity sources, or set HTTP_API_RESPONSE=iam";
        const EXPIRY: &str = "POLICY_EXPIRY has no effect on a cached simple answer, which can outlive its token by the \
                              authorizer's cache time: set the cache time to 0, or set HTTP_API_RESPONSE=iam";
        self.warned_of_caching.call_once(|| {
            let by_route = self.access_rules.differ_by_route().then_some(BY_ROUTE);
            let expiry = self.policy_expiry.then_some(EXPIRY);
            for warning in by_route.into_iter().chain(expiry) {
                self.log
                    .write(Level::Warn, warning, self.clock.now(), json!({}));
            }
        });
    }

    fn log_decision(&self, outcome: &Outcome, trace: &Trace, duration: Duration, request_id: &str) {
        let (verdict, reason, detail) = outcome.summary();
        let decided = DecisionResult {
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
    keys_timeout.min(MAX_WARM_UP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_at_start_ends_before_lambdas_init_timeout() {
        for (timeout_ms, expected_ms) in [(1, 1), (2000, 2000), (5000, 5000), (60_000, 5000)] {
            let patience = warm_up_patience(Duration::from_millis(timeout_ms));
            assert_eq!(patience, Duration::from_millis(expected_ms));
        }
    }
}
