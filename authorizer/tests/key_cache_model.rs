//! Compares the key cache with a model: an issuer that rotates its keys, a clock that may be set back, freezes,
//! failures, and callers with known, withdrawn, new and invented key ids. Every answer must be one that the model
//! allows. `key_cache_properties.rs` checks limits over long sequences.

use std::collections::BTreeSet;
use std::time::Duration;

use authorizer::clock::Timestamp;
use authorizer::issuer::jwks::cache::{
    FetchOutcome, FlightId, KeyAnswer, KeyCache, Landing, Rules,
};
use proptest::prelude::*;
use testkit::story::Story;

const RULES: Rules = Rules {
    max_age: Duration::from_secs(3600),
    max_stale: Duration::from_secs(7200),
    cooldown: Duration::from_secs(30),
    flight: Duration::from_secs(7),
};

/// The key that a caller's token names.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    /// The key that the issuer signs with now.
    Current,
    /// The key before that.
    Previous,
    MadeUp,
}

/// One step. Times are in milliseconds.
#[derive(Clone, Copy, Debug)]
enum Op {
    Pass(u64),
    SetClockBack(u64),
    /// The issuer signs with a new key, and keeps or removes the previous one.
    Rotate {
        keeps_previous: bool,
    },
    Ask {
        wanted: Wanted,
        can_wait: bool,
    },
    /// The latest fetch ends with the key set that the issuer had when the fetch started.
    Answer {
        fresh_secs: u64,
    },
    Fail,
}

fn op() -> impl Strategy<Value = Op> {
    let wanted = prop_oneof![
        4 => Just(Wanted::Current),
        2 => Just(Wanted::Previous),
        2 => Just(Wanted::MadeUp),
    ];
    let pass = prop_oneof![0..2000_u64, 0..60_000_u64, 0..4_000_000_u64];
    prop_oneof![
        4 => pass.prop_map(Op::Pass),
        1 => (1..10_000_000_u64).prop_map(Op::SetClockBack),
        1 => any::<bool>().prop_map(|keeps_previous| Op::Rotate { keeps_previous }),
        8 => (wanted, any::<bool>()).prop_map(|(wanted, can_wait)| Op::Ask { wanted, can_wait }),
        4 => (0..5000_u64).prop_map(|fresh_secs| Op::Answer { fresh_secs }),
        2 => Just(Op::Fail),
    ]
}

type Keys = BTreeSet<u32>;

/// The keys that were stored last.
struct Held {
    keys: Keys,
    came: u64,
    /// `None` for keys from a file.
    fresh_for: Option<u64>,
}

struct Flight {
    id: FlightId,
    started: u64,
    /// The issuer's key set when the fetch started.
    set: Keys,
}

/// The cache and the true state. Times are milliseconds of a clock that is never set.
struct Model {
    cache: KeyCache<Keys>,
    story: Story,
    now: u64,
    set_back: u64,
    issuer: Keys,
    current: u32,
    held: Option<Held>,
    flight: Option<Flight>,
    failed_at: Option<u64>,
    failures: u32,
    unknown_fetch_at: Option<u64>,
}

const START: u64 = 1_000_000_000_000;

impl Model {
    fn new(with_file: bool) -> Self {
        let mut model = Self {
            cache: KeyCache::new(RULES, Timestamp::from_millis(START)),
            story: Story::default(),
            now: START,
            set_back: 0,
            issuer: Keys::from([1]),
            current: 1,
            held: None,
            flight: None,
            failed_at: None,
            failures: 0,
            unknown_fetch_at: None,
        };
        if with_file {
            let keys = Keys::from([1]);
            model.cache.load(keys.clone(), model.clock());
            model.story.step("key 1 is loaded from a file");
            model.held = Some(Held {
                keys,
                came: START,
                fresh_for: None,
            });
        }
        model
    }

    fn clock(&self) -> Timestamp {
        Timestamp::from_millis(self.now - self.set_back)
    }

