//! A page of the resources that a caller may see.
//!
//! The indexes supply ids, and the table supplies the resources. Index reads are eventually consistent on AWS, so an
//! index may still list a resource that has been made private. So the resource itself is read consistently, without its
//! value, to decide whether the caller may see it. Its value is read only after that. The indexes contain only ids,
//! because a copy of the values would double the cost of each write.

mod candidates;

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
};

use serde_json::value::RawValue;

use self::candidates::CandidateIds;
use crate::{
    caller::{Caller, SignedIn},
    problem::Problem,
    state::{Metadata, State, StateId},
    store::{Partition, Store, StoreError},
};

/// The maximum length of a page. Lambda limits an answer to 6 MB. The body is a JSON string in it, so each quote takes
/// two bytes.
const MAX_PAGE_BYTES: usize = 4_990_000;

/// The maximum number of resources in one read without values: DynamoDB's limit.
const MAX_METADATA_BATCH: usize = 100;

/// The maximum number of resources in one read with values. It is the default size of a page, so that one read is
/// enough. A page of large values ends early, so larger reads would read values in vain.
const MAX_STATE_BATCH: usize = 25;

/// The maximum number of store calls for one page, in addition to the first query of each partition. A page that would
/// need more calls ends early. That happens if the indexes lag, or if the store returns few items per call.
const MAX_MORE_CALLS: usize = 24;

/// The resources that are listed.
#[derive(Debug)]
pub(crate) enum ListingScope<'a> {
    /// All resources that the caller may see: public ones, the caller's own, and those of the caller's groups.
    Visible(&'a Caller),
    /// The resources of one principal, listed for that principal or an admin.
    Owner(&'a str, &'a SignedIn),
}

#[derive(Debug, Default)]
pub(crate) struct Page {
    /// The resources as JSON, sorted by id.
    pub(crate) items: Vec<Box<RawValue>>,
    /// Where the next page begins, if there is one.
    pub(crate) next: Option<Next>,
}

/// Where the next page begins.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// After this resource, the last one on the page.
    AfterShown(StateId),
    /// After this id, if the page has no resource. The caller may not see the resource with this id, and must not learn
    /// the id.
    AfterHidden(StateId),
}

/// The page after the id `after`.
///
/// It takes one small query per partition (eight for public resources, one for the caller's own, one per group), one batch
/// read per 100 candidates without values, and one per 25 resources on the page, whatever the number of resources in the
/// table is. If the indexes lag, it takes more calls, but at most 24 besides the first queries.
pub(crate) async fn page(
    store: &Store,
    scope: &ListingScope<'_>,
    after: Option<&StateId>,
    limit: usize,
) -> Result<Page, Problem> {
    let mut filling = Filling {
        store,
        scope,
        limit,
        calls_left: MAX_MORE_CALLS,
        items: Vec::new(),
        bytes_left: MAX_PAGE_BYTES,
        last_shown: None,
        last_examined: None,
    };
    let mut candidates = CandidateIds::new(partitions(scope), after);
    let end = loop {
        let calls = candidates.queries_needed();
        if filling.last_examined.is_some() {
            let Some(left) = filling.calls_left.checked_sub(calls) else {
                break End::Early;
            };
            filling.calls_left = left;
        }
        // One more than fits on the page shows whether there is a next page.
        let ids = candidates.next(store, limit + 1).await?;
        if ids.is_empty() {
            break End::Complete;
        }
        if let Some(end) = filling.add(&ids).await? {
            break end;
        }
    };
    filling.finish(end)
}

fn partitions(scope: &ListingScope<'_>) -> BTreeSet<Partition> {
    match scope {
        ListingScope::Owner(principal, _) => {
            BTreeSet::from([Partition::Owner((*principal).to_owned())])
        }
        ListingScope::Visible(Caller::Anonymous) => Partition::public().collect(),
        ListingScope::Visible(Caller::SignedIn(caller)) => Partition::public()
            .chain([Partition::Owner(caller.principal.clone())])
            .chain(caller.groups.iter().map(Partition::group))
            .collect(),
    }
}

/// Why a page ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// No more resources follow.
    Complete,
    /// The page is full, and more resources follow.
    Full,
    /// The calls were used up before the page was full.
    Early,
}

/// A page while it is filled.
struct Filling<'a> {
    store: &'a Store,
    scope: &'a ListingScope<'a>,
    limit: usize,
    calls_left: usize,
    items: Vec<Box<RawValue>>,
    bytes_left: usize,
    last_shown: Option<StateId>,
    last_examined: Option<StateId>,
}

