use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;

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

/// As the verifier does it, with a proof made at `issued`.
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
fn a_proof_is_remembered_as_long_as_its_time_is_right() {
    let mut memory = ReplayMemory::new(10);
    let replayed = Err(NotRemembered::Replayed);
    assert_eq!(present(&mut memory, 1, at(120), at(0)), Ok(()));
    assert_eq!(present(&mut memory, 1, at(120), at(0)), replayed);
    assert_eq!(present(&mut memory, 1, at(120), at(240)), replayed);
    assert_eq!(present(&mut memory, 2, at(0), at(120)), Ok(()));
    // Another proof with the same id, within the window after the first use.
    assert_eq!(present(&mut memory, 2, at(240), at(240)), replayed);
    assert_eq!(present(&mut memory, 2, at(241), at(241)), Ok(()));
}

#[test]
fn a_full_memory_refuses_new_proofs_until_the_time_of_old_ones_is_over() {
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
fn as_many_proofs_are_remembered_as_the_limit_says() {
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
fn a_clock_that_jumps_ahead_and_back_makes_no_proof_new_again() {
    let mut memory = ReplayMemory::new(1);
    assert_eq!(present(&mut memory, 1, at(0), at(0)), Ok(()));
    assert_eq!(present(&mut memory, 2, at(3600), at(3600)), Ok(()));
    // Proof 1 made room for proof 2; its time is right again, and whether it was used is no longer known.
    assert_eq!(
        present(&mut memory, 1, at(0), at(0)),
        Err(NotRemembered::Full)
    );
}

#[derive(Clone, Debug)]
enum Step {
    /// The clock moves by so many seconds.
    Clock(i64),
    /// A proof with this number, whose `iat` is so many seconds from the clock.
    Proof { number: u64, offset: i64 },
    /// An earlier proof once more, unchanged.
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

/// What a memory without a limit, which forgets nothing, would know.
#[derive(Default)]
struct Model {
    proofs: Vec<(u64, Timestamp)>,
    accepted: Vec<(u64, Timestamp)>,
    used_at: HashMap<u64, Timestamp>,
}

fn run(steps: Vec<Step>, max_entries: usize, monotone: bool) -> Result<(), TestCaseError> {
    let mut memory = ReplayMemory::new(max_entries);
    let mut model = Model::default();
    let mut now = Timestamp::from_secs(1_000_000_000);
    for step in steps {
        let (number, issued) = match step {
            Step::Clock(seconds) => {
                now = moved(now, seconds);
                continue;
            }
            Step::Proof { number, offset } => (number, moved(now, offset)),
            Step::Again(which) => match model.proofs.len() {
                0 => continue,
                len => model.proofs[which % len],
            },
        };
        if now.since(issued) > WINDOW || issued.since(now) > WINDOW {
            continue;
        }
        model.proofs.push((number, issued));
        let live = memory
            .entries
            .values()
            .filter(|until| now <= **until)
            .count();
        let used_recently = model
            .used_at
            .get(&number)
            .is_some_and(|used| now.since(*used) <= WINDOW);
        let was_accepted = model.accepted.contains(&(number, issued));
        let found = present(&mut memory, number, issued, now);

        prop_assert!(memory.entries.len() <= max_entries);
        prop_assert_eq!(memory.entries.len(), memory.by_time.len());
        match found {
            Ok(()) => {
                prop_assert!(!was_accepted, "a proof was accepted twice");
                prop_assert!(
                    !monotone || !used_recently,
                    "an id was accepted twice within the window"
                );
                model.accepted.push((number, issued));
                model.used_at.insert(number, now);
            }
            Err(NotRemembered::Replayed) => {
                prop_assert!(
                    model.used_at.contains_key(&number),
                    "an id that was never used"
                );
            }
            Err(NotRemembered::Full) => {
                prop_assert!(
                    !monotone || live >= max_entries,
                    "refused although there is room"
                );
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_proof_is_accepted_twice_and_no_new_one_is_refused_while_there_is_room(
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
