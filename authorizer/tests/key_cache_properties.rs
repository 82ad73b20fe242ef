//! Properties of the key cache: random sequences of requests, answers, failures, freezes, rotations and clocks that are
//! set back, run against the state machine of [`authorizer::issuer::jwks::cache`] and a model of the issuer.

use std::time::Duration;

use authorizer::clock::Timestamp;
use authorizer::issuer::jwks::cache::{
    FetchOutcome, FlightId, KeyAnswer, KeyCache, Landing, Rules,
};
use proptest::prelude::*;

const RULES: Rules = Rules {
    max_age: Duration::from_secs(3600),
    max_stale: Duration::from_secs(7200),
    cooldown: Duration::from_secs(30),
    flight: Duration::from_secs(7),
};
/// The shortest time for which the model's issuer declares its keys fresh.
const SHORTEST_LIFE: u64 = 60;

/// One step.
#[derive(Clone, Debug)]
enum Op {
    /// Time passes without a lookup, as in a freeze.
    Pass {
        millis: u64,
    },
    SetBack {
        millis: u64,
    },
    /// A caller needs the cached key, or a key that does not exist.
    Ask {
        held: bool,
        patient: bool,
    },
    /// The latest fetch ends, with keys or without.
    Land {
        well: bool,
        life_s: u64,
    },
    /// A fetch that was abandoned ends, or a fetch that has ended ends again.
    LandOld {
        well: bool,
    },
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => prop_oneof![0..2000_u64, 0..60_000_u64, 0..4_000_000_u64].prop_map(|millis| Op::Pass { millis }),
        1 => (0..10_000_000_u64).prop_map(|millis| Op::SetBack { millis }),
        8 => (any::<bool>(), any::<bool>()).prop_map(|(held, patient)| Op::Ask { held, patient }),
        5 => (any::<bool>(), SHORTEST_LIFE..100_000).prop_map(|(well, life_s)| Op::Land { well, life_s }),
        1 => any::<bool>().prop_map(|well| Op::LandOld { well }),
    ]
}

/// The cache and the true state: the true time, and when the keys were stored.
struct World {
    rules: Rules,
    cache: KeyCache<u32>,
    true_millis: u64,
    clock_offset: i64,
    flights: Vec<(FlightId, u64)>,
    landed: Option<FlightId>,
    generation: u32,
    /// The true time at which the cached keys were stored, and the end of their freshness.
    held: Option<(u64, u64)>,
    /// Whether the cached keys are from a file.
    from_file: bool,
    failed_at: Option<u64>,
    failures: u32,
    /// The true time of the last fetch that an unknown key id caused.
    unknown_fetch_at: Option<u64>,
}

impl World {
    fn new() -> Self {
        Self::with(RULES)
    }

    /// A world that starts with the keys of a file.
    fn with_file() -> Self {
        let mut world = Self::new();
        world.cache.load(0, world.now());
        world.held = Some((world.true_millis, world.true_millis));
        world.from_file = true;
        world
    }

    fn with(rules: Rules) -> Self {
        let true_millis = 1_000_000_000_000;
        Self {
            rules,
            cache: KeyCache::new(rules, Timestamp::from_millis(true_millis)),
            true_millis,
            clock_offset: 0,
            flights: Vec::new(),
            landed: None,
            generation: 0,
            held: None,
            from_file: false,
            failed_at: None,
            failures: 0,
            unknown_fetch_at: None,
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.true_millis.saturating_add_signed(self.clock_offset))
    }

    /// Sets the clock back. The cache sees the clock before and after the jump, because it cannot measure time across a
    /// jump.
    fn set_back(&mut self, millis: u64) {
        self.look();
        self.clock_offset -= i64::try_from(millis).unwrap_or(0);
        self.look();
    }

    /// Shows the clock to the cache without any other effect.
    fn look(&mut self) {
        let now = self.now();
        let _answer = self.cache.ask(false, now, |_| false);
    }

