//! The rules, one table each. The keys are plain numbers: the cache does not look at them.

use super::*;

const RULES: Rules = Rules {
    max_age: Duration::from_secs(3600),
    max_stale: Duration::from_secs(86_400),
    cooldown: Duration::from_secs(30),
    flight: Duration::from_secs(7),
};
const START: u64 = 1_000_000;

/// A cache and a clock in seconds since the start.
struct Bench {
    cache: KeyCache<u32>,
    now: Timestamp,
}

impl Bench {
    fn empty() -> Self {
        let now = Timestamp::from_secs(START);
        Self {
            cache: KeyCache::new(RULES, now),
            now,
        }
    }

    /// One that fetched its keys at 0, fresh for an hour.
    fn warm() -> Self {
        let mut bench = Self::empty();
        let flight = bench.fetch(0, false);
        bench.land(0, flight);
        bench
    }

    fn step(&mut self, seconds: u64, event: Event<u32>) -> Action {
        self.now = Timestamp::from_secs(START + seconds);
        self.cache.step(event, self.now)
    }

    fn asked(&mut self, seconds: u64, known: bool) -> Action {
        self.step(
            seconds,
            Event::Asked {
                known,
                patient: true,
            },
        )
    }

    #[track_caller]
    fn fetch(&mut self, seconds: u64, known: bool) -> FlightId {
        match self.asked(seconds, known) {
            Action::Fetch(flight) | Action::ServeAndFetch(flight) => flight,
            other => panic!("{other:?} at {seconds}"),
        }
    }

    fn land(&mut self, seconds: u64, flight: FlightId) -> Action {
        self.step(
            seconds,
            Event::Fetched {
                flight,
                keys: 1,
                fresh_for: RULES.max_age,
            },
        )
    }

    fn fail(&mut self, seconds: u64, flight: FlightId) -> Action {
        self.step(seconds, Event::Failed { flight })
    }
}

#[test]
fn a_known_key_is_served_at_once_while_fresh_and_refreshed_ahead_of_its_end() {
    let mut bench = Bench::warm();
    assert_eq!(bench.asked(1, true), Action::Serve);
    assert_eq!(bench.asked(3239, true), Action::Serve);
    let ahead = bench.asked(3240, true);
    assert!(matches!(ahead, Action::ServeAndFetch(_)), "{ahead:?}");
    // One in flight: the next ones go on.
    assert_eq!(bench.asked(3241, true), Action::Serve);
}

#[test]
fn past_fresh_one_asker_waits_and_the_others_go_on() {
    let mut bench = Bench::warm();
    let flight = bench.fetch(3600, true);
    assert_eq!(bench.asked(3601, true), Action::ServeStale);
    assert_eq!(bench.fail(3602, flight), Action::Failure);
    assert_eq!(bench.asked(3603, true), Action::ServeStale);
    let flight = bench.fetch(3632, true);
    assert_eq!(bench.land(3633, flight), Action::Accepted);
    assert_eq!(bench.asked(3634, true), Action::Serve);
}

#[test]
fn keys_end_for_good_when_the_stale_time_ends() {
    let mut bench = Bench::warm();
    let flight = bench.fetch(3600 + 86_399, true);
    bench.fail(3600 + 86_399, flight);
    assert_eq!(bench.asked(3600 + 86_399, true), Action::ServeStale);
    assert_eq!(bench.asked(3600 + 86_400, true), Action::Unavailable);
    assert_eq!(bench.cache.usable(bench.now), None);
    // The plain cooldown after the failure, and the next asker tries again.
    bench.fetch(3600 + 86_399 + 30, false);
}

#[test]
fn without_keys_all_wait_for_the_one_fetch_and_a_failure_rests_for_the_cooldown() {
    let mut bench = Bench::empty();
    let flight = bench.fetch(0, false);
    assert_eq!(bench.asked(1, false), Action::Join(flight));
    bench.fail(2, flight);
    assert_eq!(bench.asked(2, false), Action::Unavailable);
    assert_eq!(bench.asked(31, false), Action::Unavailable);
    // No backoff while nobody can be served.
    for seconds in [32, 62, 92, 122] {
        let flight = bench.fetch(seconds, false);
        bench.fail(seconds, flight);
    }
}

#[test]
fn an_unknown_key_costs_one_fetch_a_cooldown() {
    let mut bench = Bench::warm();
    let flight = bench.fetch(1, false);
    assert_eq!(bench.asked(1, false), Action::Join(flight));
    assert_eq!(bench.asked(1, true), Action::Serve);
    bench.land(2, flight);
    assert_eq!(bench.asked(3, false), Action::Unknown);
    assert_eq!(bench.asked(30, false), Action::Unknown);
    bench.fetch(31, false);
}

#[test]
fn an_asker_who_cannot_wait_gets_what_there_is() {
    let impatient = |bench: &mut Bench, seconds, known| {
        bench.step(
            seconds,
            Event::Asked {
                known,
                patient: false,
            },
        )
    };
    assert_eq!(
        impatient(&mut Bench::empty(), 0, false),
        Action::Unavailable
    );
    assert_eq!(impatient(&mut Bench::warm(), 1, false), Action::Unknown);
    assert_eq!(impatient(&mut Bench::warm(), 1, true), Action::Serve);
    assert_eq!(
        impatient(&mut Bench::warm(), 3600, true),
        Action::ServeStale
    );
    // And starts nothing that nobody would wait for.
    let mut bench = Bench::warm();
    impatient(&mut bench, 3600, true);
    assert!(bench.cache.flight.is_none());
}

