//! Each test checks one rule of the cache. The keys are plain numbers, because the cache does not read them.

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
        Self::with(RULES)
    }

    fn with(rules: Rules) -> Self {
        let now = Timestamp::from_secs(START);
        Self {
            cache: KeyCache::new(rules, now),
            now,
        }
    }

    /// A cache that fetched its keys at 0. They are fresh for an hour.
    fn warm() -> Self {
        let mut bench = Self::empty();
        let flight = bench.fetch(0, false);
        bench.land(0, flight);
        bench
    }

    /// A cache that holds the keys of a file from 0 on.
    fn with_file() -> Self {
        let mut bench = Self::empty();
        bench.cache.load(1, bench.now);
        bench
    }

    fn at(&mut self, seconds: u64) -> Timestamp {
        self.now = Timestamp::from_secs(START + seconds);
        self.now
    }

    fn asked(&mut self, seconds: u64, known: bool) -> KeyAnswer<u32> {
        let now = self.at(seconds);
        self.cache.ask(true, now, |_| known)
    }

    fn impatient(&mut self, seconds: u64, known: bool) -> KeyAnswer<u32> {
        let now = self.at(seconds);
        self.cache.ask(false, now, |_| known)
    }

    /// The answer in words. A fetch in the answer has started.
    fn word(&mut self, seconds: u64, known: bool) -> &'static str {
        word(&self.asked(seconds, known))
    }

    #[track_caller]
    fn fetch(&mut self, seconds: u64, known: bool) -> FlightId {
        match self.asked(seconds, known) {
            KeyAnswer::Fetch(flight) | KeyAnswer::Serve(_, Some(flight)) => flight,
            other => panic!("{other:?} at {seconds}"),
        }
    }

    fn land(&mut self, seconds: u64, flight: FlightId) -> Landing {
        self.land_for(seconds, flight, RULES.max_age)
    }

    fn land_for(&mut self, seconds: u64, flight: FlightId, fresh_for: Duration) -> Landing {
        let now = self.at(seconds);
        self.cache
            .land(flight, FetchOutcome::Keys { keys: 2, fresh_for }, now)
    }

    fn fail(&mut self, seconds: u64, flight: FlightId) -> Landing {
        let now = self.at(seconds);
        self.cache.land(flight, FetchOutcome::Failure, now)
    }
}

const fn word(answer: &KeyAnswer<u32>) -> &'static str {
    match answer {
        KeyAnswer::Serve(Served { fresh: true, .. }, None) => "fresh",
        KeyAnswer::Serve(Served { fresh: true, .. }, Some(_)) => "fresh, fetch",
        KeyAnswer::Serve(Served { age: None, .. }, None) => "file",
        KeyAnswer::Serve(Served { age: None, .. }, Some(_)) => "file, fetch",
        KeyAnswer::Serve(_, None) => "stale",
        KeyAnswer::Serve(_, Some(_)) => "stale, fetch",
        KeyAnswer::Fetch(_) => "fetch",
        KeyAnswer::Join(_) => "join",
        KeyAnswer::Unknown => "unknown",
        KeyAnswer::Unavailable => "unavailable",
    }
}

#[test]
fn no_caller_waits_for_a_fresh_key_and_it_is_refreshed_early() {
    let mut bench = Bench::warm();
    assert_eq!(bench.word(1, true), "fresh");
    assert_eq!(bench.word(3239, true), "fresh");
    assert_eq!(bench.word(3240, true), "fresh, fetch");
    // While this fetch is in flight, the next callers do not wait either.
    assert_eq!(bench.word(3241, true), "fresh");
}

#[test]
fn keys_expire_at_the_end_of_the_stale_time() {
    let mut bench = Bench::warm();
    let flight = bench.fetch(3600 + 86_399, true);
    bench.fail(3600 + 86_399, flight);
    assert_eq!(bench.word(3600 + 86_399, true), "stale");
    // The retry is due one second after the failure, because the keys have expired.
    assert_eq!(bench.word(3600 + 86_400, true), "fetch");
    assert_eq!(bench.word(3600 + 86_400, true), "join");
    assert_eq!(bench.impatient(3600 + 86_400, true), KeyAnswer::Unavailable);
}

#[test]
fn without_keys_callers_share_one_fetch_and_retries_back_off_to_the_cooldown() {
    let mut bench = Bench::empty();
    let flight = bench.fetch(0, false);
    assert_eq!(bench.asked(1, false), KeyAnswer::Join(flight));
    let mut at = 2;
    bench.fail(at, flight);
    for pause in [1, 2, 4, 8, 16, 30, 30, 30] {
        assert_eq!(
            bench.word(at + pause - 1, false),
            "unavailable",
            "after {pause}"
        );
        at += pause;
        let flight = bench.fetch(at, false);
        bench.fail(at, flight);
    }
    // A success ends the backoff. The cache has keys now, so the cooldown applies again.
    let flight = bench.fetch(at + 30, false);
    bench.land(at + 30, flight);
    let flight = bench.fetch(at + 31, false);
    bench.fail(at + 31, flight);
    assert_eq!(bench.word(at + 60, false), "unknown");
    assert_eq!(bench.word(at + 61, false), "fetch");
}

