//! The state that lookups and fetches share behind the only lock, and the start and end of a fetch.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tracing::{debug, info, warn};

use super::cache::{FetchOutcome, FlightId, KeyCache, Landing, Rules};
use super::fetch::{FetchError, Fetched, fetch};
use super::set::{KeySet, RefusedKey};
use super::{KeyCounters, KeySettings};
use crate::clock::Clock;
use crate::issuer::http_client::{Endpoint, Transport};

pub(super) struct Shared {
    pub(super) settings: KeySettings,
    transport: Arc<dyn Transport>,
    pub(super) clock: Arc<dyn Clock>,
    state: Mutex<KeysState>,
    /// Changes whenever a fetch ends.
    pub(super) landings: watch::Sender<()>,
}

/// The state behind the lock.
pub(super) struct KeysState {
    pub(super) cache: KeyCache<Arc<KeySet>>,
    /// The URL of the keys, once it is known.
    jwks_uri: Option<Endpoint>,
    pub(super) landed: Landed,
    /// The fetch that was started last.
    task: Option<AbortHandle>,
    pub(super) last_failure: Option<FetchError>,
    refused: Vec<RefusedKey>,
    pub(super) counters: KeyCounters,
}

/// The latest fetches that ended.
#[derive(Clone, Copy, Default)]
pub(super) struct Landed {
    /// The latest fetch that ended, with or without keys, and was not abandoned.
    pub(super) ended: Option<FlightId>,
    /// The latest fetch that ended with keys.
    pub(super) succeeded: Option<FlightId>,
}

/// The maximum number of documents in one fetch: two metadata documents and the keys.
const MAX_DOCUMENTS: u32 = 3;

/// The maximum number of refused keys that are logged one by one; one more line counts the rest.
const MAX_REFUSED_LOGGED: usize = 20;

impl Shared {
    pub(super) fn new(
        settings: KeySettings,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let rules = Rules {
            max_age: settings.cache.max_age,
            max_stale: settings.cache.max_stale,
            cooldown: settings.cache.cooldown,
            // One second more, to process the documents.
            flight: settings
                .cache
                .timeout
                .saturating_mul(MAX_DOCUMENTS)
                .saturating_add(Duration::from_secs(1)),
        };
        let now = clock.now();
        let mut state = KeysState {
            cache: KeyCache::new(rules, now),
            jwks_uri: settings.jwks_uri.clone(),
            landed: Landed::default(),
            task: None,
            last_failure: None,
            refused: Vec::new(),
            counters: KeyCounters::default(),
        };
        if let Some(keys) = settings.cache.key_file.clone() {
            info!(
                issuer = settings.issuer,
                keys = keys.keys().len(),
                "keys loaded from JWKS_FILE"
            );
            state.note_refused(&keys, &settings.issuer);
            state.cache.load(keys, now);
        }
        let (landings, _) = watch::channel(());
        let state = Mutex::new(state);
        Self {
            settings,
            transport,
            clock,
            state,
            landings,
        }
    }

    /// The maximum time that a lookup waits for a fetch.
    pub(super) const fn patience(&self) -> Duration {
        self.settings.cache.timeout.saturating_mul(MAX_DOCUMENTS)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, KeysState> {
        // No code can panic while it changes the state under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the fetch in a separate task, so that it continues if the lookup that started it is cancelled.
    pub(super) fn start(self: &Arc<Self>, flight: FlightId, state: &mut KeysState) {
        state.counters.fetches += 1;
        let (shared, known) = (Arc::clone(self), state.jwks_uri.clone());
        let task = tokio::spawn(async move {
            let (outcome, jwks_uri) =
                fetch(&shared.settings, known, shared.transport.as_ref()).await;
            shared.land(flight, outcome, jwks_uri);
        });
        // The previous task has ended or was frozen for too long. Aborting it closes its connection.
        if let Some(before) = state.task.replace(task.abort_handle()) {
            before.abort();
        }
    }

    fn land(
        &self,
        flight: FlightId,
        outcome: Result<Fetched, FetchError>,
        jwks_uri: Option<Endpoint>,
    ) {
        let mut state = self.lock();
        let now = self.clock.now();
        let issuer = &self.settings.issuer;
        let (outcome, fetched) = match outcome {
            Ok(Fetched { keys, fresh_for }) => {
                let keys = Arc::new(keys);
                let outcome = FetchOutcome::Keys {
                    keys: Arc::clone(&keys),
                    fresh_for,
                };
                (outcome, Ok(keys))
            }
            Err(error) => (FetchOutcome::Failure, Err(error)),
        };
        if state.cache.land(flight, outcome, now) == Landing::Ignored {
            debug!(issuer, "a fetch of keys was abandoned");
        } else {
            state.landed.ended = Some(flight);
            match fetched {
                Ok(keys) => {
                    debug!(issuer, keys = keys.keys().len(), "keys fetched");
                    state.note_refused(&keys, issuer);
                    state.last_failure = None;
                    state.landed.succeeded = Some(flight);
                }
                Err(error) => {
                    warn!(issuer, reason = error.code(), %error, "keys not fetched");
                    state.counters.failures += 1;
                    state.last_failure = Some(error);
                }
            }
        }
        if self.settings.jwks_uri.is_none() {
            state.jwks_uri = jwks_uri;
        }
        drop(state);
        self.landings.send_replace(());
    }
}

impl KeysState {
    /// Logs the refused keys, in at most [`MAX_REFUSED_LOGGED`] + 1 lines, if they differ from those of the previous
    /// set.
    fn note_refused(&mut self, keys: &KeySet, issuer: &str) {
        let refused = keys.refused();
        if self.refused == refused {
            return;
        }
        for RefusedKey {
            index,
            kid,
            refusal,
        } in refused.iter().take(MAX_REFUSED_LOGGED)
        {
            let kid = kid.as_ref().map(tracing::field::display);
            warn!(issuer, index, kid, reason = refusal.code(), %refusal, "a key is skipped");
        }
        let more = refused.len().saturating_sub(MAX_REFUSED_LOGGED);
        if more > 0 {
            warn!(issuer, more, "more keys are skipped");
        }
        self.refused = refused.to_vec();
    }
}
