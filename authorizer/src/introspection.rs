//! Asking the issuer whether a token is still good (RFC 7662). Off by default.
//!
//! It is asked only about tokens that have verified, so that no stranger can make it ask; and it fails closed: what is
//! not a clear "active" is either a clear "not active", which is the caller's fault, or no answer, which is ours.

mod memory;
mod request;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::watch;
use tracing::warn;

use self::memory::Memory;
use crate::clock::{Clock, Timestamp};
use crate::deadline::Deadline;
use crate::http_client::{Endpoint, Request, Transport, TransportError};
use crate::issuer_metadata::{IssuerMetadata, MetadataError};

/// Where and as whom to ask.
#[derive(Clone, Debug)]
pub struct IntrospectionSettings {
    /// The exact issuer, for its metadata.
    pub issuer: String,
    /// The endpoint; `None` asks the issuer's metadata, once.
    pub uri: Option<Endpoint>,
    /// As which client.
    pub client_id: Option<String>,
    /// With which secret; a public client has none and sends its id alone.
    pub client_secret: Option<Secret>,
    /// What kind of token it is about: `access_token`, or `id_token`, which Okta knows as well.
    pub token_type_hint: &'static str,
    /// How long an answer is remembered; zero asks every time.
    pub ttl: Duration,
    /// One request, connect to last byte.
    pub timeout: Duration,
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

/// The issuer says that the token is active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Active {
    /// Whether it said so before, within the time an answer is remembered.
    pub remembered: bool,
}

/// Why a token is not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IntrospectionError {
    /// The issuer says that the token is not active: revoked, signed out, or not its own. The caller's fault.
    #[error("the issuer says that the token is no longer active")]
    Revoked,
    /// The issuer gave no answer that can be understood. Our fault.
    #[error("the issuer could not be asked about the token: {0}")]
    Unavailable(IntrospectionFailure),
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IntrospectionFailure {
    /// The endpoint could not be found out.
    #[error("its metadata gave no introspection endpoint: {0}")]
    Discovery(MetadataError),
    /// The request failed. A status of 401 means that `INTROSPECTION_CLIENT_ID` or its secret is wrong.
    #[error("{0}")]
    Transport(TransportError),
    /// The answer is not an object with a boolean `active` (RFC 7662 section 2.2).
    #[error("its answer is not a JSON object with a boolean `active`")]
    Malformed,
    /// The invocation had no time left.
    #[error("the deadline of the invocation came first")]
    Deadline,
}

/// What one request brought.
type Answer = Result<bool, IntrospectionFailure>;

/// Asks about tokens, and remembers the answers for a while. Shared by reference.
pub struct Introspection {
    settings: IntrospectionSettings,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    memory: Memory,
    /// The questions that are being asked, so that no token is asked about twice at once.
    asking: HashMap<[u8; 32], watch::Receiver<Option<Answer>>>,
    endpoint: Option<Endpoint>,
}

impl Introspection {
    /// Nothing is asked yet.
    #[must_use]
    pub fn new(
        settings: IntrospectionSettings,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let state = Mutex::new(State {
            memory: Memory::new(settings.ttl),
            asking: HashMap::new(),
            endpoint: settings.uri.clone(),
        });
        Self {
            settings,
            transport,
            clock,
            state,
        }
    }

    /// Asks about a token that has verified, or remembers. `token_sha256` is the SHA-256 of all its bytes; the token
    /// itself is only ever sent, never kept. Once the deadline has passed no request is started.
    ///
    /// # Errors
    ///
    /// If the issuer says that it is not active, or says nothing clear.
    pub async fn check(
        &self,
        token_sha256: [u8; 32],
        token: &str,
        deadline: Deadline,
    ) -> Result<Active, IntrospectionError> {
        loop {
            let now = self.clock.now();
            let left = deadline.patience(now, self.longest());
            let answer = match self.turn(token_sha256, now) {
                Turn::Remembered(active) => return verdict(Ok(active), true),
                Turn::Ask(waiting) => {
                    let answer = if deadline.has_passed(now) {
                        Err(IntrospectionFailure::Deadline)
                    } else {
                        let answer = tokio::time::timeout(left, self.ask(token)).await;
                        answer.unwrap_or(Err(IntrospectionFailure::Deadline))
                    };
                    if let Err(failure) = answer {
                        warn!(issuer = self.settings.issuer, %failure, "token not introspected");
                    }
                    self.settle(token_sha256, answer, now);
                    waiting.send_replace(Some(answer));
                    answer
                }
                Turn::Wait(mut asking) => {
                    match tokio::time::timeout(left, asking.wait_for(Option::is_some)).await {
                        Ok(Ok(answer)) => answer.unwrap_or(Err(IntrospectionFailure::Malformed)),
                        // Whoever asked has gone away. It is our turn.
                        Ok(Err(_)) => continue,
                        Err(_) => Err(IntrospectionFailure::Deadline),
                    }
                }
            };
            return verdict(answer, false);
        }
    }

    /// Two documents of metadata, and the question.
    const fn longest(&self) -> Duration {
        self.settings.timeout.saturating_mul(3)
    }

    fn turn(&self, token: [u8; 32], now: Timestamp) -> Turn {
        let mut state = self.lock();
        if let Some(active) = state.memory.recall(&token, now) {
            return Turn::Remembered(active);
        }
        // One whose sender is gone was dropped half-way.
        state
            .asking
            .retain(|_, asking| asking.has_changed().is_ok());
        if let Some(asking) = state.asking.get(&token) {
            return Turn::Wait(asking.clone());
        }
        let (sender, asking) = watch::channel(None);
        state.asking.insert(token, asking);
        Turn::Ask(sender)
    }

    async fn ask(&self, token: &str) -> Answer {
        let timeout = self.settings.timeout;
        let known = self.lock().endpoint.clone();
        let endpoint = match known {
            Some(endpoint) => endpoint,
            None => {
                let endpoint = self
                    .discover()
                    .await
                    .map_err(IntrospectionFailure::Discovery)?;
                self.lock().endpoint.insert(endpoint).clone()
            }
        };
        let form = request::form(&self.settings, token);
        let request = Request {
            endpoint: &endpoint,
            timeout,
            form: Some(form),
        };
        let document = self
            .transport
            .send(request)
            .await
            .map_err(IntrospectionFailure::Transport)?;
        request::is_active(&document.body).ok_or(IntrospectionFailure::Malformed)
    }

    async fn discover(&self) -> Result<Endpoint, MetadataError> {
        let IntrospectionSettings {
            issuer, timeout, ..
        } = &self.settings;
        IssuerMetadata::fetch(issuer, self.transport.as_ref(), *timeout)
            .await?
            .introspection_endpoint()
    }

    /// An answer is as old as its question; what is no answer is not remembered.
    fn settle(&self, token: [u8; 32], answer: Answer, asked_at: Timestamp) {
        let mut state = self.lock();
        state.asking.remove(&token);
        if let Ok(active) = answer {
            state.memory.remember(token, active, asked_at);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code under the lock can panic half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Turn {
    Remembered(bool),
    Ask(watch::Sender<Option<Answer>>),
    Wait(watch::Receiver<Option<Answer>>),
}

const fn verdict(answer: Answer, remembered: bool) -> Result<Active, IntrospectionError> {
    match answer {
        Ok(true) => Ok(Active { remembered }),
        Ok(false) => Err(IntrospectionError::Revoked),
        Err(failure) => Err(IntrospectionError::Unavailable(failure)),
    }
}

impl fmt::Debug for Introspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspection")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
