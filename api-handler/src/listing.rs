//! A page of what a caller may see.
//!
//! The indexes say which ids there are, the table says what is behind them: index reads are eventually consistent on
//! AWS, so an index may still name a resource that has been made private. Whoever may see it is judged on the item
//! itself, read consistently. It also keeps the indexes to ids: a copy of the values there would double what each
//! write costs, and a page would read 25 values from each partition to show 25 in all.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use crate::{
    caller::{Caller, SignedIn},
    problem::Problem,
    state::{State, StateId},
    store::{Ids, Partition, Store, StoreError},
};

/// Longest answer. A function's ends at 6 MB, and within it the body is a JSON string: each quote counts twice.
const MAX_PAGE_BYTES: usize = 5_000_000 - 4096;

/// Most resources that are read from the table at a time: a page of the default size at once, while a page of large
/// values, which ends early, reads little in vain.
const BATCH: usize = 25;

/// How often a page that is not full looks further. More than one round is needed only where the indexes lag behind.
const MAX_ROUNDS: usize = 4;

/// How many ids of each partition the further rounds ask for: what one caller has hidden or deleted within the second
/// or so that an index lags.
const FURTHER_IDS: usize = 100;

/// Whose resources are listed.
#[derive(Debug)]
pub enum Scope<'a> {
    /// All that the caller may see: public, own, of the caller's groups.
    Visible(&'a Caller),
    /// Those of one principal, for that principal or an admin.
    Owner(&'a str, &'a SignedIn),
}

/// A page.
#[derive(Debug, Default)]
pub struct Page {
    /// The resources, as JSON text, in order of their ids.
    pub items: Vec<Box<RawValue>>,
    /// The last id of the page, if there is more.
    pub next: Option<StateId>,
}

/// The first page after `after`.
///
/// It costs one small query per partition (eight for the public ones, one for the caller's own, one per group) and one
/// batch read per 25 resources shown, however many resources there are. Where the indexes lag it looks further, up to
/// four times in all.
///
/// # Errors
/// When the store fails.
pub async fn page(
    store: &Store,
    scope: &Scope<'_>,
    mut after: Option<StateId>,
    limit: usize,
) -> Result<Page, Problem> {
    let partitions = partitions(scope);
    let mut page = Filling {
        page: Page::default(),
        bytes: 0,
    };
    for round in 0..MAX_ROUNDS {
        // One more than fits, to know whether there is a next page.
        let wanted = if round == 0 { limit + 1 } else { FURTHER_IDS };
        let ids = store.ids(&partitions, after.as_ref(), wanted).await?;
        let candidates = merge(&ids);
        for batch in candidates.ids.chunks(BATCH) {
            if !page.add(store, scope, batch, limit).await? {
                return Ok(page.page);
            }
        }
        if !candidates.more {
            page.page.next = None;
            return Ok(page.page);
        }
        after = candidates.ids.last().cloned();
    }
    // A cursor names the last resource that was shown, never one that was not: its id alone would tell the caller of it.
    if page.page.next.is_some() {
        Ok(page.page)
    } else {
        let cause = "the indexes name only what this caller may not see or is gone";
        Err(StoreError::Failed(cause.to_owned()).into())
    }
}

fn partitions(scope: &Scope<'_>) -> BTreeSet<Partition> {
    match scope {
        Scope::Owner(principal, _) => BTreeSet::from([Partition::Owner((*principal).to_owned())]),
        Scope::Visible(Caller::Anonymous) => Partition::public().collect(),
        Scope::Visible(Caller::SignedIn(caller)) => Partition::public()
            .chain([Partition::Owner(caller.principal.clone())])
            .chain(caller.groups.iter().map(|name| Partition::group(name)))
            .collect(),
    }
}

/// The ids of all partitions, in order, each once, up to where every partition has been read.
fn merge(partitions: &[Ids]) -> Ids {
    let horizon = partitions
        .iter()
        .filter(|p| p.more)
        .filter_map(|p| p.ids.last())
        .min();
    let ids: BTreeSet<_> = partitions
        .iter()
        .flat_map(|p| &p.ids)
        .filter(|id| horizon.is_none_or(|h| *id <= h))
        .collect();
    Ids {
        ids: ids.into_iter().cloned().collect(),
        more: horizon.is_some(),
    }
}

struct Filling {
    page: Page,
    bytes: usize,
}

impl Filling {
    /// Adds what the caller may see of a batch; `false` when the page has ended.
    async fn add(
        &mut self,
        store: &Store,
        scope: &Scope<'_>,
        batch: &[StateId],
        limit: usize,
    ) -> Result<bool, Problem> {
        let mut read = BTreeMap::new();
        let mut left: BTreeSet<_> = batch.iter().cloned().collect();
        for id in batch {
            // The store gives as many at once as it likes, in any order, and names the rest.
            while left.contains(id) {
                let (states, unread) = store.get_many(&left).await?;
                let before = left.len();
                left.retain(|id| unread.contains(id));
                read.extend(states.into_iter().map(|state| (state.id.clone(), state)));
                if left.len() == before {
                    return if self.page.items.is_empty() {
                        Err(StoreError::Throttled("no key of a batch was read".to_owned()).into())
                    } else {
                        Ok(false)
                    };
                }
            }
            let Some(state) = read.get(id).filter(|state| scope.shows(state)) else {
                continue;
            };
            let json = serde_json::value::to_raw_value(state)
                .map_err(|e| Problem::Internal(e.to_string()))?;
            let bytes = self.bytes + escaped_len(json.get()) + 1;
            if self.page.items.len() == limit
                || (bytes > MAX_PAGE_BYTES && !self.page.items.is_empty())
            {
                return Ok(false);
            }
            self.bytes = bytes;
            self.page.items.push(json);
            self.page.next = Some(id.clone());
        }
        Ok(true)
    }
}

impl Scope<'_> {
    /// Whether a resource belongs on the page.
    fn shows(&self, state: &State) -> bool {
        match self {
            Self::Visible(caller) => caller.may_see(state),
            Self::Owner(principal, caller) => state.owner == **principal && caller.may_write(state),
        }
    }
}

/// How long JSON text is as a JSON string. JSON text has no bare control characters.
fn escaped_len(json: &str) -> usize {
    json.len() + json.bytes().filter(|b| matches!(b, b'"' | b'\\')).count()
}

#[cfg(test)]
mod tests;