#[test]
fn a_cooldown_under_a_second_limits_the_pause_without_keys() {
    let mut bench = Bench::with(Rules {
        cooldown: Duration::ZERO,
        ..RULES
    });
    for _ in 0..5 {
        let flight = bench.fetch(0, false);
        bench.fail(0, flight);
    }
}

#[test]
fn unknown_keys_cause_one_fetch_per_cooldown_even_if_keys_expire_sooner() {
    for (max_age, max_stale) in [(0, 86_400), (1, 86_400), (5, 0), (0, 0), (1, 10)] {
        let mut bench = Bench::with(Rules {
            max_age: Duration::from_secs(max_age),
            max_stale: Duration::from_secs(max_stale),
            ..RULES
        });
        let flight = bench.fetch(0, false);
        bench.land(0, flight);
        let mut fetches = Vec::new();
        for second in 1..=120 {
            if let KeyAnswer::Fetch(flight) = bench.asked(second, false) {
                fetches.push(second);
                bench.land(second, flight);
            }
        }
        let pauses: Vec<u64> = fetches.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(
            pauses,
            [30, 30, 30],
            "max_age {max_age}, max_stale {max_stale}"
        );
    }
}

#[test]
fn a_fetch_for_an_unknown_key_while_keys_are_stale_is_a_refresh() {
    let mut bench = Bench::warm();
    let flight = bench.fetch(3600, false);
    bench.fail(3600, flight);
    // Its failure lengthens the pause between refreshes, like the failure of every refresh.
    let flight = bench.fetch(3630, true);
    bench.fail(3630, flight);
    assert_eq!(bench.word(3689, true), "stale");
    assert_eq!(bench.word(3690, true), "fetch");
}

#[test]
fn a_caller_who_cannot_wait_gets_the_cached_keys_and_starts_no_fetch() {
    let impatient = |mut bench: Bench, seconds, known| {
        let answer = word(&bench.impatient(seconds, known));
        assert!(
            bench.cache.flight.is_none() || seconds == 0,
            "it starts a fetch"
        );
        answer
    };
    assert_eq!(impatient(Bench::empty(), 1, false), "unavailable");
    assert_eq!(impatient(Bench::warm(), 1, false), "unknown");
    assert_eq!(impatient(Bench::warm(), 1, true), "fresh");
    assert_eq!(impatient(Bench::warm(), 3300, true), "fresh");
    assert_eq!(impatient(Bench::warm(), 3600, true), "stale");
    assert_eq!(impatient(Bench::with_file(), 1, true), "file");
    assert_eq!(impatient(Bench::with_file(), 1, false), "unknown");
}

#[test]
fn a_clock_that_is_set_back_keeps_no_key_longer() {
    let mut bench = Bench::warm();
    assert_eq!(bench.word(3000, true), "fresh");
    // The clock is set back by an hour. No time has passed for the cache, and time continues from here.
    bench.now = Timestamp::from_secs(START - 600);
    for (pass, expected) in [
        (0, "fresh"),
        (239, "fresh"),
        (1, "fresh, fetch"),
        (360, "fetch"),
    ] {
        bench.now = bench.now.plus(Duration::from_secs(pass));
        let answer = bench.cache.ask(true, bench.now, |_| true);
        assert_eq!(word(&answer), expected, "after {pass}");
    }
}

#[test]
fn keys_from_a_file_are_stale_and_no_caller_waits_for_them() {
    let mut bench = Bench::with_file();
    assert_eq!(bench.word(0, true), "file, fetch");
    assert_eq!(bench.word(1, true), "file");
    let KeyAnswer::Join(flight) = bench.asked(2, false) else {
        panic!("a key that is not in the file is not awaited");
    };
    bench.fail(3, flight);
    assert_eq!(bench.word(4, true), "file");
    assert_eq!(bench.word(4, false), "unknown");
    // The refresh is retried like any other, and no caller waits for it.
    let mut at = 3;
    for pause in [30, 60, 120, 240, 300, 300] {
        assert_eq!(bench.word(at + pause - 1, true), "file", "after {pause}");
        at += pause;
        let KeyAnswer::Serve(_, Some(flight)) = bench.asked(at, true) else {
            panic!("no refresh after {pause}");
        };
        bench.fail(at, flight);
    }
    assert_eq!(bench.word(86_399, true), "file, fetch");
    assert_eq!(bench.word(86_400, true), "join");
    assert_eq!(bench.word(86_408, true), "fetch");
}