    /// Whether the cached keys may be served.
    fn within_limit(&self) -> bool {
        let stale = millis(self.rules.max_stale);
        self.held
            .is_some_and(|(_, fresh_until)| self.true_millis < fresh_until + stale)
    }

    fn ask(&mut self, known: bool, patient: bool) -> KeyAnswer<u32> {
        let within_limit = self.within_limit();
        let now = self.now();
        let answer = self.cache.ask(patient, now, |_| known);
        match answer {
            KeyAnswer::Serve(..) => {
                assert!(
                    known && within_limit,
                    "served past the age limit: {answer:?}"
                );
            }
            KeyAnswer::Unknown | KeyAnswer::Unavailable => {
                assert!(!(known && within_limit), "a good key refused: {answer:?}");
            }
            KeyAnswer::Fetch(_) | KeyAnswer::Join(_) => {
                assert!(patient, "an impatient caller waits");
                let no_wait = known && within_limit && self.from_file;
                assert!(!no_wait, "a caller whose key is in the file waits");
            }
        }
        if let KeyAnswer::Serve(served, _) = &answer {
            assert_eq!(served.age.is_none(), self.from_file);
            assert_ne!(served.keys, u32::MAX, "the keys of an abandoned fetch");
        }
        if known && within_limit && !patient {
            assert!(matches!(answer, KeyAnswer::Serve(_, None)), "{answer:?}");
        }
        if let KeyAnswer::Fetch(flight) | KeyAnswer::Serve(_, Some(flight)) = answer {
            self.starts(flight, known);
        }
        answer
    }

    fn starts(&mut self, flight: FlightId, known: bool) {
        if let Some((before, started)) = self.flights.last()
            && self.landed != Some(*before)
        {
            let in_flight = self.true_millis - started;
            assert!(
                in_flight > millis(self.rules.flight),
                "two fetches in flight"
            );
        }
        let cooldown = millis(self.rules.cooldown);
        if let Some(failed_at) = self.failed_at {
            let rested = self.true_millis - failed_at;
            // Without usable keys the pauses are 1, 2, 4, … seconds.
            let least = if self.within_limit() {
                cooldown
            } else {
                cooldown.min(1000 << (self.failures - 1).min(16))
            };
            assert!(rested >= least, "no pause after a failure: {rested} ms");
        }
        if let Some((came, _)) = self.held.filter(|_| !known) {
            // Without usable keys a fetch that failed or was abandoned is retried sooner.
            if let Some(before) = self.unknown_fetch_at
                && (self.within_limit() || came >= before)
            {
                let pause = self.true_millis - before;
                assert!(
                    pause >= cooldown,
                    "unknown ids caused two fetches in {pause} ms"
                );
            }
            self.unknown_fetch_at = Some(self.true_millis);
        }
        self.flights.push((flight, self.true_millis));
    }

    fn land(&mut self, well: bool, life: Duration) -> Option<Landing> {
        let (flight, started) = *self.flights.last()?;
        if self.landed == Some(flight) {
            return None;
        }
        self.landed = Some(flight);
        let in_time = self.true_millis - started <= millis(self.rules.flight);
        self.generation += 1;
        let landing = self.end(flight, well.then_some((self.generation, life)));
        match (in_time, well) {
            (true, true) => {
                assert_eq!(landing, Landing::Accepted);
                let life = life.min(self.rules.max_age.max(Duration::from_secs(1)));
                self.held = Some((self.true_millis, self.true_millis + millis(life)));
                self.from_file = false;
                self.failed_at = None;
                self.failures = 0;
            }
            (true, false) => {
                assert_eq!(landing, Landing::Failed);
                self.failed_at = Some(self.true_millis);
                self.failures += 1;
            }
            (false, _) => assert_eq!(landing, Landing::Ignored),
        }
        Some(landing)
    }

