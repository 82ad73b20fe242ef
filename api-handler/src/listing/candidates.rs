//! Merges the ids that the indexes list for all partitions.

use std::collections::{BTreeSet, VecDeque};

use crate::{
    state::StateId,
    store::{Ids, Partition, Store, StoreError},
};

/// The number of ids in the second and later queries of a partition. They are needed only if the indexes lag, so they
/// must skip the resources that a caller has hidden or deleted during the lag of about a second.
const MORE_IDS: usize = 400;

/// The ids of all partitions, sorted, each once.
#[derive(Debug)]
pub(super) struct CandidateIds {
    sources: Vec<PartitionIds>,
    is_started: bool,
}

/// One partition and the ids that were read from it.
#[derive(Debug)]
struct PartitionIds {
    partition: Partition,
    /// The id after which the next query begins.
    after: Option<StateId>,
    /// The ids that have been read but not yet returned.
    ids: VecDeque<StateId>,
    /// Whether more ids follow.
    more: bool,
}

impl PartitionIds {
    fn needs_query(&self) -> bool {
        self.more && self.ids.is_empty()
    }

    fn fill(&mut self, ids: Ids) {
        self.after = ids.ids.last().cloned().or(self.after.take());
        self.more = ids.more;
        self.ids = ids.ids.into();
    }
}

impl CandidateIds {
    /// The ids after `after`. This sends no query.
    pub(super) fn new(partitions: BTreeSet<Partition>, after: Option<&StateId>) -> Self {
        let source = |partition| PartitionIds {
            partition,
            after: after.cloned(),
            ids: VecDeque::new(),
            more: true,
        };
        Self {
            sources: partitions.into_iter().map(source).collect(),
            is_started: false,
        }
    }

    /// The number of queries that the next ids need.
    pub(super) fn queries_needed(&self) -> usize {
        let sources = self.sources.iter();
        sources.filter(|source| source.needs_query()).count()
    }

    /// The next ids, as far as every partition has been read. Empty at the end. The first query of each partition reads
    /// `first_wanted` ids.
    pub(super) async fn next(
        &mut self,
        store: &Store,
        first_wanted: usize,
    ) -> Result<Vec<StateId>, StoreError> {
        let wanted = if self.is_started {
            MORE_IDS
        } else {
            first_wanted
        };
        self.is_started = true;
        let queries: Vec<_> = self
            .sources
            .iter()
            .filter(|source| source.needs_query())
            .map(|source| (&source.partition, source.after.as_ref()))
            .collect();
        let results = store.ids(&queries, wanted).await?;
        let asked = self
            .sources
            .iter_mut()
            .filter(|source| source.needs_query());
        for (source, ids) in asked.zip(results) {
            source.fill(ids);
        }
        Ok(self.take())
    }

    /// Takes the ids up to the smallest last id of the partitions that have more ids.
    fn take(&mut self) -> Vec<StateId> {
        let unfinished = self.sources.iter().filter(|source| source.more);
        let horizon = unfinished
            .filter_map(|source| source.ids.back())
            .min()
            .cloned();
        let mut ids = BTreeSet::new();
        for source in &mut self.sources {
            let within = |id: &StateId| horizon.as_ref().is_none_or(|horizon| id <= horizon);
            let count = source.ids.iter().take_while(|id| within(id)).count();
            ids.extend(source.ids.drain(..count));
        }
        ids.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_returned_as_far_as_every_partition_has_been_read() {
        let check = |partitions: &[(&str, bool)], expected: &str, needed: usize| {
            let mut candidates = CandidateIds::new(
                (0..partitions.len())
                    .map(|n| Partition::Owner(n.to_string()))
                    .collect(),
                None,
            );
            for (source, (text, more)) in candidates.sources.iter_mut().zip(partitions) {
                let ids = text.split_whitespace().map(|id| id.parse().unwrap());
                source.fill(Ids {
                    ids: ids.collect(),
                    more: *more,
                });
            }
            let ids = candidates.take();
            let ids: Vec<_> = ids.iter().map(StateId::as_str).collect();
            assert_eq!(ids.join(" "), expected);
            assert_eq!(candidates.queries_needed(), needed, "{partitions:?}");
        };
        check(&[], "", 0);
        check(&[("a c", false), ("b c d", false)], "a b c d", 0);
        check(&[("a c", true), ("b c d", false)], "a b c", 1);
        check(&[("a b", true), ("y z", true)], "a b", 1);
        check(&[("a b", true), ("a b", true)], "a b", 2);
        check(&[("a b", true), ("", false)], "a b", 1);
    }
}