    fn run(&mut self, op: Op) -> Result<(), String> {
        match op {
            Op::Pass(millis) => {
                self.story.step(format!("{} pass", seconds(millis)));
                self.now += millis;
                Ok(())
            }
            Op::SetClockBack(millis) => {
                let step = format!("the clock is set back by {}", seconds(millis));
                self.story.step(step);
                // The cache must see the clock before and after the jump, because it cannot measure time across a jump.
                self.look();
                self.set_back += millis;
                self.look();
                Ok(())
            }
            Op::Rotate { keeps_previous } => {
                let previous = self.current;
                self.current += 1;
                self.issuer = Keys::from([self.current]);
                if keeps_previous {
                    self.issuer.insert(previous);
                }
                let step = format!("the issuer's keys are {} now", names(&self.issuer));
                self.story.step(step);
                Ok(())
            }
            Op::Ask { wanted, can_wait } => {
                let kid = match wanted {
                    Wanted::Current => self.current,
                    Wanted::Previous => self.current - 1,
                    Wanted::MadeUp => u32::MAX,
                };
                self.ask(kid, can_wait)
            }
            Op::Answer { fresh_secs } => self.land(Some(fresh_secs)),
            Op::Fail => self.land(None),
        }
    }

    fn look(&mut self) {
        let now = self.clock();
        let _answer = self.cache.ask(false, now, |_| false);
    }

    fn ask(&mut self, kid: u32, can_wait: bool) -> Result<(), String> {
        let patience = if can_wait { "can" } else { "cannot" };
        let key = name(kid);
        self.story
            .step(format!("a caller with {key}, who {patience} wait, asks"));
        let now = self.clock();
        let answer = self.cache.ask(can_wait, now, |keys| keys.contains(&kid));
        self.story.outcome(match &answer {
            KeyAnswer::Serve(served, flight) => {
                let also = flight.map_or("", |_| ", and a fetch starts");
                let age = if served.fresh { "fresh" } else { "stale" };
                format!("served {age} {}{also}", names(&served.keys))
            }
            KeyAnswer::Fetch(_) => "waits for a new fetch".to_owned(),
            KeyAnswer::Join(_) => "waits for the fetch in flight".to_owned(),
            KeyAnswer::Unknown => "no such key".to_owned(),
            KeyAnswer::Unavailable => "no usable keys".to_owned(),
        });
        let wrong = self.wrong_answer(&answer, kid, can_wait);
        if let KeyAnswer::Fetch(id) | KeyAnswer::Serve(_, Some(id)) = answer {
            self.flight = Some(Flight {
                id,
                started: self.now,
                set: self.issuer.clone(),
            });
            if !self.has(kid) && self.held.is_some() {
                self.unknown_fetch_at = Some(self.now);
            }
        }
        wrong.map_or(Ok(()), |wrong| Err(wrong.to_owned()))
    }

