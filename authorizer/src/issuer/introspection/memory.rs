//! A cache of introspection answers.

use std::time::Duration;

use super::answer::IntrospectionAnswer;
use crate::bearer::TokenDigest;
use crate::clock::Timestamp;
use crate::lru::Lru;

/// The maximum number of cached answers: about 128 KiB.
const MAX_ENTRIES: usize = 1024;

/// Answers by the SHA-256 hash of the token.
pub(super) struct Memory {
    ttl: Duration,
    answers: Lru<(IntrospectionAnswer, Timestamp)>,
}

impl Memory {
    pub(super) fn new(ttl: Duration) -> Self {
        Self {
            ttl,
            answers: Lru::new(MAX_ENTRIES, MAX_ENTRIES),
        }
    }

    pub(super) fn recall(
        &mut self,
        token: &TokenDigest,
        now: Timestamp,
    ) -> Option<IntrospectionAnswer> {
        let (answer, asked_at) = self.answers.recall(token)?;
        // If the answer is from the future, the clock was set back and the age of the answer is unknown.
        (now >= asked_at && now.since(asked_at) < self.ttl).then_some(answer)
    }

    pub(super) fn remember(
        &mut self,
        token: TokenDigest,
        answer: IntrospectionAnswer,
        asked_at: Timestamp,
    ) {
        if !self.ttl.is_zero() {
            self.answers.remember(token, (answer, asked_at), 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTIVE: IntrospectionAnswer = IntrospectionAnswer::Active { expires_at: None };
    const INACTIVE: IntrospectionAnswer = IntrospectionAnswer::Inactive;
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
    fn an_answer_is_cached_until_its_time_to_live_ends() {
        let mut memory = Memory::new(Duration::from_secs(30));
        memory.remember(token(1), ACTIVE, NOON);
        memory.remember(token(2), INACTIVE, NOON);
        assert_eq!(memory.recall(&token(1), after(29)), Some(ACTIVE));
        assert_eq!(memory.recall(&token(2), after(29)), Some(INACTIVE));
        assert_eq!(memory.recall(&token(1), after(30)), None);
        assert_eq!(memory.recall(&token(3), NOON), None);
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_no_answer_longer() {
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
    fn with_a_time_to_live_of_zero_nothing_is_cached() {
        let mut memory = Memory::new(Duration::ZERO);
        memory.remember(token(1), ACTIVE, NOON);
        assert_eq!(memory.recall(&token(1), NOON), None);
        assert_eq!(memory.answers.recall(&token(1)), None);
    }

    #[test]
    fn the_number_of_answers_is_bounded() {
        let mut memory = Memory::new(Duration::from_secs(30));
        for number in 0..5000 {
            memory.remember(token(number), ACTIVE, NOON);
        }
        let held = (0..5000).filter(|number| memory.recall(&token(*number), NOON).is_some());
        assert_eq!(held.count(), MAX_ENTRIES);
    }
}