#[test]
fn failed_refreshes_are_spread_while_keys_still_serve() {
    let mut bench = Bench::warm();
    let mut at = 3600;
    for pause in [30, 60, 120, 240, 300, 300] {
        let flight = bench.fetch(at, true);
        bench.fail(at, flight);
        assert_eq!(
            bench.asked(at + pause - 1, true),
            Action::ServeStale,
            "after {pause}"
        );
        at += pause;
    }
    // A success forgets them all.
    let flight = bench.fetch(at, true);
    bench.land(at, flight);
    let flight = bench.fetch(at + 3600, true);
    bench.fail(at + 3600, flight);
    bench.fetch(at + 3630, true);
}

#[test]
fn a_strangers_key_ids_do_not_spread_refreshes() {
    let mut bench = Bench::warm();
    for seconds in [0, 30, 60, 90, 120] {
        let flight = bench.fetch(2000 + seconds, false);
        bench.fail(2000 + seconds, flight);
    }
    // The first refresh is due, and only the plain cooldown after a failed fetch stands before it.
    let flight = bench.fetch(2000 + 120 + 30 + 1500, true);
    bench.fail(3650, flight);
    bench.fetch(3680, true);
}

#[test]
fn a_refresh_that_is_due_answers_for_an_unknown_key_too_and_costs_no_budget() {
    let mut bench = Bench::warm();
    let flight = bench.fetch(3300, false);
    bench.land(3301, flight);
    // The budget for unknown keys is still whole.
    bench.fetch(3302, false);
}

#[test]
fn a_fetch_from_before_a_freeze_is_given_up() {
    let mut bench = Bench::warm();
    let frozen = bench.fetch(3240, true);
    assert_eq!(bench.asked(3247, true), Action::Serve);
    let fresh = bench.fetch(3248, true);
    assert_ne!(frozen, fresh);
    // Whatever becomes of it now, it counts for nothing.
    assert_eq!(bench.land(3249, frozen), Action::Ignored);
    assert_eq!(bench.fail(3249, frozen), Action::Ignored);
    assert_eq!(bench.land(3250, fresh), Action::Accepted);
    assert_eq!(bench.land(3250, fresh), Action::Ignored);
}

#[test]
fn a_fetch_that_fails_after_a_freeze_is_no_failure_of_the_issuer() {
    let mut bench = Bench::warm();
    let frozen = bench.fetch(3240, true);
    assert_eq!(bench.fail(5000, frozen), Action::Ignored);
    bench.fetch(5000, true);
}

#[test]
fn a_clock_set_back_lets_no_key_live_longer() {
    let mut bench = Bench::warm();
    assert_eq!(bench.asked(3000, true), Action::Serve);
    // An hour back: no time has passed, and from there it passes again.
    bench.now = Timestamp::from_secs(START - 600);
    let step = |bench: &mut Bench, on| {
        bench.now = bench.now.plus(Duration::from_secs(on));
        bench.cache.step(
            Event::Asked {
                known: true,
                patient: true,
            },
            bench.now,
        )
    };
    assert_eq!(step(&mut bench, 0), Action::Serve);
    assert_eq!(step(&mut bench, 239), Action::Serve);
    assert!(matches!(step(&mut bench, 1), Action::ServeAndFetch(_)));
    assert!(matches!(step(&mut bench, 360), Action::Fetch(_)));
}

#[test]
fn keys_from_a_file_have_their_own_age() {
    let loaded = |age| {
        let mut bench = Bench::empty();
        bench.cache.step(
            Event::Loaded {
                keys: 1,
                age: Duration::from_secs(age),
            },
            bench.now,
        );
        bench.asked(0, true)
    };
    assert_eq!(loaded(0), Action::Serve);
    assert_eq!(loaded(3239), Action::Serve);
    assert!(matches!(loaded(3240), Action::ServeAndFetch(_)));
    assert!(matches!(loaded(3600), Action::Fetch(_)));
    let mut bench = Bench::empty();
    let age = Duration::from_secs(3600 + 86_400);
    bench.cache.step(Event::Loaded { keys: 1, age }, bench.now);
    assert_eq!(bench.cache.usable(bench.now), None);
}

#[test]
fn a_short_life_given_by_the_issuer_is_kept_and_a_long_one_is_cut() {
    for (given, ends) in [(60, 60), (4_000_000, 3600)] {
        let mut bench = Bench::empty();
        let flight = bench.fetch(0, false);
        let fresh_for = Duration::from_secs(given);
        bench.cache.step(
            Event::Fetched {
                flight,
                keys: 1,
                fresh_for,
            },
            bench.now,
        );
        assert_eq!(bench.asked(ends * 9 / 10 - 1, true), Action::Serve);
        assert!(matches!(bench.asked(ends, true), Action::Fetch(_)));
    }
}
