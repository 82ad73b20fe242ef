use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use testkit::story::Story;

use super::*;

const WINDOW: Duration = Duration::from_secs(120);

fn id(number: u64) -> ProofId {
    let mut id = ProofId::default();
    id[..8].copy_from_slice(&number.to_be_bytes());
    id
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(1_000_000 + seconds)
}

/// Presents a proof made at `issued`, as the verifier does.
fn present(
    memory: &mut ReplayMemory,
    number: u64,
    issued: Timestamp,
    now: Timestamp,
) -> Result<(), NotRemembered> {
    let remember_until = issued.max(now).plus(WINDOW);
    memory.remember(id(number), remember_until, now)
}

#[test]
fn a_proof_is_remembered_while_its_time_is_acceptable() {
    let mut memory = ReplayMemory::new(10);
    let replayed = Err(NotRemembered::Replayed);
    assert_eq!(present(&mut memory, 1, at(120), at(0)), Ok(()));
    assert_eq!(present(&mut memory, 1, at(120), at(0)), replayed);
    assert_eq!(present(&mut memory, 1, at(120), at(240)), replayed);
    assert_eq!(present(&mut memory, 2, at(0), at(120)), Ok(()));
    // Another proof with the same id, within one window after the first use.
    assert_eq!(present(&mut memory, 2, at(240), at(240)), replayed);
    assert_eq!(present(&mut memory, 2, at(241), at(241)), Ok(()));
}

#[test]
fn a_full_memory_refuses_new_proofs_until_old_ones_expire() {
    let mut memory = ReplayMemory::new(2);
    assert_eq!(present(&mut memory, 1, at(0), at(0)), Ok(()));
    assert_eq!(present(&mut memory, 2, at(1), at(1)), Ok(()));
    assert_eq!(
        present(&mut memory, 3, at(120), at(120)),
        Err(NotRemembered::Full)
    );
    assert_eq!(
        present(&mut memory, 1, at(0), at(120)),
        Err(NotRemembered::Replayed)
    );
    assert_eq!(present(&mut memory, 3, at(121), at(121)), Ok(()));
    assert_eq!(
        present(&mut memory, 4, at(121), at(121)),
        Err(NotRemembered::Full)
    );
    assert_eq!(present(&mut memory, 4, at(122), at(122)), Ok(()));
}

#[test]
fn proofs_are_remembered_up_to_the_limit() {
    let mut memory = ReplayMemory::new(MAX_REMEMBERED_PROOFS);
    for number in 0..65_536 {
        assert_eq!(present(&mut memory, number, at(0), at(0)), Ok(()));
    }
    assert_eq!(
        present(&mut memory, 65_536, at(0), at(0)),
        Err(NotRemembered::Full)
    );
    assert_eq!(
        present(&mut memory, 0, at(0), at(0)),
        Err(NotRemembered::Replayed)
    );
}

#[test]
fn a_clock_that_jumps_ahead_and_back_allows_no_replay() {
    let mut memory = ReplayMemory::new(1);
    assert_eq!(present(&mut memory, 1, at(0), at(0)), Ok(()));
    assert_eq!(present(&mut memory, 2, at(3600), at(3600)), Ok(()));
    // Proof 1 made room for proof 2. It is valid again, and the memory no longer knows whether it was used.
    assert_eq!(
        present(&mut memory, 1, at(0), at(0)),
        Err(NotRemembered::Full)
    );
}

#[derive(Clone, Debug)]
enum Step {
    /// The clock moves by this many seconds.
    Clock(i64),
    /// A proof with this number. Its `iat` differs from the clock by `offset` seconds.
    Proof { number: u64, offset: i64 },
    /// An earlier proof again, unchanged.
    Again(usize),
}

fn steps(clock: std::ops::Range<i64>) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => clock.prop_map(Step::Clock),
        4 => (0..30u64, -120..=120i64).prop_map(|(number, offset)| Step::Proof { number, offset }),
        2 => any::<usize>().prop_map(Step::Again),
    ];
    proptest::collection::vec(step, 1..200)
}

fn moved(time: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_millis(time.as_millis().saturating_add_signed(seconds * 1000))
}