impl Filling<'_> {
    /// Adds the resources with these ids that the caller may see, in order. Returns why the page ends, if it does.
    async fn add(&mut self, ids: &[StateId]) -> Result<Option<End>, Problem> {
        for batch in ids.chunks(MAX_METADATA_BATCH) {
            let store = self.store;
            let (metadata, read_all) = self
                .read(batch, |ids| store.metadata_of_many(ids), |read| &read.id)
                .await?;
            let visible: Vec<_> = metadata
                .iter()
                .filter(|metadata| self.scope.shows(metadata))
                .map(|metadata| metadata.id.clone())
                .collect();
            if let Some(end) = self.add_visible(&visible).await? {
                return Ok(Some(end));
            }
            if !read_all {
                // All ids before the first unread one have been examined.
                self.last_examined = metadata
                    .into_iter()
                    .last()
                    .map(|m| m.id)
                    .or(self.last_examined.take());
                return Ok(Some(End::Early));
            }
            self.last_examined = batch.last().cloned();
        }
        Ok(None)
    }

    async fn add_visible(&mut self, ids: &[StateId]) -> Result<Option<End>, Problem> {
        let mut rest = ids;
        while !rest.is_empty() {
            let room = self.limit - self.items.len();
            if room == 0 {
                return Ok(Some(End::Full));
            }
            let (batch, remaining) = rest.split_at(rest.len().min(room).min(MAX_STATE_BATCH));
            rest = remaining;
            let store = self.store;
            let (states, read_all) = self
                .read(batch, |ids| store.get_many(ids), |state| &state.metadata.id)
                .await?;
            for state in states {
                // The resource may have changed since its metadata was read.
                if self.scope.shows(&state.metadata) && !self.add_state(&state)? {
                    return Ok(Some(End::Full));
                }
            }
            if !read_all {
                return Ok(Some(End::Early));
            }
        }
        Ok(None)
    }

    /// Adds a resource. `false` if the page has no room for it.
    fn add_state(&mut self, state: &State) -> Result<bool, Problem> {
        let json = serde_json::value::to_raw_value(&state.body())
            .map_err(|error| Problem::Internal(error.to_string()))?;
        let left = self.bytes_left.checked_sub(escaped_len(json.get()));
        if left.is_none() && !self.items.is_empty() {
            return Ok(false);
        }
        self.bytes_left = left.unwrap_or_default();
        self.items.push(json);
        self.last_shown = Some(state.metadata.id.clone());
        Ok(true)
    }

    /// Reads `ids`, which are sorted, in several calls if the store returns only some of them per call. Returns the
    /// sorted resources before the first id that was not read, and whether all were read.
    async fn read<T, F>(
        &mut self,
        ids: &[StateId],
        call: impl Fn(BTreeSet<StateId>) -> F,
        id_of: impl Fn(&T) -> &StateId,
    ) -> Result<(Vec<T>, bool), Problem>
    where
        F: Future<Output = Result<(Vec<T>, BTreeSet<StateId>), StoreError>>,
    {
        let mut found = BTreeMap::new();
        let mut left: BTreeSet<_> = ids.iter().cloned().collect();
        while !left.is_empty()
            && let Some(calls_left) = self.calls_left.checked_sub(1)
        {
            self.calls_left = calls_left;
            let (parts, unread) = call(left.clone()).await?;
            let before = left.len();
            left.retain(|id| unread.contains(id));
            found.extend(parts.into_iter().map(|part| (id_of(&part).clone(), part)));
            if left.len() == before {
                break;
            }
        }
        let read_all = left.is_empty();
        if let Some(gap) = left.first() {
            drop(found.split_off(gap));
        }
        found.retain(|id, _| ids.binary_search(id).is_ok());
        Ok((found.into_values().collect(), read_all))
    }

    fn finish(self, end: End) -> Result<Page, Problem> {
        let position = self
            .last_shown
            .map(Next::AfterShown)
            .or(self.last_examined.map(Next::AfterHidden));
        let next = match end {
            End::Complete => None,
            End::Full | End::Early => Some(position.ok_or_else(|| {
                StoreError::Throttled("the store returned no item of the first batch".to_owned())
            })?),
        };
        Ok(Page {
            items: self.items,
            next,
        })
    }
}

impl ListingScope<'_> {
    /// Whether a resource belongs to the listing.
    fn shows(&self, metadata: &Metadata) -> bool {
        match self {
            Self::Visible(caller) => caller.may_see(metadata),
            Self::Owner(principal, caller) => {
                metadata.owner == **principal && caller.may_write(metadata)
            }
        }
    }
}

/// The length of JSON inside a JSON string. JSON has no unescaped control characters.
fn escaped_len(json: &str) -> usize {
    json.len() + json.bytes().filter(|b| matches!(b, b'"' | b'\\')).count()
}

#[cfg(test)]
mod tests;