#[test]
fn a_fetched_key_set_replaces_the_file_completely() {
    let mut bench = Bench::with_file();
    let flight = bench.fetch(0, true);
    bench.land(1, flight);
    let KeyAnswer::Serve(served, None) = bench.asked(2, true) else {
        panic!("not served");
    };
    let expected = Served {
        keys: 2,
        age: Some(Duration::from_secs(1)),
        fresh: true,
    };
    assert_eq!(served, expected);
    assert_eq!(bench.word(3601, true), "fetch");
}

#[test]
fn with_a_stale_time_of_zero_keys_from_a_file_are_not_used() {
    let mut bench = Bench::with(Rules {
        max_stale: Duration::ZERO,
        ..RULES
    });
    bench.cache.load(1, bench.now);
    assert_eq!(bench.word(0, true), "fetch");
}

#[test]
fn keys_are_fresh_as_long_as_the_issuer_says_but_at_most_for_max_age() {
    for (given, ends) in [(60, 60), (4_000_000, 3600)] {
        let mut bench = Bench::empty();
        let flight = bench.fetch(0, false);
        bench.land_for(0, flight, Duration::from_secs(given));
        assert_eq!(bench.word(ends * 9 / 10 - 1, true), "fresh");
        assert_eq!(bench.word(ends, true), "fetch");
    }
}

#[test]
fn while_keys_are_stale_one_lookup_waits_and_the_others_do_not() {
    let mut bench = Bench::warm();
    let flight = bench.fetch(3600, true);
    assert_eq!(bench.word(3601, true), "stale");
    assert_eq!(bench.fail(3602, flight), Landing::Failed);
    assert_eq!(bench.word(3603, true), "stale");
    let flight = bench.fetch(3632, true);
    assert_eq!(bench.land(3633, flight), Landing::Accepted);
    assert_eq!(bench.word(3634, true), "fresh");
}

#[test]
fn unknown_keys_cause_one_fetch_per_cooldown() {
    let mut bench = Bench::warm();
    let flight = bench.fetch(1, false);
    assert_eq!(bench.asked(1, false), KeyAnswer::Join(flight));
    assert_eq!(bench.word(1, true), "fresh");
    bench.land(2, flight);
    assert_eq!(bench.word(3, false), "unknown");
    assert_eq!(bench.word(30, false), "unknown");
    bench.fetch(31, false);
}

#[test]
fn failed_refreshes_back_off_while_keys_are_usable() {
    let mut bench = Bench::warm();
    let mut at = 3600;
    for pause in [30, 60, 120, 240, 300, 300] {
        let flight = bench.fetch(at, true);
        bench.fail(at, flight);
        assert_eq!(bench.word(at + pause - 1, true), "stale", "after {pause}");
        at += pause;
    }
    // A success resets the backoff.
    let flight = bench.fetch(at, true);
    bench.land(at, flight);
    let flight = bench.fetch(at + 3600, true);
    bench.fail(at + 3600, flight);
    bench.fetch(at + 3630, true);
}

#[test]
fn unknown_key_ids_do_not_delay_refreshes() {
    let mut bench = Bench::warm();
    for seconds in [0, 30, 60, 90, 120] {
        let flight = bench.fetch(2000 + seconds, false);
        bench.fail(2000 + seconds, flight);
    }
    // The first refresh is due. Only the cooldown after the last failed fetch delays it.
    let flight = bench.fetch(2000 + 120 + 30 + 1500, true);
    bench.fail(3650, flight);
    bench.fetch(3680, true);
}

#[test]
fn a_fetch_from_before_a_freeze_is_abandoned() {
    let mut bench = Bench::warm();
    let frozen = bench.fetch(3240, true);
    assert_eq!(bench.word(3247, true), "fresh");
    let fresh = bench.fetch(3248, true);
    assert_ne!(frozen, fresh);
    // Its outcome is ignored.
    assert_eq!(bench.land(3249, frozen), Landing::Ignored);
    assert_eq!(bench.fail(3249, frozen), Landing::Ignored);
    assert_eq!(bench.land(3250, fresh), Landing::Accepted);
    assert_eq!(bench.land(3250, fresh), Landing::Ignored);
}

#[test]
fn a_fetch_that_fails_after_a_freeze_is_not_a_failure_of_the_issuer() {
    let mut bench = Bench::warm();
    let frozen = bench.fetch(3240, true);
    assert_eq!(bench.fail(5000, frozen), Landing::Ignored);
    bench.fetch(5000, true);
}
