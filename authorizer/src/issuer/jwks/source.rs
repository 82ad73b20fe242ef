//! Drives the key cache: looks up keys, and waits for fetches.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::cache::{FlightId, KeyAnswer, Served};
use super::set::{Found, KeySet};
use super::shared::Shared;
use super::{KeyCounters, KeyLookup, KeyLookupError, KeySettings, KeyState};
use crate::algorithm::Algorithm;
use crate::clock::Clock;
use crate::deadline::Deadline;
use crate::issuer::http_client::Transport;
use crate::key_id::KeyId;

/// The keys of one issuer. Its lock is never held across an await.
pub struct KeySource {
    shared: Arc<Shared>,
}

/// The maximum number of fetches for which one lookup waits: one that was already in flight, because its answer may be
/// older than a rotation, and one that the lookup starts.
const MAX_WAITS: u8 = 2;

impl KeySource {
    /// Creates a source with the keys of the file, if there is one, without fetching anything.
    pub fn new(
        settings: KeySettings,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            shared: Arc::new(Shared::new(settings, transport, clock)),
        }
    }

    /// Fetches the keys during init, so that the first caller does not wait. Keys from a file are already usable, so
    /// their refresh is started but not awaited. A failure is logged, and the first request tries again.
    pub async fn warm_up(&self, deadline: Deadline) {
        let _either_way = self.settle(None, deadline).await;
    }

    /// The keys with which a token with this `kid` and `alg` may have been signed.
    ///
    /// It may wait for a fetch, at most until `deadline`. After the deadline no fetch is started or awaited.
    /// [`KeyLookupError::Unavailable`] is an internal failure; every other error is a refusal.
    pub async fn lookup(
        &self,
        kid: &KeyId,
        algorithm: Algorithm,
        deadline: Deadline,
    ) -> Result<KeyLookup, KeyLookupError> {
        let Settled { keys, age, state } = self.settle(Some(kid), deadline).await?;
        match keys.find(kid, algorithm) {
            Found::Keys(candidates) => Ok(KeyLookup {
                candidates,
                age,
                state,
            }),
            Found::Refused(reason) => Err(KeyLookupError::Unusable { reason }),
            Found::Nothing => Err(KeyLookupError::Unknown),
        }
    }

    /// The counters since startup.
    pub fn counters(&self) -> KeyCounters {
        self.shared.lock().counters
    }

    /// Asks the cache, and waits for fetches, until the cache has a final answer.
    async fn settle(
        &self,
        kid: Option<&KeyId>,
        deadline: Deadline,
    ) -> Result<Settled, KeyLookupError> {
        let late = || deadline.has_passed(self.shared.clock.now());
        let (mut waits, mut refetched) = (if late() { 0 } else { MAX_WAITS }, false);
        loop {
            let (flight, mut landing, own) = match self.ask(kid, waits > 0, refetched) {
                Asked::Settled(settled) => return settled,
                Asked::Wait {
                    flight,
                    landing,
                    own,
                } => (flight, landing, own),
            };
            let patience = deadline.patience(self.shared.clock.now(), self.shared.patience());
            let _either_way = tokio::time::timeout(patience, landing.changed()).await;
            let landed = self.shared.lock().landed;
            refetched |= landed.succeeded >= Some(flight);
            // If the lookup's own fetch has ended, the cache has the final answer. A frozen environment may have
            // delayed it.
            let answered = own && landed.ended >= Some(flight);
            waits = if late() || answered { 0 } else { waits - 1 };
        }
    }

    fn ask(&self, kid: Option<&KeyId>, patient: bool, refetched: bool) -> Asked {
        let mut state = self.shared.lock();
        let now = self.shared.clock.now();
        let answer = state
            .cache
            .ask(patient, now, |keys| kid.is_none_or(|kid| keys.names(kid)));
        match answer {
            KeyAnswer::Serve(served, flight) => {
                if let Some(flight) = flight {
                    self.shared.start(flight, &mut state);
                }
                let key_state = match served {
                    Served { age: None, .. } => KeyState::File,
                    Served { fresh: false, .. } => KeyState::Stale,
                    Served { .. } if refetched => KeyState::Fetched,
                    Served { .. } => KeyState::Fresh,
                };
                // Keys from a file are used from the start. They are used because of an outage only after a failed
                // fetch.
                let outage = key_state == KeyState::Stale
                    || (key_state == KeyState::File && state.last_failure.is_some());
                state.counters.stale_served += u64::from(outage);
                Asked::Settled(Ok(Settled {
                    keys: served.keys,
                    age: served.age,
                    state: key_state,
                }))
            }
            KeyAnswer::Fetch(flight) => {
                self.shared.start(flight, &mut state);
                self.wait(flight, true)
            }
            KeyAnswer::Join(flight) => self.wait(flight, false),
            KeyAnswer::Unknown => {
                // A lookup that has waited was not limited by the cooldown.
                state.counters.cooldown_hits += u64::from(patient);
                Asked::Settled(Err(KeyLookupError::Unknown))
            }
            KeyAnswer::Unavailable => {
                let last_failure = state.last_failure;
                Asked::Settled(Err(KeyLookupError::Unavailable { last_failure }))
            }
        }
    }

    /// Must be called under the lock. A fetch also lands under the lock, so no landing can be missed.
    fn wait(&self, flight: FlightId, own: bool) -> Asked {
        Asked::Wait {
            flight,
            landing: self.shared.landings.subscribe(),
            own,
        }
    }
}

struct Settled {
    keys: Arc<KeySet>,
    age: Option<Duration>,
    state: KeyState,
}

enum Asked {
    Settled(Result<Settled, KeyLookupError>),
    Wait {
        flight: FlightId,
        landing: watch::Receiver<()>,
        own: bool,
    },
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySource")
            .field("issuer", &self.shared.settings.issuer)
            .finish_non_exhaustive()
    }
}
