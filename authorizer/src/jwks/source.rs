//! The driver of the key cache: those who ask, and those of them who wait.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::cache::{Action, Event, FlightId};
use super::set::{Found, KeySet};
use super::shared::Shared;
use super::{KeyCounters, KeyLookup, KeyLookupError, KeySettings, KeyState};
use crate::algorithm::Algorithm;
use crate::clock::Clock;
use crate::deadline::Deadline;
use crate::http_client::Transport;
use crate::key_id::KeyId;

/// The keys of one issuer. Shared by reference; the lock inside is never held over a wait.
pub struct KeySource {
    shared: Arc<Shared>,
}

/// How often one asker waits for a fetch of somebody else. Fetches are at least a cooldown apart, so a second wait is
/// already rare.
const MOST_WAITS: u8 = 2;

impl KeySource {
    /// The keys that `settings` tell of. Nothing is fetched yet; a warm start is read.
    #[must_use]
    pub fn new(
        settings: KeySettings,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            shared: Arc::new(Shared::new(settings, transport, clock)),
        }
    }

    /// Fetches the keys at init, so that the first caller does not pay. A failure is logged and leaves all as it is:
    /// the first request will try again.
    pub async fn warm_up(&self, deadline: Deadline) {
        let _either_way = self.settle(None, deadline).await;
    }

    /// The keys that a token with this `kid` and `alg` may have been signed with.
    ///
    /// May wait for a fetch, until `deadline` at most. Once it has passed no fetch is started or awaited.
    ///
    /// # Errors
    ///
    /// See [`KeyLookupError`]: only [`KeyLookupError::Unavailable`] is our own fault.
    pub async fn lookup(
        &self,
        kid: &KeyId,
        algorithm: Algorithm,
        deadline: Deadline,
    ) -> Result<KeyLookup, KeyLookupError> {
        let Settled {
            held,
            state,
            refetched,
        } = self.settle(Some(kid), deadline).await?;
        let (keys, age) = held;
        match keys.find(kid, algorithm) {
            Found::Keys(candidates) => Ok(KeyLookup {
                candidates,
                age,
                state,
            }),
            Found::Refused(reason) => Err(KeyLookupError::Unusable { reason }),
            Found::Nothing => Err(KeyLookupError::Unknown { refetched }),
        }
    }

    /// What has happened so far.
    #[must_use]
    pub fn counters(&self) -> KeyCounters {
        self.shared.lock().counters
    }

    /// How old the keys are that would be served now; `None` if there are none.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        let mut state = self.shared.lock();
        let now = self.shared.clock.now();
        state.cache.usable(now).map(|(_, age)| age)
    }

    /// Asks until there is an answer that needs no more waiting.
    async fn settle(
        &self,
        kid: Option<&KeyId>,
        deadline: Deadline,
    ) -> Result<Settled, KeyLookupError> {
        let late = || deadline.has_passed(self.shared.clock.now());
        let (mut waits, mut refetched) = (if late() { 0 } else { MOST_WAITS }, false);
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
            // An own fetch has said what there is to say, unless it was given up: we were frozen over it.
            let answered = own && landed.ended >= Some(flight);
            waits = if late() || answered { 0 } else { waits - 1 };
        }
    }

    fn ask(&self, kid: Option<&KeyId>, patient: bool, refetched: bool) -> Asked {
        let mut state = self.shared.lock();
        let now = self.shared.clock.now();
        let held = state
            .cache
            .usable(now)
            .map(|(keys, age)| (Arc::clone(keys), age));
        let known = match (&held, kid) {
            (Some((keys, _)), Some(kid)) => keys.names(kid),
            (Some(_), None) => true,
            (None, _) => false,
        };
        let action = state.cache.step(Event::Asked { known, patient }, now);
        let serve = |state| match held {
            Some(held) => Ok(Settled {
                held,
                state,
                refetched,
            }),
            None => Err(KeyLookupError::Unavailable { last_failure: None }),
        };
        let fresh = if refetched {
            KeyState::Fetched
        } else {
            KeyState::Fresh
        };
        match action {
            Action::Serve => Asked::Settled(serve(fresh)),
            Action::ServeAndFetch(flight) => {
                self.shared.start(flight, &mut state);
                Asked::Settled(serve(fresh))
            }
            Action::ServeStale => {
                state.counters.stale_served += 1;
                Asked::Settled(serve(KeyState::Stale))
            }
            Action::Unknown => {
                // One that has waited has had its fetch.
                state.counters.cooldown_hits += u64::from(patient);
                Asked::Settled(Err(KeyLookupError::Unknown { refetched }))
            }
            Action::Fetch(flight) => {
                self.shared.start(flight, &mut state);
                self.wait(flight, true)
            }
            Action::Join(flight) => self.wait(flight, false),
            Action::Unavailable | Action::Accepted | Action::Ignored | Action::Failure => {
                let last_failure = state.last_failure.clone();
                Asked::Settled(Err(KeyLookupError::Unavailable { last_failure }))
            }
        }
    }

    /// To be called under the lock, so that no landing is missed: a fetch lands under it too.
    fn wait(&self, flight: FlightId, own: bool) -> Asked {
        Asked::Wait {
            flight,
            landing: self.shared.landings.subscribe(),
            own,
        }
    }
}

struct Settled {
    held: (Arc<KeySet>, Duration),
    state: KeyState,
    refetched: bool,
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
