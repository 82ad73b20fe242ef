//! Asks the issuer whether a token is still active (RFC 7662). Off by default.
//!
//! Only verified tokens are introspected, so an unauthenticated caller cannot cause a request. Introspection fails
//! closed: a token is refused unless the issuer reports it as active, and an unusable answer is an internal failure.

mod answer;
mod error;
mod memory;
mod request;
mod settings;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tracing::warn;

pub use self::answer::AskedToken;
use self::answer::IntrospectionAnswer;
pub use self::error::{IntrospectionAnswerError, IntrospectionError};
use self::memory::Memory;
pub use self::settings::{AskedIssuer, IntrospectionSettings, Secret};
use crate::bearer::TokenDigest;
use crate::clock::{Clock, Timestamp};
use crate::deadline::Deadline;
use crate::issuer::failures::Failures;
use crate::issuer::http_client::{Endpoint, IssuerRequest, Transport, TransportError};
use crate::issuer::metadata::{IssuerMetadata, MetadataError};

type IntrospectionOutcome = Result<IntrospectionAnswer, IntrospectionAnswerError>;

/// Introspects tokens and caches the answers.
pub struct Introspection {
    issuer: AskedIssuer,
    settings: IntrospectionSettings,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    state: Mutex<IntrospectionState>,
}

struct IntrospectionState {
    memory: Memory,
    /// The introspections in flight: at most one per token.
    asking: HashMap<TokenDigest, watch::Receiver<Option<IntrospectionOutcome>>>,
    /// The endpoint from the metadata.
    discovered: Option<Endpoint>,
    failures: Failures,
    /// Why the last introspection failed; `None` after a success.
    last_failure: Option<IntrospectionAnswerError>,
}

/// The first pause after a failure.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// The maximum number of requests of one introspection: one to the known endpoint, two for metadata, and one to the
/// endpoint in the metadata.
const MAX_REQUESTS: u32 = 4;

impl Introspection {
    /// Creates an empty cache of answers, without sending a request.
    pub fn new(
        issuer: AskedIssuer,
        settings: IntrospectionSettings,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let state = Mutex::new(IntrospectionState {
            memory: Memory::new(settings.ttl),
            asking: HashMap::new(),
            discovered: None,
            failures: Failures::NONE,
            last_failure: None,
        });
        Self {
            issuer,
            settings,
            transport,
            clock,
            state,
        }
    }

    /// Introspects a verified token, or uses the cached answer. The token is sent to the issuer, but never stored.
    /// After the deadline no request is started. Fails if the token is not active, or there is no usable answer.
    pub async fn check(
        &self,
        token: AskedToken<'_>,
        deadline: Deadline,
    ) -> Result<(), IntrospectionError> {
        loop {
            let now = self.clock.now();
            let longest = self.issuer.timeout.saturating_mul(MAX_REQUESTS);
            let patience = deadline.patience(now, longest);
            let outcome = match self.turn(token.sha256, deadline, now) {
                Turn::Remembered(answer) => Ok(answer),
                Turn::Rest(failure) => Err(failure),
                Turn::Ask(waiting) => {
                    let outcome = tokio::time::timeout(patience, self.ask(&token)).await;
                    let outcome = outcome.unwrap_or(Err(IntrospectionAnswerError::Deadline));
                    self.settle(token.sha256, outcome, now);
                    waiting.send_replace(Some(outcome));
                    outcome
                }
                Turn::Wait(mut asking) => {
                    let waited =
                        tokio::time::timeout(patience, asking.wait_for(Option::is_some)).await;
                    let Ok(outcome) = waited else {
                        return self.verdict(Err(IntrospectionAnswerError::Deadline));
                    };
                    // Without an outcome the other introspection was cancelled, so this caller starts one.
                    let Some(outcome) = outcome.ok().and_then(|outcome| *outcome) else {
                        continue;
                    };
                    outcome
                }
            };
            return self.verdict(outcome);
        }
    }

