//! The memory of proofs that were used, so that none is used twice.

use std::collections::{BTreeSet, HashMap};

use crate::clock::Timestamp;

/// The maximum number of remembered proofs, about 10 MiB.
pub const MAX_REMEMBERED_PROOFS: usize = 65_536;

/// The SHA-256 of a `jti`.
pub(super) type ProofId = [u8; 32];

/// Used proofs by their id.
///
/// A proof is evicted only to make room, the oldest first, and only after its validity has ended. Afterwards the memory
/// is full of proofs that are valid for longer. So if the clock is set back into the validity of an evicted proof,
/// there is no room, and a possible replay is refused.
pub(super) struct ReplayMemory {
    max_entries: usize,
    /// The time until which each is remembered.
    entries: HashMap<ProofId, Timestamp>,
    /// The same, ordered by time.
    by_time: BTreeSet<(Timestamp, ProofId)>,
}

/// Why a proof is not remembered, and so must not be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotRemembered {
    /// It is remembered already.
    Replayed,
    /// There is no room for it.
    Full,
}

impl ReplayMemory {
    pub(super) fn new(max_entries: usize) -> Self {
        Self {
            max_entries,
            entries: HashMap::new(),
            by_time: BTreeSet::new(),
        }
    }

    /// Remembers a proof until `remember_until` at least.
    pub(super) fn remember(
        &mut self,
        id: ProofId,
        remember_until: Timestamp,
        now: Timestamp,
    ) -> Result<(), NotRemembered> {
        if let Some(until) = self.entries.get(&id).copied() {
            if now <= until {
                return Err(NotRemembered::Replayed);
            }
            self.forget((until, id));
        }
        if self.entries.len() >= self.max_entries {
            match self.by_time.first().copied() {
                Some(oldest) if oldest.0 < now => self.forget(oldest),
                Some(_) | None => return Err(NotRemembered::Full),
            }
        }
        self.entries.insert(id, remember_until);
        self.by_time.insert((remember_until, id));
        Ok(())
    }

    fn forget(&mut self, entry: (Timestamp, ProofId)) {
        self.by_time.remove(&entry);
        self.entries.remove(&entry.1);
    }
}

#[cfg(test)]
mod tests;
