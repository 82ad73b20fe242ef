//! Reads: consistent reads by id, and `Query` on the indexes for ids only.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    Partition, Store, StoreError,
    item::{self, StoredPart},
    retry::{CallEffect, with_retries},
};
use crate::state::{Metadata, State, StateId};

/// The maximum number of concurrent index queries for one page.
const MAX_CONCURRENT_QUERIES: usize = 16;

/// Ids of a partition, sorted.
#[derive(Debug)]
pub(crate) struct Ids {
    pub(crate) ids: Vec<StateId>,
    /// Whether more ids follow.
    pub(crate) more: bool,
}

impl Store {
    /// The current version of the resource, without its value. The read is consistent.
    pub(crate) async fn metadata(&self, id: &StateId) -> Result<Option<Metadata>, StoreError> {
        let metadata: Option<Metadata> = self.get_part(id).await?;
        check_id(metadata, id, |metadata| &metadata.id)
    }

    /// The current version of the whole resource. Call it only after [`Store::metadata`] has shown that the caller may
    /// see the resource.
    pub(crate) async fn get(&self, id: &StateId) -> Result<Option<State>, StoreError> {
        let state: Option<State> = self.get_part(id).await?;
        check_id(state, id, |state| &state.metadata.id)
    }

    async fn get_part<P: StoredPart>(&self, id: &StateId) -> Result<Option<P>, StoreError> {
        let _timer = self.timer();
        let call = || {
            let mut request = self
                .client
                .get_item()
                .table_name(&self.table)
                .set_key(Some(item::key(id)))
                .consistent_read(true);
            if P::IS_METADATA {
                request = request
                    .projection_expression(item::METADATA_PROJECTION)
                    .set_expression_attribute_names(Some(metadata_names()));
            }
            request.send()
        };
        let output = with_retries(CallEffect::Read, call).await?;
        Ok(output.item.map(P::from_item).transpose()?)
    }

    /// The first `limit` ids of each partition after the given id.
    pub(crate) async fn ids(
        &self,
        partitions: &[(&Partition, Option<&StateId>)],
        limit: usize,
    ) -> Result<Vec<Ids>, StoreError> {
        let _timer = self.timer();
        // Collected, because the compiler cannot prove that a future with this closure is `Send`.
        let queries: Vec<_> = partitions
            .iter()
            .map(|(partition, after)| self.query(partition, *after, limit))
            .collect();
        stream::iter(queries)
            .buffered(MAX_CONCURRENT_QUERIES)
            .try_collect()
            .await
    }

    async fn query(
        &self,
        partition: &Partition,
        after: Option<&StateId>,
        limit: usize,
    ) -> Result<Ids, StoreError> {
        let (index, attribute, value) = match partition {
            Partition::Owner(principal) => ("owner", "owner", principal),
            Partition::Audience(audience) => ("audience", "audience", audience),
        };
        let call = || {
            let mut request = self
                .client
                .query()
                .table_name(&self.table)
                .index_name(index)
                .projection_expression("id")
                .limit(i32::try_from(limit).unwrap_or(i32::MAX))
                .expression_attribute_names("#partition", attribute)
                .expression_attribute_values(":partition", AttributeValue::S(value.clone()));
            request = match after {
                None => request.key_condition_expression("#partition = :partition"),
                Some(after) => request
                    .key_condition_expression("#partition = :partition AND id > :after")
                    .expression_attribute_values(":after", AttributeValue::S(after.to_string())),
            };
            request.send()
        };
        let output = with_retries(CallEffect::Read, call).await?;
        let ids = output
            .items
            .unwrap_or_default()
            .into_iter()
            .map(item::id_of)
            .collect::<Result<Vec<_>, _>>()?;
        let in_order = ids.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
        let after_start = ids
            .first()
            .zip(after)
            .is_none_or(|(first, after)| first > after);
        // More ids may follow a full page, whatever the store reports.
        let more = ids.len() >= limit || output.last_evaluated_key.is_some();
        if in_order && after_start && !(more && ids.is_empty()) {
            Ok(Ids { ids, more })
        } else {
            Err(StoreError::Failed(
                "the index returned ids out of order".to_owned(),
            ))
        }
    }

    /// The current versions of the resources with these ids, without their values and unsorted, and the ids that the
    /// store did not read.
    pub(crate) async fn metadata_of_many(
        &self,
        ids: BTreeSet<StateId>,
    ) -> Result<(Vec<Metadata>, BTreeSet<StateId>), StoreError> {
        self.get_parts(ids).await
    }

    /// The same for whole resources. Call it only after [`Store::metadata_of_many`] has shown that the caller may see
    /// them.
    pub(crate) async fn get_many(
        &self,
        ids: BTreeSet<StateId>,
    ) -> Result<(Vec<State>, BTreeSet<StateId>), StoreError> {
        self.get_parts(ids).await
    }

    async fn get_parts<P: StoredPart>(
        &self,
        ids: BTreeSet<StateId>,
    ) -> Result<(Vec<P>, BTreeSet<StateId>), StoreError> {
        let _timer = self.timer();
        let mut keys = KeysAndAttributes::builder()
            .set_keys(Some(ids.iter().map(item::key).collect()))
            .consistent_read(true);
        if P::IS_METADATA {
            keys = keys
                .projection_expression(item::METADATA_PROJECTION)
                .set_expression_attribute_names(Some(metadata_names()));
        }
        let keys = keys
            .build()
            .map_err(|error| StoreError::Failed(error.to_string()))?;
        let call = || {
            let request = self
                .client
                .batch_get_item()
                .request_items(&self.table, keys.clone());
            request.send()
        };
        let output = with_retries(CallEffect::Read, call).await?;
        let items = output.responses.unwrap_or_default().into_values().flatten();
        let parts = items.map(P::from_item).collect::<Result<Vec<_>, _>>()?;
        let unread = output
            .unprocessed_keys
            .unwrap_or_default()
            .into_values()
            .flat_map(|keys| keys.keys);
        let unread = unread.map(item::id_of).collect::<Result<_, _>>()?;
        Ok((parts, unread))
    }
}

fn metadata_names() -> HashMap<String, String> {
    item::METADATA
        .map(|(placeholder, name)| (placeholder.to_owned(), name.to_owned()))
        .into()
}

pub(super) fn check_id<P>(
    found: Option<P>,
    id: &StateId,
    id_of: impl Fn(&P) -> &StateId,
) -> Result<Option<P>, StoreError> {
    if found.as_ref().is_none_or(|found| id_of(found) == id) {
        Ok(found)
    } else {
        Err(StoreError::Failed(
            "the item has another id than the requested one".to_owned(),
        ))
    }
}
