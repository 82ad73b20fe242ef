//! What holds for the key cache whatever happens: random streams of requests, answers, failures, freezes, rotations and
//! clocks set back, run against the state machine of [`authorizer::jwks::cache`] and a model of the issuer.

#![expect(clippy::panic, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use authorizer::clock::Timestamp;
use authorizer::jwks::cache::{Action, Event, FlightId, KeyCache, Rules};
use proptest::prelude::*;

const RULES: Rules = Rules {
    max_age: Duration::from_secs(3600),
    max_stale: Duration::from_secs(7200),
    cooldown: Duration::from_secs(30),
    flight: Duration::from_secs(7),
};
/// The shortest life that the model's issuer gives its keys.
const SHORTEST_LIFE: u64 = 60;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Op {
    /// Time passes, and nobody looks: also a freeze.
    Pass { millis: u64 },
    /// The clock is set back.
    SetBack { millis: u64 },
    /// Somebody needs the key that the cache holds, or one that nobody has.
    Ask { held: bool, patient: bool },
    /// The newest fetch ends, well or badly.
    Land { well: bool, life_s: u64 },
    /// A fetch that was given up ends after all.
    LandOld { well: bool },
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

/// The cache, and what the world knows better: the true time, and which keys came when.
struct World {
    cache: KeyCache<u32>,
    true_millis: u64,
    clock_offset: i64,
    flights: Vec<(FlightId, u64)>,
    landed: Option<FlightId>,
    generation: u32,
    /// True time when the held keys came, and the end of their freshness.
    held: Option<(u64, u64)>,
    failed_at: Option<u64>,
}

impl World {
    fn new() -> Self {
        let true_millis = 1_000_000_000_000;
        Self {
            cache: KeyCache::new(RULES, Timestamp::from_millis(true_millis)),
            true_millis,
            clock_offset: 0,
            flights: Vec::new(),
            landed: None,
            generation: 0,
            held: None,
            failed_at: None,
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.true_millis.saturating_add_signed(self.clock_offset))
    }

    fn step(&mut self, event: Event<u32>) -> Action {
        let now = self.now();
        self.cache.step(event, now)
    }

    /// Sets the clock, and lets the cache see that: what passes in the very gap of a jump is lost to every clock.
    fn set_back(&mut self, millis: u64) {
        self.look();
        self.clock_offset -= i64::try_from(millis).unwrap_or(0);
        self.look();
    }

    fn look(&mut self) -> Option<u32> {
        let now = self.now();
        self.cache.usable(now).map(|(keys, _)| *keys)
    }

    /// True while the keys may be served at all.
    fn within_limit(&self) -> bool {
        let stale = millis(RULES.max_stale);
        self.held
            .is_some_and(|(_, fresh_until)| self.true_millis < fresh_until + stale)
    }

    fn ask(&mut self, held: bool, patient: bool) -> Action {
        let known = held && self.look().is_some();
        let within_limit = self.within_limit();
        let action = self.step(Event::Asked { known, patient });
        match action {
            Action::Serve | Action::ServeStale | Action::ServeAndFetch(_) => {
                assert!(
                    known && within_limit,
                    "served past the age limit: {action:?}"
                );
            }
            Action::Unknown | Action::Unavailable => {
                assert!(!(held && within_limit), "a good key refused: {action:?}");
            }
            Action::Fetch(_) | Action::Join(_) => assert!(patient, "an impatient asker waits"),
            Action::Accepted | Action::Ignored | Action::Failure => panic!("{action:?}"),
        }
        if held && within_limit && !patient {
            let served = matches!(
                action,
                Action::Serve | Action::ServeStale | Action::ServeAndFetch(_)
            );
            assert!(served, "{action:?}");
        }
        if let Action::Fetch(flight) | Action::ServeAndFetch(flight) = action {
            self.starts(flight);
        }
        action
    }

    fn starts(&mut self, flight: FlightId) {
        if let Some((before, started)) = self.flights.last()
            && self.landed != Some(*before)
        {
            let under_way = self.true_millis - started;
            assert!(under_way > millis(RULES.flight), "two fetches in flight");
        }
        if let Some(failed_at) = self.failed_at {
            let rested = self.true_millis - failed_at;
            assert!(
                rested >= millis(RULES.cooldown),
                "no rest after a failure: {rested} ms"
            );
        }
        self.flights.push((flight, self.true_millis));
    }

    fn land(&mut self, well: bool, life: Duration) -> Option<Action> {
        let (flight, started) = *self.flights.last()?;
        if self.landed == Some(flight) {
            return None;
        }
        self.landed = Some(flight);
        let in_time = self.true_millis - started <= millis(RULES.flight);
        self.generation += 1;
        let keys = self.generation;
        let action = self.step(if well {
            Event::Fetched {
                flight,
                keys,
                fresh_for: life,
            }
        } else {
            Event::Failed { flight }
        });
        match (in_time, well) {
            (true, true) => {
                assert_eq!(action, Action::Accepted);
                let life = life.min(RULES.max_age);
                self.held = Some((self.true_millis, self.true_millis + millis(life)));
                self.failed_at = None;
            }
            (true, false) => {
                assert_eq!(action, Action::Failure);
                self.failed_at = Some(self.true_millis);
            }
            (false, _) => assert_eq!(action, Action::Ignored),
        }
        Some(action)
    }

    fn land_old(&mut self, well: bool) {
        let [.., (flight, _), _] = self.flights.as_slice() else {
            return;
        };
        let flight = *flight;
        let action = self.step(if well {
            Event::Fetched {
                flight,
                keys: u32::MAX,
                fresh_for: RULES.max_age,
            }
        } else {
            Event::Failed { flight }
        });
        assert_eq!(
            action,
            Action::Ignored,
            "a fetch that was given up, or ended, counts"
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
        assert_ne!(self.look(), Some(u32::MAX));
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Never two fetches in flight, rest after a failure, no key past its age limit, no good key refused: all asserted
    /// in [`World`] at each step.
    #[test]
    fn every_rule_holds_for_every_stream(ops in prop::collection::vec(op(), 1..300)) {
        let mut world = World::new();
        for op in &ops {
            world.run(op);
        }
    }

    /// However dense the requests and whatever the answers: the number of fetches in a window is bounded.
    #[test]
    fn at_most_so_many_fetches_in_a_window(
        gaps in prop::collection::vec((0..3000_u64, any::<bool>(), any::<bool>(), 0..9000_u64), 50..400),
    ) {
        let mut world = World::new();
        for (gap, held, well, latency) in gaps {
            world.true_millis += gap;
            if let Action::Fetch(_) | Action::ServeAndFetch(_) = world.ask(held, true) {
                world.true_millis += latency;
                world.land(well, Duration::from_secs(SHORTEST_LIFE));
            }
        }
        let starts: Vec<u64> = world.flights.iter().map(|(_, started)| *started).collect();
        // Unknown ids and failures: one a cooldown. Refreshes: one a life less its last tenth; given-up ones: one a flight.
        let shortest_pause = millis(RULES.flight).min(millis(RULES.cooldown)).min(SHORTEST_LIFE * 900);
        for window in [10_000, 60_000, 300_000] {
            let most = window / millis(RULES.cooldown) + 1 + window / shortest_pause + 1;
            for (index, start) in starts.iter().enumerate() {
                let within = starts.iter().skip(index).take_while(|at| **at < start + window).count();
                prop_assert!(within as u64 <= most, "{within} fetches in {window} ms");
            }
        }
    }

    /// A key that the issuer has signed with for a cooldown is found, though strangers ask for others all the time.
    #[test]
    fn a_rotation_is_seen_within_one_cooldown_under_a_flood_of_junk(
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
            if let Action::Fetch(_) = world.ask(false, true) {
                fetched_after_rotation |= world.true_millis >= rotated_at;
                world.true_millis += latency;
                world.land(true, RULES.max_age);
            }
        }
        // Either a stranger's request has brought the new key, or the first honest one may.
        let first_honest = fetched_after_rotation || matches!(world.ask(false, true), Action::Fetch(_));
        prop_assert!(first_honest);
    }

    /// With the issuer down and strangers asking, a refresh that is due is tried within a cooldown of the last failure.
    #[test]
    fn junk_does_not_delay_the_refresh(junk in prop::collection::vec(0..500_u64, 100..1000)) {
        let mut world = World::new();
        world.ask(false, true);
        world.land(true, RULES.max_age);
        // Past fresh.
        world.true_millis += millis(RULES.max_age);
        let mut last = world.true_millis;
        let mut gaps = junk.iter().cycle();
        for _ in 0..2000 {
            world.true_millis += gaps.next().copied().unwrap_or(1) + 1;
            if let Action::Fetch(_) = world.ask(false, true) {
                prop_assert!(world.true_millis - last <= millis(RULES.cooldown) + 502);
                world.land(false, RULES.max_age);
                last = world.true_millis;
            }
        }
    }
}

#[test]
fn a_million_random_key_ids_cost_no_more_fetches_than_the_cooldown_allows() {
    let mut world = World::new();
    world.ask(false, true);
    world.land(true, RULES.max_age);
    let started_at = world.true_millis;
    for number in 0..1_000_000_u64 {
        // A thousand a second, the fetches among them good and bad in turn.
        world.true_millis += 1;
        if let Action::Fetch(_) = world.ask(false, true) {
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
