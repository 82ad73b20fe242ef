//! The state machine that decides when keys are used and when they are fetched. It does no I/O.
//!
//! It has no sockets and no clock: callers pass in the time, and start the fetches that it returns. All rules about
//! fetches are in this module, so that property tests can check them. See [`KeyCache::ask`] and [`KeyCache::land`].

mod event;
mod held;
mod time;

use std::time::Duration;

pub use self::event::{FetchOutcome, FlightId, KeyAnswer, Landing, Rules, Served};
use self::held::{Held, Standing};
use self::time::OwnTime;
use super::freshness::FLOOR;
use crate::clock::Timestamp;
use crate::issuer::failures::Failures;

/// The maximum pause between refreshes that fail while keys are usable. A longer cooldown takes precedence.
const MAX_BACKOFF: Duration = Duration::from_secs(300);

/// The first pause after a failed fetch while no keys are cached.
const FIRST_RETRY: Duration = Duration::from_secs(1);

#[derive(Clone, Debug)]
pub struct KeyCache<K> {
    rules: Rules,
    time: OwnTime,
    held: Option<Held<K>>,
    flight: Option<Flight>,
    flights: u64,
    /// All failures since the last success.
    failures: Failures,
    /// The failures of refreshes by age since the last success.
    refresh_failures: Failures,
    unknown_fetch_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug)]
struct Flight {
    id: FlightId,
    cause: FetchCause,
    started: Timestamp,
}

/// The cause of a fetch. Only failures of refreshes by age lengthen the pause between refreshes, so that invented key
/// ids never delay a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FetchCause {
    Age,
    UnknownKey,
}

impl<K: Clone> KeyCache<K> {
    pub const fn new(rules: Rules, now: Timestamp) -> Self {
        Self {
            rules,
            time: OwnTime::starting(now),
            held: None,
            flight: None,
            flights: 0,
            failures: Failures::NONE,
            refresh_failures: Failures::NONE,
            unknown_fetch_at: None,
        }
    }

    /// Stores the keys of a file. Their age is unknown, so they are stale from now on.
    pub fn load(&mut self, keys: K, now: Timestamp) {
        self.held = Some(Held {
            keys,
            since: self.time.tick(now),
            fresh_for: None,
        });
    }

    /// Decides what to do for a caller who needs a key. `names` returns whether a set has the key. `patient` says
    /// whether the caller can still wait for a fetch.
    pub fn ask(
        &mut self,
        patient: bool,
        now: Timestamp,
        names: impl FnOnce(&K) -> bool,
    ) -> KeyAnswer<K> {
        let now = self.time.tick(now);
        let Some(held) = &self.held else {
            return self.without_keys(patient, now);
        };
        let known = names(&held.keys);
        let from_file = held.fresh_for.is_none();
        let standing = held.standing(&self.rules, now);
        let served = held.served(standing, now);
        match (standing, known) {
            (Standing::Fresh, true) => KeyAnswer::Serve(served, None),
            (Standing::Ageing | Standing::Stale, true) if !patient => {
                KeyAnswer::Serve(served, None)
            }
            // A caller never waits for a known key while it is fresh. The background fetch advances only while the
            // environment runs. If the environment is frozen for too long, the next caller starts another fetch.
            (Standing::Ageing, true) => KeyAnswer::Serve(served, self.refresh(now)),
            // With a file no caller waits for the network; that is its purpose.
            (Standing::Stale, true) if from_file => KeyAnswer::Serve(served, self.refresh(now)),
            // One caller waits for the outcome, because a key may have been withdrawn. The other callers do not wait.
            (Standing::Stale, true) => match self.refresh(now) {
                Some(flight) => KeyAnswer::Fetch(flight),
                None => KeyAnswer::Serve(served, None),
            },
            (Standing::Expired, true) => self.without_keys(patient, now),
            // The keys may not be used any more, but they are recent enough to conclude that the issuer has no such
            // key.
            (Standing::Expired, false)
                if now.since(held.since) < self.rules.cooldown && !from_file =>
            {
                KeyAnswer::Unknown
            }
            (Standing::Expired, false) => {
                let answer = self.without_keys(patient, now);
                if matches!(answer, KeyAnswer::Fetch(_)) {
                    self.unknown_fetch_at = Some(now);
                }
                answer
            }
            (_, false) if !patient => KeyAnswer::Unknown,
            (standing, false) => self.unknown(standing, now),
        }
    }

