//! When keys are served, when they are fetched anew, and when neither: a state machine without input or output.
//!
//! It knows nothing of keys, sockets or clocks; it is told what happened and when, and says what to do. All the rules
//! stand here, and the property tests hold them here. See [`KeyCache::step`].

mod event;
mod time;

use std::time::Duration;

pub use self::event::{Action, Event, FlightId, Rules};
use self::time::OwnTime;
use super::freshness::FLOOR;
use crate::clock::Timestamp;

/// How far failed refreshes are spread while keys still serve.
const LONGEST_BACKOFF: Duration = Duration::from_secs(300);

/// The state.
#[derive(Clone, Debug)]
pub struct KeyCache<K> {
    rules: Rules,
    time: OwnTime,
    held: Option<Held<K>>,
    flight: Option<Flight>,
    flights: u64,
    failed_at: Option<Timestamp>,
    refresh_failed_at: Option<Timestamp>,
    refresh_failures: u32,
    unknown_fetch_at: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct Held<K> {
    keys: K,
    since: Timestamp,
    fresh_for: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Flight {
    id: FlightId,
    cause: Cause,
    started: Timestamp,
}

/// Why a fetch is made. The two have budgets of their own, so that a stranger's key ids never delay a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Age,
    UnknownKey,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Fresh,
    /// Fresh, but in the last tenth of it.
    Ageing,
    Stale,
    /// None, or past every limit.
    Nothing,
}

impl<K> KeyCache<K> {
    /// A cache that holds nothing.
    #[must_use]
    pub const fn new(rules: Rules, now: Timestamp) -> Self {
        Self {
            rules,
            time: OwnTime::starting(now),
            held: None,
            flight: None,
            flights: 0,
            failed_at: None,
            refresh_failed_at: None,
            refresh_failures: 0,
            unknown_fetch_at: None,
        }
    }

    /// The keys that may be served now, and how old they are.
    pub fn usable(&mut self, now: Timestamp) -> Option<(&K, Duration)> {
        let now = self.time.tick(now);
        if self.standing(now) == Standing::Nothing {
            return None;
        }
        self.held
            .as_ref()
            .map(|held| (&held.keys, now.since(held.since)))
    }

