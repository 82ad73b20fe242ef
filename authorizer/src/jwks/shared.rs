//! What the askers and the fetches share: the one lock, and how a fetch begins and ends.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tracing::{debug, info, warn};

use super::cache::{Action, Event, FlightId, KeyCache, Rules};
use super::fetch::{FetchError, Fetched, fetch};
use super::set::{KeySet, RefusedKey};
use super::{KeyCounters, KeySettings, WarmStart};
use crate::clock::{Clock, Timestamp};
use crate::http_client::{Endpoint, Transport};
use crate::key_id::KeyId;

/// What the askers and the fetches share.
pub(super) struct Shared {
    pub(super) settings: KeySettings,
    transport: Arc<dyn Transport>,
    pub(super) clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Changes whenever a fetch ends.
    pub(super) landings: watch::Sender<()>,
}

/// What the lock guards.
pub(super) struct State {
    pub(super) cache: KeyCache<Arc<KeySet>>,
    /// Where the keys are, once that is known.
    jwks_uri: Option<Endpoint>,
    pub(super) landed: Landed,
    /// The fetch that was started last.
    task: Option<AbortHandle>,
    pub(super) last_failure: Option<FetchError>,
    refused: Vec<RefusedKey>,
    pub(super) counters: KeyCounters,
}

/// The newest fetches of their kind.
#[derive(Clone, Copy, Default)]
pub(super) struct Landed {
    /// That ended, either way, before it was given up.
    pub(super) ended: Option<FlightId>,
    /// That brought keys.
    pub(super) succeeded: Option<FlightId>,
}

/// Two of metadata, and the keys.
const MOST_DOCUMENTS: u32 = 3;

impl Shared {
    pub(super) fn new(
        settings: KeySettings,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let rules = Rules {
            max_age: settings.max_age,
            max_stale: settings.max_stale,
            cooldown: settings.cooldown,
            // And a second for the work on them.
            flight: settings
                .timeout
                .saturating_mul(MOST_DOCUMENTS)
                .saturating_add(Duration::from_secs(1)),
        };
        let now = clock.now();
        let mut state = State {
            cache: KeyCache::new(rules, now),
            jwks_uri: settings.jwks_uri.clone(),
            landed: Landed::default(),
            task: None,
            last_failure: None,
            refused: Vec::new(),
            counters: KeyCounters::default(),
        };
        if let Some(file) = &settings.warm_start {
            state.load(file, &settings, now);
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

    /// The longest that anybody waits for a fetch.
    pub(super) const fn patience(&self) -> Duration {
        self.settings.timeout.saturating_mul(MOST_DOCUMENTS)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // No code under the lock can panic half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the fetch beside the askers, so that an asker who goes away does not take it along.
    pub(super) fn start(self: &Arc<Self>, flight: FlightId, state: &mut State) {
        state.counters.fetches += 1;
        let (shared, known) = (Arc::clone(self), state.jwks_uri.clone());
        let task = tokio::spawn(async move {
            let (outcome, jwks_uri) =
                fetch(&shared.settings, known, shared.transport.as_ref()).await;
            shared.land(flight, outcome, jwks_uri);
        });
        // The one before has ended or lies frozen; with it goes its connection.
        let before = state.task.replace(task.abort_handle());
        if let Some(frozen) = before.filter(|before| !before.is_finished()) {
            state.counters.abandoned += 1;
            frozen.abort();
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
        let (event, loaded) = match outcome {
            Ok(Fetched { keys, fresh_for }) => {
                let keys = Arc::new(keys);
                let event = Event::Fetched {
                    flight,
                    keys: Arc::clone(&keys),
                    fresh_for,
                };
                (event, Ok(keys))
            }
            Err(error) => (Event::Failed { flight }, Err(error)),
        };
        match (state.cache.step(event, now), loaded) {
            (Action::Accepted, Ok(keys)) => {
                debug!(issuer, keys = keys.keys().len(), "keys fetched");
                state.note(&keys, issuer);
                state.last_failure = None;
                state.landed = Landed {
                    ended: Some(flight),
                    succeeded: Some(flight),
                };
            }
            (Action::Failure, Err(error)) => {
                warn!(issuer, reason = error.code(), %error, "keys not fetched");
                state.counters.failures += 1;
                state.last_failure = Some(error);
                state.landed.ended = Some(flight);
            }
            _ => state.counters.abandoned += 1,
        }
        if self.settings.jwks_uri.is_none() {
            state.jwks_uri = jwks_uri;
        }
        drop(state);
        self.landings.send_replace(());
    }
}

impl State {
    fn load(&mut self, file: &WarmStart, settings: &KeySettings, now: Timestamp) {
        let issuer = &settings.issuer;
        match KeySet::parse(&file.json, &settings.algorithms) {
            Ok(keys) => {
                info!(
                    issuer,
                    age_s = file.age.as_secs(),
                    "keys loaded from JWKS_FILE"
                );
                self.note(&keys, issuer);
                let keys = Arc::new(keys);
                let _accepted = self.cache.step(
                    Event::Loaded {
                        keys,
                        age: file.age,
                    },
                    now,
                );
            }
            Err(error) => warn!(issuer, %error, "JWKS_FILE is not used"),
        }
    }

    /// Counts the keys, and logs the refused ones if they are others than last time.
    fn note(&mut self, keys: &KeySet, issuer: &str) {
        self.counters.keys = keys.keys().len() as u64;
        self.counters.refused_keys = keys.refused().len() as u64;
        if self.refused != keys.refused() {
            for RefusedKey {
                index,
                kid,
                refusal,
            } in keys.refused()
            {
                let kid = kid.as_ref().map(KeyId::as_str);
                warn!(issuer, index, kid, reason = refusal.code(), %refusal, "a key is skipped");
            }
            self.refused = keys.refused().to_vec();
        }
    }
}
