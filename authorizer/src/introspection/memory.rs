//! Answers, remembered for a while.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::answer::Answer;
use crate::clock::Timestamp;

/// How many answers are remembered: of 64 KiB, the oldest goes first.
const MOST_ENTRIES: usize = 1024;

/// Answers by the SHA-256 of their token.
pub(super) struct Memory {
    ttl: Duration,
    answers: HashMap<[u8; 32], Remembered>,
    /// The tokens by the time of their answer. One that was asked about again stands here twice.
    order: VecDeque<([u8; 32], Timestamp)>,
}

#[derive(Clone, Copy)]
struct Remembered {
    answer: Answer,
    asked_at: Timestamp,
}

impl Memory {
    pub(super) fn new(ttl: Duration) -> Self {
        Self {
            ttl,
            answers: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    pub(super) fn recall(&self, token: &[u8; 32], now: Timestamp) -> Option<Answer> {
        let Remembered { answer, asked_at } = *self.answers.get(token)?;
        // An answer out of the future means that the clock was set back: its age is not known.
        (now >= asked_at && now.since(asked_at) < self.ttl).then_some(answer)
    }

    pub(super) fn remember(&mut self, token: [u8; 32], answer: Answer, asked_at: Timestamp) {
        if self.ttl.is_zero() {
            return;
        }
        self.answers.insert(token, Remembered { answer, asked_at });
        self.order.push_back((token, asked_at));
        while self.order.len() > MOST_ENTRIES {
            let Some((oldest, oldest_at)) = self.order.pop_front() else {
                return;
            };
            if self
                .answers
                .get(&oldest)
                .is_some_and(|answer| answer.asked_at == oldest_at)
            {
                self.answers.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTIVE: Answer = Answer::Active { expires_at: None };
    const INACTIVE: Answer = Answer::Inactive;
    const NOON: Timestamp = Timestamp::from_secs(1_000_000);

    fn token(number: u64) -> [u8; 32] {
        let mut token = [0; 32];
        token[..8].copy_from_slice(&number.to_be_bytes());
        token
    }

    fn after(seconds: u64) -> Timestamp {
        NOON.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn an_answer_counts_for_its_time_and_no_longer() {
        let mut memory = Memory::new(Duration::from_secs(30));
        memory.remember(token(1), ACTIVE, NOON);
        memory.remember(token(2), INACTIVE, NOON);
        assert_eq!(memory.recall(&token(1), after(29)), Some(ACTIVE));
        assert_eq!(memory.recall(&token(2), after(29)), Some(INACTIVE));
        assert_eq!(memory.recall(&token(1), after(30)), None);
        assert_eq!(memory.recall(&token(3), NOON), None);
    }

    #[test]
    fn a_clock_set_back_makes_no_answer_live_longer() {
        let mut memory = Memory::new(Duration::from_secs(30));
        memory.remember(token(1), ACTIVE, after(3600));
        assert_eq!(memory.recall(&token(1), NOON), None);
    }

    #[test]
    fn a_newer_answer_replaces_an_older_one() {
        let mut memory = Memory::new(Duration::from_secs(30));
        memory.remember(token(1), ACTIVE, NOON);
        memory.remember(token(1), INACTIVE, after(1));
        assert_eq!(memory.recall(&token(1), after(2)), Some(INACTIVE));
    }

    #[test]
    fn a_hundred_thousand_tokens_take_no_more_room_than_a_thousand() {
        let mut memory = Memory::new(Duration::from_secs(30));
        for number in 0..100_000 {
            memory.remember(token(number % 5000), ACTIVE, NOON);
        }
        assert!(memory.order.len() <= MOST_ENTRIES && memory.answers.len() <= MOST_ENTRIES);
    }

    #[test]
    fn with_no_time_to_live_nothing_is_remembered() {
        let mut memory = Memory::new(Duration::ZERO);
        memory.remember(token(1), ACTIVE, NOON);
        assert!(memory.order.is_empty() && memory.answers.is_empty());
    }
}
