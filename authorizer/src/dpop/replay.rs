//! Remembers used proofs, so that no proof is accepted twice.

use std::collections::{BTreeSet, HashMap};

use crate::clock::Timestamp;

/// The maximum number of remembered proofs, about 10 MiB.
pub(super) const MAX_REMEMBERED_PROOFS: usize = 65_536;

/// The SHA-256 hash of a `jti`.
pub(super) type ProofId = [u8; 32];

/// Used proofs by their id.
///
/// A proof is evicted only to make room, oldest first, and only after it has expired. After an eviction the memory is
/// full, and the proofs in it expire later than the evicted one. If the clock is then set back to a time at which the
/// evicted proof is valid, there is no room, so a replay of it is refused.
pub(super) struct ReplayMemory {
    max_entries: usize,
    /// The time until which each proof is remembered.
    entries: HashMap<ProofId, Timestamp>,
    /// The same entries, ordered by time.
    by_time: BTreeSet<(Timestamp, ProofId)>,
}

/// Why a proof was not stored and must not be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotRemembered {
    /// The memory already has it.
    Replayed,
    /// The memory has no room for it.
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

    /// Remembers a proof at least until `remember_until`.
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