    /// Ends a fetch.
    pub fn land(&mut self, flight: FlightId, outcome: FetchOutcome<K>, now: Timestamp) -> Landing {
        let now = self.time.tick(now);
        let Some(cause) = self.end(flight, now) else {
            return Landing::Ignored;
        };
        match outcome {
            FetchOutcome::Keys { keys, fresh_for } => {
                self.failures = Failures::NONE;
                self.refresh_failures = Failures::NONE;
                self.held = Some(Held {
                    keys,
                    since: now,
                    fresh_for: Some(fresh_for.min(self.rules.max_age.max(FLOOR))),
                });
                Landing::Accepted
            }
            FetchOutcome::Failure => {
                self.failures.add(now);
                if cause == FetchCause::Age {
                    self.refresh_failures.add(now);
                }
                Landing::Failed
            }
        }
    }

    /// Decides while no keys are usable. No caller can be served, so retries follow soon: after 1, 2, 4, … seconds up
    /// to the cooldown.
    fn without_keys(&mut self, patient: bool, now: Timestamp) -> KeyAnswer<K> {
        if !patient {
            return KeyAnswer::Unavailable;
        }
        if let Some(flight) = self.in_flight(now) {
            return KeyAnswer::Join(flight.id);
        }
        if self.failures.rested(FIRST_RETRY, self.rules.cooldown, now) {
            KeyAnswer::Fetch(self.start(FetchCause::Age, now))
        } else {
            KeyAnswer::Unavailable
        }
    }

    /// Decides about a key id that the cached set does not have. Such ids cause at most one fetch per cooldown, even if
    /// keys are fresh for a shorter time.
    fn unknown(&mut self, standing: Standing, now: Timestamp) -> KeyAnswer<K> {
        if let Some(flight) = self.in_flight(now) {
            return KeyAnswer::Join(flight.id);
        }
        let cooldown = self.rules.cooldown;
        let asked_recently = self
            .unknown_fetch_at
            .is_some_and(|at| now.since(at) < cooldown);
        if asked_recently || !self.failures.rested(cooldown, cooldown, now) {
            return KeyAnswer::Unknown;
        }
        self.unknown_fetch_at = Some(now);
        let due = standing != Standing::Fresh && self.refresh_may_start(now);
        let cause = if due {
            FetchCause::Age
        } else {
            FetchCause::UnknownKey
        };
        KeyAnswer::Fetch(self.start(cause, now))
    }

    /// Starts a refresh, unless one is in flight or has failed too recently.
    fn refresh(&mut self, now: Timestamp) -> Option<FlightId> {
        let may_start = self.in_flight(now).is_none() && self.refresh_may_start(now);
        may_start.then(|| self.start(FetchCause::Age, now))
    }

    /// While keys are usable, failed refreshes are retried after 1, 2, 4, 8 cooldowns, so that many environments do not
    /// overload a failing issuer.
    fn refresh_may_start(&self, now: Timestamp) -> bool {
        let cooldown = self.rules.cooldown;
        self.failures.rested(cooldown, cooldown, now)
            && self
                .refresh_failures
                .rested(cooldown, MAX_BACKOFF.max(cooldown), now)
    }

    fn start(&mut self, cause: FetchCause, now: Timestamp) -> FlightId {
        self.flights += 1;
        let id = FlightId(self.flights);
        self.flight = Some(Flight {
            id,
            cause,
            started: now,
        });
        id
    }

    /// The fetch in flight, unless it has taken too long.
    fn in_flight(&self, now: Timestamp) -> Option<Flight> {
        self.flight
            .filter(|flight| now.since(flight.started) <= self.rules.flight)
    }

    /// Ends a fetch. `None` if it was abandoned, because it took too long or another fetch has been started since. An
    /// abandoned fetch is neither a success nor a failure: the response's age is unknown, and the frozen environment
    /// caused the delay.
    fn end(&mut self, id: FlightId, now: Timestamp) -> Option<FetchCause> {
        let current = self.flight.filter(|flight| flight.id == id)?;
        let in_time = self.in_flight(now).is_some();
        self.flight = None;
        in_time.then_some(current.cause)
    }
}

#[cfg(test)]
mod tests;