/// A memory without a limit, which forgets nothing.
#[derive(Default)]
struct Model {
    proofs: Vec<(u64, Timestamp)>,
    accepted: Vec<(u64, Timestamp)>,
    used_at: HashMap<u64, Timestamp>,
    /// The time until which the last use of each id must be remembered.
    until: HashMap<u64, Timestamp>,
}

/// The memory under test and the model.
struct Run {
    memory: ReplayMemory,
    model: Model,
    now: Timestamp,
    story: Story,
    monotone: bool,
}

fn run(steps: Vec<Step>, max_entries: usize, monotone: bool) -> Result<(), TestCaseError> {
    let mut run = Run {
        memory: ReplayMemory::new(max_entries),
        model: Model::default(),
        now: Timestamp::from_secs(1_000_000_000),
        story: Story::default(),
        monotone,
    };
    for step in steps {
        if let Err(wrong) = run.step(&step) {
            return Err(TestCaseError::fail(run.story.ends_wrong(wrong)));
        }
    }
    Ok(())
}

impl Run {
    fn step(&mut self, step: &Step) -> Result<(), &'static str> {
        let (number, issued) = match *step {
            Step::Clock(seconds) => {
                self.story.step(format!("the clock moves by {seconds} s"));
                self.now = moved(self.now, seconds);
                return Ok(());
            }
            Step::Proof { number, offset } => (number, moved(self.now, offset)),
            Step::Again(which) => match self.model.proofs.len() {
                0 => return Ok(()),
                len => self.model.proofs[which % len],
            },
        };
        let (now, ahead) = (self.now, issued.since(self.now).as_secs());
        let ago = now.since(issued).as_secs();
        // The verifier refuses such a proof before it uses the memory.
        if Duration::from_secs(ago.max(ahead)) > WINDOW {
            return Ok(());
        }
        self.story.step(format!(
            "proof {number}, made {ago} s ago and {ahead} s ahead, is presented"
        ));
        let found = self.present(number, issued);
        self.story.outcome(match found {
            Ok(()) => "accepted",
            Err(NotRemembered::Replayed) => "refused as used",
            Err(NotRemembered::Full) => "refused, because the memory is full",
        });
        self.check(number, issued, found)
    }

    fn present(&mut self, number: u64, issued: Timestamp) -> Result<(), NotRemembered> {
        self.model.proofs.push((number, issued));
        present(&mut self.memory, number, issued, self.now)
    }

    fn check(
        &mut self,
        number: u64,
        issued: Timestamp,
        found: Result<(), NotRemembered>,
    ) -> Result<(), &'static str> {
        let Self { memory, model, .. } = self;
        let now = self.now;
        let is_live = |until: &Timestamp| now <= *until;
        let live = model.until.values().filter(|until| is_live(until)).count();
        if memory.entries.len() > memory.max_entries {
            return Err("the memory exceeds its limit");
        }
        if memory.entries.len() != memory.by_time.len() {
            return Err("the two indexes differ");
        }
        match found {
            Ok(()) => {
                let used = model.used_at.insert(number, now);
                if model.accepted.contains(&(number, issued)) {
                    return Err("a proof was accepted twice");
                }
                if self.monotone && used.is_some_and(|used| now.since(used) <= WINDOW) {
                    return Err("an id was accepted twice within the window");
                }
                model.accepted.push((number, issued));
                model.until.insert(number, issued.max(now).plus(WINDOW));
            }
            Err(NotRemembered::Replayed)
                if self.monotone && !model.until.get(&number).is_some_and(is_live) =>
            {
                return Err("an id is refused as used after its time");
            }
            Err(NotRemembered::Replayed) if !model.used_at.contains_key(&number) => {
                return Err("an id that was never used is refused as used");
            }
            Err(NotRemembered::Full) if self.monotone && live < memory.max_entries => {
                return Err("refused although there is room");
            }
            Err(NotRemembered::Replayed | NotRemembered::Full) => {}
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn proofs_are_accepted_once_and_new_ones_are_refused_only_if_the_memory_is_full(
        steps in steps(0..100), max_entries in 1..12usize
    ) {
        run(steps, max_entries, true)?;
    }

    #[test]
    fn no_proof_is_accepted_twice_however_the_clock_is_set(
        steps in steps(-400..400), max_entries in 1..12usize
    ) {
        run(steps, max_entries, false)?;
    }
}