    fn end(&mut self, flight: FlightId, brought: Option<(u32, Duration)>) -> Landing {
        let now = self.now();
        let outcome = brought.map_or(FetchOutcome::Failure, |(keys, fresh_for)| {
            FetchOutcome::Keys { keys, fresh_for }
        });
        self.cache.land(flight, outcome, now)
    }

    fn land_old(&mut self, well: bool) {
        let [.., (flight, _), _] = self.flights.as_slice() else {
            return;
        };
        let flight = *flight;
        let landing = self.end(flight, well.then_some((u32::MAX, self.rules.max_age)));
        assert_eq!(
            landing,
            Landing::Ignored,
            "a fetch that was abandoned, or had ended, was counted"
        );
    }

    fn run(&mut self, op: &Op) {
        match op {
            Op::Pass { millis } => self.true_millis += millis,
            Op::SetBack { millis } => self.set_back(*millis),
            Op::Ask { held, patient } => {
                self.ask(*held, *patient);
            }
            Op::Land { well, life_s } => {
                self.land(*well, Duration::from_secs(*life_s));
            }
            Op::LandOld { well } => self.land_old(*well),
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// [`World`] checks at each step: never two fetches in flight, a pause after a failure, a cooldown between fetches
    /// for unknown ids, no key past its age limit, no usable key refused, and no wait for a key from the file.
    #[test]
    fn every_rule_holds_for_every_sequence(
        ops in prop::collection::vec(op(), 1..300),
        file in any::<bool>(),
    ) {
        let mut world = if file { World::with_file() } else { World::new() };
        for op in &ops {
            world.run(op);
        }
    }

    /// The same with keys that are fresh and stale for very short times or not at all.
    #[test]
    fn every_rule_holds_with_very_short_freshness(
        ops in prop::collection::vec(op(), 1..300),
        max_age in 0..10_u64,
        max_stale in 0..60_u64,
    ) {
        let mut world = World::with(Rules {
            max_age: Duration::from_secs(max_age),
            max_stale: Duration::from_secs(max_stale),
            ..RULES
        });
        for op in &ops {
            world.run(op);
        }
    }

    /// If the issuer answers, unknown ids cause one fetch per cooldown, even if keys are fresh for a shorter time.
    #[test]
    fn unknown_key_ids_cause_one_fetch_per_cooldown_with_any_freshness(
        gaps in prop::collection::vec(0..2000_u64, 100..1000),
        max_age in 0..40_u64,
        max_stale in 0..40_u64,
        latency in 0..2000_u64,
    ) {
        let mut world = World::with(Rules {
            max_age: Duration::from_secs(max_age),
            max_stale: Duration::from_secs(max_stale),
            ..RULES
        });
        world.ask(false, true);
        world.land(true, RULES.max_age);
        let started = world.true_millis;
        for gap in gaps {
            world.true_millis += gap;
            if let KeyAnswer::Fetch(_) = world.ask(false, true) {
                world.true_millis += latency;
                world.land(true, RULES.max_age);
            }
        }
        let most = (world.true_millis - started) / millis(RULES.cooldown) + 1;
        prop_assert!(world.flights.len() as u64 - 1 <= most);
    }

    /// The number of fetches in a window is bounded, whatever the requests and the answers are.
    #[test]
    fn fetches_in_a_window_are_bounded(
        gaps in prop::collection::vec((0..3000_u64, any::<bool>(), any::<bool>(), 0..9000_u64), 50..400),
    ) {
        let mut world = World::new();
        for (gap, held, well, latency) in gaps {
            world.true_millis += gap;
            if let KeyAnswer::Fetch(_) | KeyAnswer::Serve(_, Some(_)) = world.ask(held, true) {
                world.true_millis += latency;
                world.land(well, Duration::from_secs(SHORTEST_LIFE));
            }
        }
        let starts: Vec<u64> = world.flights.iter().map(|(_, started)| *started).collect();
        // Unknown ids and failures cause one fetch per cooldown, refreshes one per nine tenths of the freshness, and
        // abandoned fetches one per maximum duration. Without usable keys five retries come before the pause reaches
        // the cooldown: after 1, 2, 4, 8 and 16 s.
        let shortest_pause = millis(RULES.flight).min(millis(RULES.cooldown)).min(SHORTEST_LIFE * 900);
        for window in [10_000, 60_000, 300_000] {
            let most = window / millis(RULES.cooldown) + 1 + window / shortest_pause + 1 + 5;
            for (index, start) in starts.iter().enumerate() {
                let within = starts.iter().skip(index).take_while(|at| **at < start + window).count();
                prop_assert!(within as u64 <= most, "{within} fetches in {window} ms");
            }
        }
    }

    /// A new key is found within one cooldown after the rotation, although other callers ask for unknown keys all the
    /// time.
    #[test]
    fn a_rotation_is_seen_within_one_cooldown_despite_many_unknown_key_ids(
        junk in prop::collection::vec(0..200_u64, 100..1000),
        rotates_after in 0..60_000_u64,
        latency in 1..2000_u64,
    ) {
        let mut world = World::new();
        world.ask(false, true);
        world.land(true, RULES.max_age);
        let rotated_at = world.true_millis + rotates_after;
        let seen_by = rotated_at + millis(RULES.cooldown);
        let mut fetched_after_rotation = false;
        let mut gaps = junk.iter().cycle();
        while world.true_millis < seen_by {
            world.true_millis += gaps.next().copied().unwrap_or(1) + 1;
            if let KeyAnswer::Fetch(_) = world.ask(false, true) {
                fetched_after_rotation |= world.true_millis >= rotated_at;
                world.true_millis += latency;
                world.land(true, RULES.max_age);
            }
        }
        // Either another caller's request has fetched the new key, or the first caller with the new key may fetch it.
        let first_honest = fetched_after_rotation || matches!(world.ask(false, true), KeyAnswer::Fetch(_));
        prop_assert!(first_honest);
    }

    /// While the issuer is down and callers ask for unknown keys, a refresh that is due is tried within a cooldown
    /// after the last failure.
    #[test]
    fn unknown_key_ids_do_not_delay_the_refresh(junk in prop::collection::vec(0..500_u64, 100..1000)) {
        let mut world = World::new();
        world.ask(false, true);
        world.land(true, RULES.max_age);
        // The keys are now stale.
        world.true_millis += millis(RULES.max_age);
        let mut last = world.true_millis;
        let mut gaps = junk.iter().cycle();
        for _ in 0..2000 {
            world.true_millis += gaps.next().copied().unwrap_or(1) + 1;
            if let KeyAnswer::Fetch(_) = world.ask(false, true) {
                prop_assert!(world.true_millis - last <= millis(RULES.cooldown) + 502);
                world.land(false, RULES.max_age);
                last = world.true_millis;
            }
        }
    }
}

#[test]
fn a_million_random_key_ids_cause_one_fetch_per_cooldown() {
    let mut world = World::new();
    world.ask(false, true);
    world.land(true, RULES.max_age);
    let started_at = world.true_millis;
    for number in 0..1_000_000_u64 {
        // A thousand lookups per second. Fetches succeed and fail in turn.
        world.true_millis += 1;
        if let KeyAnswer::Fetch(_) = world.ask(false, true) {
            world.land(number % 2 == 0, RULES.max_age);
        }
    }
    let passed = world.true_millis - started_at;
    let allowed = passed / millis(RULES.cooldown) + 1;
    let fetches = world.flights.len() as u64 - 1;
    assert!(
        fetches <= allowed,
        "{fetches} fetches, {allowed} allowed in {passed} ms"
    );
    assert!(
        fetches >= allowed / 2,
        "{fetches} fetches: a rotation would not be seen in time"
    );
}