    fn turn(&self, token: TokenDigest, deadline: Deadline, now: Timestamp) -> Turn {
        let mut state = self.lock();
        if let Some(answer) = state.memory.recall(&token, now) {
            return Turn::Remembered(answer);
        }
        // An introspection without a sender was cancelled.
        state
            .asking
            .retain(|_, asking| asking.has_changed().is_ok());
        if let Some(asking) = state.asking.get(&token) {
            return Turn::Wait(asking.clone());
        }
        if let Some(failure) = state.last_failure
            && !state
                .failures
                .rested(FIRST_RETRY, self.issuer.cooldown, now)
        {
            return Turn::Rest(failure);
        }
        if deadline.has_passed(now) {
            return Turn::Rest(IntrospectionAnswerError::Deadline);
        }
        let (sender, asking) = watch::channel(None);
        state.asking.insert(token, asking);
        Turn::Ask(sender)
    }

    async fn ask(&self, token: &AskedToken<'_>) -> IntrospectionOutcome {
        if let Some(endpoint) = &self.settings.uri {
            return self.request(endpoint, token).await;
        }
        let known = self.lock().discovered.clone();
        let mut gone = None;
        if let Some(known) = known {
            let outcome = self.request(&known, token).await;
            if !is_gone(outcome) {
                return outcome;
            }
            self.lock().discovered = None;
            gone = Some((known, outcome));
        }
        let endpoint = self
            .discover()
            .await
            .map_err(IntrospectionAnswerError::Discovery)?;
        if let Some((known, outcome)) = gone
            && known == endpoint
        {
            return outcome;
        }
        let outcome = self.request(&endpoint, token).await;
        if !is_gone(outcome) {
            self.lock().discovered = Some(endpoint);
        }
        outcome
    }

    async fn request(&self, endpoint: &Endpoint, token: &AskedToken<'_>) -> IntrospectionOutcome {
        let request = IssuerRequest {
            endpoint,
            timeout: self.issuer.timeout,
            form: Some(request::form(&self.settings, &self.issuer, token.text)),
        };
        let document = self
            .transport
            .send(request)
            .await
            .map_err(IntrospectionAnswerError::Transport)?;
        IntrospectionAnswer::parse(&document.body, token).ok_or(IntrospectionAnswerError::Malformed)
    }

    async fn discover(&self) -> Result<Endpoint, MetadataError> {
        let AskedIssuer {
            issuer, timeout, ..
        } = &self.issuer;
        IssuerMetadata::fetch(issuer, self.transport.as_ref(), *timeout)
            .await?
            .introspection_endpoint()
    }

    /// Ends an introspection. The age of an answer is measured from its request. A failure is not cached, but delays
    /// the next request.
    fn settle(&self, token: TokenDigest, outcome: IntrospectionOutcome, asked_at: Timestamp) {
        let mut state = self.lock();
        state.asking.remove(&token);
        match outcome {
            Ok(answer) => {
                state.memory.remember(token, answer, asked_at);
                state.failures = Failures::NONE;
                state.last_failure = None;
            }
            Err(failure) => {
                warn!(issuer = self.issuer.issuer, %failure, "token not introspected");
                state.last_failure = Some(failure);
                // If concurrent introspections fail, that is one failure of the issuer. A failure later than `now` is
                // not concurrent: the clock was set back.
                let now = self.clock.now();
                let is_concurrent = |last| asked_at <= last && last <= now;
                if !state.failures.last().is_some_and(is_concurrent) {
                    state.failures.add(now);
                }
            }
        }
    }

    fn verdict(&self, outcome: IntrospectionOutcome) -> Result<(), IntrospectionError> {
        let answer = outcome.map_err(IntrospectionError::Unavailable)?;
        answer.verdict(self.clock.now(), self.issuer.leeway)
    }

    fn lock(&self) -> MutexGuard<'_, IntrospectionState> {
        // No code can panic while it changes the state under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the status says that the endpoint no longer exists.
const fn is_gone(outcome: IntrospectionOutcome) -> bool {
    matches!(
        outcome,
        Err(IntrospectionAnswerError::Transport(TransportError::Status(
            404 | 410
        )))
    )
}

enum Turn {
    Remembered(IntrospectionAnswer),
    /// No request may be sent now.
    Rest(IntrospectionAnswerError),
    Ask(watch::Sender<Option<IntrospectionOutcome>>),
    Wait(watch::Receiver<Option<IntrospectionOutcome>>),
}

impl fmt::Debug for Introspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspection")
            .field("issuer", &self.issuer)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
