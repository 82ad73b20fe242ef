//! Asking the issuer whether a token is still active (RFC 7662). Off by default.
//!
//! Only tokens that have verified are asked about, so a stranger cannot cause a request. It fails closed: what is not
//! clearly active is either clearly not, which is the caller's fault, or no usable answer, which is ours.

mod answer;
mod memory;
mod request;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::watch;
use tracing::warn;

use self::answer::Answer;
pub use self::answer::AskedToken;
use self::memory::Memory;
use crate::bearer::TokenDigest;
use crate::clock::{Clock, Timestamp};
use crate::deadline::Deadline;
use crate::issuer::failures::Failures;
use crate::issuer::http_client::{Endpoint, Request, Transport, TransportError};
use crate::issuer::metadata::{IssuerMetadata, MetadataError};
use crate::refusal::OtherMember;

/// How an issuer is asked.
#[derive(Clone, Debug)]
pub struct IntrospectionSettings {
    /// The endpoint; `None` asks the issuer's metadata.
    pub uri: Option<Endpoint>,
    /// The client that asks.
    pub client_id: String,
    /// Its secret; a public client has none and sends its id only.
    pub client_secret: Option<Secret>,
    /// How long an answer is remembered; zero asks every time.
    pub ttl: Duration,
}

/// The issuer that is asked, and what other settings say about it.
#[derive(Clone, Debug)]
pub struct AskedIssuer {
    /// The exact issuer, to find its metadata.
    pub issuer: String,
    /// The kind of token: `access_token`, or `id_token`, which Okta knows too.
    pub token_type_hint: &'static str,
    /// One request, connect to last byte.
    pub timeout: Duration,
    /// The longest pause after failures.
    pub cooldown: Duration,
    /// For the `exp` of an answer.
    pub leeway: Duration,
}

/// A client secret. It cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret.
    #[must_use]
    pub const fn new(secret: String) -> Self {
        Self(secret)
    }

    const fn expose(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IntrospectionError {
    /// The token is not active: revoked, signed out, expired, or not the issuer's. The caller's fault.
    #[error("the issuer says that the token is not active")]
    Revoked,
    /// The answer is about another token than the one that was sent. Refused like a token that is not active.
    #[error("the issuer's answer names another `{0}` than the token")]
    Other(OtherMember),
    /// The issuer gave no usable answer. Our fault.
    #[error("the issuer could not be asked about the token: {0}")]
    Unavailable(IntrospectionFailure),
}

/// Why there is no usable answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IntrospectionFailure {
    /// The issuer's metadata gave no endpoint.
    #[error("its metadata gave no introspection endpoint: {0}")]
    Discovery(MetadataError),
    /// The request failed. A status of 401 means that `INTROSPECTION_CLIENT_ID` or its secret is wrong.
    #[error("{0}")]
    Transport(TransportError),
    /// The answer is not an object with a boolean `active`, or a member of it has the wrong type (RFC 7662, section
    /// 2.2).
    #[error(
        "its answer is not a JSON object with a boolean `active` and members of the right types"
    )]
    Malformed,
    /// The invocation had no time left.
    #[error("the deadline of the invocation came first")]
    Deadline,
}

/// The outcome of one question.
type Outcome = Result<Answer, IntrospectionFailure>;

/// Asks about tokens, and remembers the answers for a while. Shared by reference.
pub struct Introspection {
    issuer: AskedIssuer,
    settings: IntrospectionSettings,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    memory: Memory,
    /// The questions in flight, so that no token is asked about twice at once.
    asking: HashMap<TokenDigest, watch::Receiver<Option<Outcome>>>,
    /// The endpoint from the metadata.
    discovered: Option<Endpoint>,
    failures: Failures,
    last_failure: IntrospectionFailure,
}

/// The first pause after a failure.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// The most requests of one question: to the endpoint that is known, two for metadata, and to the endpoint they name.
const MAX_REQUESTS: u32 = 4;

