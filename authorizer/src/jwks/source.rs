//! The driver of the key cache: the lock, the fetches, and those who wait for them.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tracing::{debug, info, warn};

use super::cache::{Action, Event, FlightId, KeyCache, Rules};
use super::fetch::{FetchError, Fetched, fetch};
use super::set::{Found, KeySet, KeySetError, RefusedKey};
use super::{KeyCounters, KeyLookup, KeyLookupError, KeySettings, KeyState};
use crate::algorithm::Algorithm;
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::http_client::{Document, Endpoint, Request, Sending, Transport};
use crate::key_id::KeyId;

/// The keys of one issuer. Shared by reference; the lock inside is never held over a wait.
pub struct KeySource {
    shared: Arc<Shared>,
}

struct Shared {
    settings: KeySettings,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Changes whenever a fetch ends.
    landings: watch::Sender<()>,
}

struct State {
    cache: KeyCache<Arc<KeySet>>,
    /// Where the keys are, once that is known.
    jwks_uri: Option<Endpoint>,
    landed: Landed,
    /// The fetch that was started last.
    task: Option<AbortHandle>,
    last_failure: Option<FetchError>,
    refused: Vec<RefusedKey>,
    counters: KeyCounters,
}

/// The newest fetches of their kind.
#[derive(Clone, Copy, Default)]
struct Landed {
    /// That ended, either way, before it was given up.
    ended: Option<FlightId>,
    /// That brought keys.
    succeeded: Option<FlightId>,
}

/// Two of metadata, and the keys.
const MOST_DOCUMENTS: u32 = 3;

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
            match KeySet::parse(&file.json, &settings.algorithms) {
                Ok(keys) => {
                    info!(
                        issuer = settings.issuer,
                        age_s = file.age.as_secs(),
                        "keys loaded from JWKS_FILE"
                    );
                    state.note(&keys, &settings.issuer);
                    let _accepted = state.cache.step(
                        Event::Loaded {
                            keys: Arc::new(keys),
                            age: file.age,
                        },
                        now,
                    );
                }
                Err(error) => warn!(issuer = settings.issuer, %error, "JWKS_FILE is not used"),
            }
        }
        let (landings, _) = watch::channel(());
        let state = Mutex::new(state);
        Self {
            shared: Arc::new(Shared {
                settings,
                transport,
                clock,
                state,
                landings,
            }),
        }
    }

    /// A source that always has this set, for tests and offline use: no network, no age.
    ///
    /// # Errors
    ///
    /// If no key in the set can be used.
    pub fn fixed(keys_json: &[u8], algorithms: &[Algorithm]) -> Result<Self, KeySetError> {
        KeySet::parse(keys_json, algorithms)?;
        let settings = KeySettings {
            issuer: "https://issuer.invalid".to_owned(),
            jwks_uri: "https://issuer.invalid/keys".parse().ok(),
            algorithms: algorithms.to_vec(),
            max_age: Duration::from_secs(u64::from(u32::MAX)),
            max_stale: Duration::ZERO,
            cooldown: Duration::ZERO,
            timeout: Duration::from_secs(1),
            warm_start: None,
        };
        let transport = Arc::new(Always(keys_json.to_vec()));
        Ok(Self::new(settings, transport, Arc::new(SystemClock)))
    }

    /// Fetches the keys at init, so that the first caller does not pay. A failure is logged and leaves all as it is:
    /// the first request will try again.
    pub async fn warm_up(&self, deadline: Timestamp) {
        let _either_way = self.settle(None, deadline).await;
    }

    /// The keys that a token with this `kid` and `alg` may have been signed with.
    ///
    /// May wait for a fetch, until `deadline` at most; one that has passed counts as unknown, because emulators of
    /// Lambda send such. Leave enough time before the real deadline to send an answer.
    ///
    /// # Errors
    ///
    /// See [`KeyLookupError`]: only [`KeyLookupError::Unavailable`] is our own fault.
    pub async fn lookup(
        &self,
        kid: &KeyId,
        algorithm: Algorithm,
        deadline: Timestamp,
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
        deadline: Timestamp,
    ) -> Result<Settled, KeyLookupError> {
        // A deadline that had passed before we began says nothing.
        let deadline = Some(deadline).filter(|deadline| *deadline > self.shared.clock.now());
        let (mut waits, mut refetched) = (MOST_WAITS, false);
        loop {
            let (flight, mut landing, own) = match self.ask(kid, waits > 0, refetched) {
                Asked::Settled(settled) => return settled,
                Asked::Wait {
                    flight,
                    landing,
                    own,
                } => (flight, landing, own),
            };
            let longest = self.shared.settings.timeout.saturating_mul(MOST_DOCUMENTS);
            let patience = deadline.map_or(longest, |deadline| {
                longest.min(deadline.since(self.shared.clock.now()))
            });
            let _either_way = tokio::time::timeout(patience, landing.changed()).await;
            let landed = self.shared.lock().landed;
            refetched |= landed.succeeded >= Some(flight);
            let late = deadline.is_some_and(|deadline| deadline <= self.shared.clock.now());
            // An own fetch has said what there is to say, unless it was given up: we were frozen over it.
            let answered = own && landed.ended >= Some(flight);
            waits = if late || answered { 0 } else { waits - 1 };
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
                state.counters.cooldown_hits += u64::from(!refetched);
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

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No code under the lock can panic half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the fetch beside the askers, so that an asker who goes away does not take it along.
    fn start(self: &Arc<Self>, flight: FlightId, state: &mut State) {
        state.counters.fetches += 1;
        let (shared, known) = (Arc::clone(self), state.jwks_uri.clone());
        let task = tokio::spawn(async move {
            let (outcome, jwks_uri) =
                fetch(&shared.settings, known, shared.transport.as_ref()).await;
            shared.land(flight, outcome, jwks_uri);
        });
        // The one before has ended or lies frozen; with it goes its connection.
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

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySource")
            .field("issuer", &self.shared.settings.issuer)
            .finish_non_exhaustive()
    }
}

/// Answers every request with the same body.
#[derive(Debug)]
struct Always(Vec<u8>);

impl Transport for Always {
    fn send<'a>(&'a self, _: Request<'a>) -> Sending<'a> {
        let document = Document {
            body: self.0.clone(),
            ..Document::default()
        };
        Box::pin(async move { Ok(document) })
    }
}