    /// Why an answer is wrong, if it is.
    fn wrong_answer(
        &self,
        answer: &KeyAnswer<Keys>,
        kid: u32,
        can_wait: bool,
    ) -> Option<&'static str> {
        let (has, usable) = (self.has(kid), self.is_usable());
        let may_fetch = self.may_fetch(has);
        match answer {
            KeyAnswer::Serve(served, flight) => {
                let Some(held) = &self.held else {
                    return Some("served although no keys are stored");
                };
                let age = self.now - held.came;
                if !has || !usable {
                    Some("served although no usable set has this key")
                } else if served.keys != held.keys {
                    Some("served a set other than the last one")
                } else if served.fresh != (age < held.fresh_for.unwrap_or_default()) {
                    Some("the freshness is wrong")
                } else if served.age != held.fresh_for.map(|_| Duration::from_millis(age)) {
                    Some("the age is wrong")
                } else if flight.is_some() && (!can_wait || !may_fetch || self.is_in_flight()) {
                    Some("a background fetch starts too early")
                } else if can_wait && !served.fresh && held.fresh_for.is_some() && self.must_wait()
                {
                    Some("served stale keys although a refresh is due")
                } else {
                    None
                }
            }
            KeyAnswer::Fetch(_) | KeyAnswer::Join(_) if !can_wait => {
                Some("waits although the caller cannot")
            }
            KeyAnswer::Fetch(_) if self.is_in_flight() => Some("two fetches in flight"),
            KeyAnswer::Fetch(_) if !may_fetch => Some("a fetch starts too early"),
            KeyAnswer::Join(_) if !self.is_in_flight() => Some("waits for no fetch"),
            KeyAnswer::Fetch(_) | KeyAnswer::Join(_) if has && self.is_fresh() => {
                Some("waits although the key is fresh")
            }
            KeyAnswer::Fetch(_) | KeyAnswer::Join(_) => None,
            KeyAnswer::Unknown if has => Some("refused a key that the set has"),
            KeyAnswer::Unavailable if usable => Some("no keys although the set is usable"),
            KeyAnswer::Unknown | KeyAnswer::Unavailable => {
                let could = can_wait && (self.is_in_flight() || self.may_fetch(has));
                // A set that has just expired is recent enough to know that the issuer has no such key.
                let is_recent = self.held.as_ref().is_some_and(|held| {
                    self.now - held.came < millis(RULES.cooldown) && held.fresh_for.is_some()
                });
                let by_recent = *answer == KeyAnswer::Unknown && !usable && is_recent;
                (could && !by_recent).then_some("gave up although a fetch was allowed")
            }
        }
    }

    fn has(&self, kid: u32) -> bool {
        self.held
            .as_ref()
            .is_some_and(|held| held.keys.contains(&kid))
    }

    fn is_fresh(&self) -> bool {
        let is_fresh = |held: &Held| self.now - held.came < held.fresh_for.unwrap_or_default();
        self.held.as_ref().is_some_and(is_fresh)
    }

    fn is_usable(&self) -> bool {
        self.held.as_ref().is_some_and(|held| {
            let limit = held.fresh_for.unwrap_or_default() + millis(RULES.max_stale);
            self.now - held.came < limit
        })
    }

    fn is_in_flight(&self) -> bool {
        let flight = self.flight.as_ref();
        flight.is_some_and(|flight| self.now - flight.started <= millis(RULES.flight))
    }

    /// Whether the pauses allow a fetch now. After several failures, refreshes by age pause for longer. The model
    /// allows that, and `key_cache_properties.rs` limits it.
    fn may_fetch(&self, has: bool) -> bool {
        let cooldown = millis(RULES.cooldown);
        let rested = self.failed_at.is_none_or(|at| {
            let pause = if self.is_usable() {
                cooldown
            } else {
                cooldown.min(1000 << (self.failures - 1).min(16))
            };
            self.now - at >= pause
        });
        let by_unknown = !has && self.is_usable();
        let cooled = self
            .unknown_fetch_at
            .is_none_or(|at| self.now - at >= cooldown);
        rested && (!by_unknown || cooled)
    }

    /// Whether a stale key must be refreshed before it is served, because no fetch has failed since it was stored.
    fn must_wait(&self) -> bool {
        !self.is_in_flight() && self.failures == 0
    }

    fn land(&mut self, fresh_secs: Option<u64>) -> Result<(), String> {
        let Some(flight) = self.flight.take() else {
            return Ok(());
        };
        let in_time = self.now - flight.started <= millis(RULES.flight);
        let (outcome, words) = match fresh_secs {
            Some(secs) => {
                let fresh_for = Duration::from_secs(secs);
                let keys = flight.set.clone();
                let words = format!("the issuer answers with {}, for {secs} s", names(&keys));
                (FetchOutcome::Keys { keys, fresh_for }, words)
            }
            None => (FetchOutcome::Failure, "the fetch fails".to_owned()),
        };
        self.story.step(words);
        let now = self.clock();
        let landing = self.cache.land(flight.id, outcome, now);
        self.story.outcome(format!("{landing:?}"));
        let expected = match (in_time, fresh_secs) {
            (false, _) => Landing::Ignored,
            (true, None) => {
                self.failed_at = Some(self.now);
                self.failures += 1;
                Landing::Failed
            }
            (true, Some(secs)) => {
                self.failed_at = None;
                self.failures = 0;
                self.held = Some(Held {
                    keys: flight.set,
                    came: self.now,
                    fresh_for: Some((secs * 1000).min(millis(RULES.max_age))),
                });
                Landing::Accepted
            }
        };
        if landing == expected {
            Ok(())
        } else {
            Err(format!("expected {expected:?}"))
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn seconds(millis: u64) -> String {
    format!("{}.{:03} s", millis / 1000, millis % 1000)
}

fn name(kid: u32) -> String {
    if kid == u32::MAX {
        "an invented key".to_owned()
    } else {
        format!("key {kid}")
    }
}

fn names(keys: &Keys) -> String {
    let names: Vec<String> = keys.iter().map(|kid| name(*kid)).collect();
    names.join(" and ")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_model_allows_every_answer(
        ops in prop::collection::vec(op(), 1..120),
        with_file in any::<bool>(),
    ) {
        let mut model = Model::new(with_file);
        for op in ops {
            if let Err(wrong) = model.run(op) {
                return Err(TestCaseError::fail(model.story.ends_wrong(wrong)));
            }
        }
    }
}