impl Introspection {
    /// Nothing is asked yet.
    #[must_use]
    pub fn new(
        issuer: AskedIssuer,
        settings: IntrospectionSettings,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let state = Mutex::new(State {
            memory: Memory::new(settings.ttl),
            asking: HashMap::new(),
            discovered: None,
            failures: Failures::NONE,
            last_failure: IntrospectionFailure::Deadline,
        });
        Self {
            issuer,
            settings,
            transport,
            clock,
            state,
        }
    }

    /// Asks about a token that has verified, or recalls the answer. The token itself is only sent, never kept. Once the
    /// deadline has passed no request is started.
    ///
    /// # Errors
    ///
    /// If the token is not active, or there is no usable answer.
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
                    let outcome = outcome.unwrap_or(Err(IntrospectionFailure::Deadline));
                    self.settle(token.sha256, outcome, now);
                    waiting.send_replace(Some(outcome));
                    outcome
                }
                Turn::Wait(mut asking) => {
                    let waited =
                        tokio::time::timeout(patience, asking.wait_for(Option::is_some)).await;
                    let Ok(outcome) = waited else {
                        return self.verdict(Err(IntrospectionFailure::Deadline));
                    };
                    // Without an outcome the caller who asked was cancelled, and it is this caller's turn.
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
        // A question whose sender is gone was cancelled.
        state
            .asking
            .retain(|_, asking| asking.has_changed().is_ok());
        if let Some(asking) = state.asking.get(&token) {
            return Turn::Wait(asking.clone());
        }
        if !state
            .failures
            .rested(FIRST_RETRY, self.issuer.cooldown, now)
        {
            return Turn::Rest(state.last_failure);
        }
        if deadline.has_passed(now) {
            return Turn::Rest(IntrospectionFailure::Deadline);
        }
        let (sender, asking) = watch::channel(None);
        state.asking.insert(token, asking);
        Turn::Ask(sender)
    }

    async fn ask(&self, token: &AskedToken<'_>) -> Outcome {
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
            .map_err(IntrospectionFailure::Discovery)?;
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

    async fn request(&self, endpoint: &Endpoint, token: &AskedToken<'_>) -> Outcome {
        let request = Request {
            endpoint,
            timeout: self.issuer.timeout,
            form: Some(request::form(&self.settings, &self.issuer, token.text)),
        };
        let document = self
            .transport
            .send(request)
            .await
            .map_err(IntrospectionFailure::Transport)?;
        Answer::parse(&document.body, token).ok_or(IntrospectionFailure::Malformed)
    }

    async fn discover(&self) -> Result<Endpoint, MetadataError> {
        let AskedIssuer {
            issuer, timeout, ..
        } = &self.issuer;
        IssuerMetadata::fetch(issuer, self.transport.as_ref(), *timeout)
            .await?
            .introspection_endpoint()
    }

    /// Ends a question. An answer is as old as its question; a failure is not remembered, but the next question waits.
    fn settle(&self, token: TokenDigest, outcome: Outcome, asked_at: Timestamp) {
        let mut state = self.lock();
        state.asking.remove(&token);
        match outcome {
            Ok(answer) => {
                state.memory.remember(token, answer, asked_at);
                state.failures = Failures::NONE;
            }
            Err(failure) => {
                warn!(issuer = self.issuer.issuer, %failure, "token not introspected");
                state.last_failure = failure;
                // Questions that were in flight together fail together, which is one failure of the issuer.
                if state.failures.last().is_none_or(|last| last <= asked_at) {
                    state.failures.add(self.clock.now());
                }
            }
        }
    }

    fn verdict(&self, outcome: Outcome) -> Result<(), IntrospectionError> {
        let answer = outcome.map_err(IntrospectionError::Unavailable)?;
        answer.verdict(self.clock.now(), self.issuer.leeway)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code under the lock can panic half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the endpoint is not (or no longer) at this address.
const fn is_gone(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Err(IntrospectionFailure::Transport(TransportError::Status(
            404 | 410
        )))
    )
}

enum Turn {
    Remembered(Answer),
    /// No question may be asked now.
    Rest(IntrospectionFailure),
    Ask(watch::Sender<Option<Outcome>>),
    Wait(watch::Receiver<Option<Outcome>>),
}

impl fmt::Debug for Introspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspection")
            .field("issuer", &self.issuer)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