    /// Takes an event and says what to do.
    pub fn step(&mut self, event: Event<K>, now: Timestamp) -> Action {
        let now = self.time.tick(now);
        match event {
            Event::Asked { known, patient } => self.asked(known, patient, now),
            Event::Loaded { keys, age } => {
                let since = Timestamp::from_millis(
                    now.as_millis()
                        .saturating_sub(u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
                );
                self.hold(keys, since, self.rules.max_age)
            }
            Event::Fetched {
                flight,
                keys,
                fresh_for,
            } => match self.land(flight, now) {
                Some(_) => {
                    self.failed_at = None;
                    self.refresh_failed_at = None;
                    self.refresh_failures = 0;
                    self.hold(keys, now, fresh_for)
                }
                None => Action::Ignored,
            },
            Event::Failed { flight } => match self.land(flight, now) {
                Some(cause) => {
                    self.failed_at = Some(now);
                    if cause == Cause::Age {
                        self.refresh_failed_at = Some(now);
                        self.refresh_failures = self.refresh_failures.saturating_add(1);
                    }
                    Action::Failure
                }
                None => Action::Ignored,
            },
        }
    }

    fn asked(&mut self, known: bool, patient: bool, now: Timestamp) -> Action {
        match (self.standing(now), known) {
            (Standing::Fresh, true) => Action::Serve,
            // A hit never waits while its keys are fresh. The fetch beside it gets on as far as the environment runs;
            // nobody relies on it, and if it is frozen to death the next asker starts another.
            (Standing::Ageing, true) => match self.refresh(now) {
                Some(flight) => Action::ServeAndFetch(flight),
                None => Action::Serve,
            },
            // Past fresh, one asker waits for the outcome, for a key may have been withdrawn; all others go on.
            (Standing::Stale, true) if !patient => Action::ServeStale,
            (Standing::Stale, true) => match self.refresh(now) {
                Some(flight) => Action::Fetch(flight),
                None => Action::ServeStale,
            },
            (standing, false) if standing != Standing::Nothing => {
                self.unknown(standing, patient, now)
            }
            _ if !patient => Action::Unavailable,
            _ => match self.under_way(now) {
                Some(flight) => Action::Join(flight.id),
                // Nobody can be served, so nothing but the plain cooldown holds a fetch up.
                None if self.rested(self.failed_at, self.rules.cooldown, now) => {
                    Action::Fetch(self.start(Cause::Age, now))
                }
                None => Action::Unavailable,
            },
        }
    }

    fn unknown(&mut self, standing: Standing, patient: bool, now: Timestamp) -> Action {
        if !patient {
            return Action::Unknown;
        }
        if let Some(flight) = self.under_way(now) {
            return Action::Join(flight.id);
        }
        // A refresh that is due anyway answers the question too, and leaves the budget for unknown ids alone.
        if standing != Standing::Fresh
            && let Some(flight) = self.refresh(now)
        {
            return Action::Fetch(flight);
        }
        let cooldown = self.rules.cooldown;
        if self.rested(self.unknown_fetch_at, cooldown, now)
            && self.rested(self.failed_at, cooldown, now)
        {
            self.unknown_fetch_at = Some(now);
            return Action::Fetch(self.start(Cause::UnknownKey, now));
        }
        Action::Unknown
    }

    /// Starts a refresh if none is under way and none has failed too lately. While keys still serve, refreshes that
    /// fail come at 1, 2, 4, 8 cooldowns, so that an issuer in trouble is not asked by every environment all the time.
    fn refresh(&mut self, now: Timestamp) -> Option<FlightId> {
        let doublings = self.refresh_failures.saturating_sub(1).min(16);
        let backoff = self.rules.cooldown.saturating_mul(1 << doublings);
        let backoff = backoff.min(LONGEST_BACKOFF.max(self.rules.cooldown));
        let may_start = self.under_way(now).is_none()
            && self.rested(self.failed_at, self.rules.cooldown, now)
            && self.rested(self.refresh_failed_at, backoff, now);
        may_start.then(|| self.start(Cause::Age, now))
    }

    fn start(&mut self, cause: Cause, now: Timestamp) -> FlightId {
        self.flights += 1;
        let id = FlightId(self.flights);
        self.flight = Some(Flight {
            id,
            cause,
            started: now,
        });
        id
    }

    /// The fetch that is under way, if it has not outlived its time.
    fn under_way(&self, now: Timestamp) -> Option<Flight> {
        self.flight
            .filter(|flight| now.since(flight.started) <= self.rules.flight)
    }

    /// Ends a fetch. `None` if it was given up before: it outlived its time, or another was started since. That is
    /// neither a success, for its age is not known, nor a failure, for it was we who slept.
    fn land(&mut self, id: FlightId, now: Timestamp) -> Option<Cause> {
        let current = self.flight.filter(|flight| flight.id == id)?;
        let in_time = self.under_way(now).is_some();
        self.flight = None;
        in_time.then_some(current.cause)
    }

    fn hold(&mut self, keys: K, since: Timestamp, fresh_for: Duration) -> Action {
        let fresh_for = fresh_for.min(self.rules.max_age.max(FLOOR));
        self.held = Some(Held {
            keys,
            since,
            fresh_for,
        });
        Action::Accepted
    }

    fn standing(&self, now: Timestamp) -> Standing {
        let Some(Held {
            since, fresh_for, ..
        }) = self.held
        else {
            return Standing::Nothing;
        };
        let age = now.since(since);
        if age < fresh_for - fresh_for / 10 {
            Standing::Fresh
        } else if age < fresh_for {
            Standing::Ageing
        } else if age < fresh_for.saturating_add(self.rules.max_stale) {
            Standing::Stale
        } else {
            Standing::Nothing
        }
    }

    fn rested(&self, since: Option<Timestamp>, pause: Duration, now: Timestamp) -> bool {
        since.is_none_or(|since| now.since(since) >= pause)
    }
}

#[cfg(test)]
mod tests;
