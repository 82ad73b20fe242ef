//! Reading: consistently by id, by `Query` on the indexes for the ids alone.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    Partition, Store, StoreError, item,
    retry::{Failure, Kind, with_retries},
};
use crate::state::{State, StateId};

/// How many of a page's index reads are under way at a time.
const CONCURRENT_QUERIES: usize = 16;

/// Ids of a partition, in order.
#[derive(Debug)]
pub struct Ids {
    /// The first ids.
    pub ids: Vec<StateId>,
    /// Whether more follow.
    pub more: bool,
}

impl Store {
    /// The resource, as it is now: the read is consistent.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn get(&self, id: &StateId) -> Result<Option<State>, StoreError> {
        let _timer = self.timer();
        let call = || {
            let request = self
                .client
                .get_item()
                .table_name(&self.table)
                .set_key(Some(item::key(id)))
                .consistent_read(true);
            async { request.send().await.map_err(|error| Failure::of(&error)) }
        };
        let Some(item) = with_retries(Kind::Read, call).await?.item else {
            return Ok(None);
        };
        let state = item::from_item(item)?;
        if state.id == *id {
            Ok(Some(state))
        } else {
            Err(StoreError::Failed(
                "the item has another id than asked for".to_owned(),
            ))
        }
    }

    /// The first `limit` ids after `after` of each partition.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn ids(
        &self,
        partitions: &BTreeSet<Partition>,
        after: Option<&StateId>,
        limit: usize,
    ) -> Result<Vec<Ids>, StoreError> {
        let _timer = self.timer();
        // Collected: the compiler cannot prove that a future which holds this closure can be sent between threads.
        let queries: Vec<_> = partitions
            .iter()
            .map(|partition| self.query(partition, after, limit))
            .collect();
        stream::iter(queries)
            .buffer_unordered(CONCURRENT_QUERIES)
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
            async { request.send().await.map_err(|error| Failure::of(&error)) }
        };
        let output = with_retries(Kind::Read, call).await?;
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
        // A full page may have more behind it, whatever the store says of it.
        let more = ids.len() >= limit || output.last_evaluated_key.is_some();
        if in_order && after_start && !(more && ids.is_empty()) {
            Ok(Ids { ids, more })
        } else {
            Err(StoreError::Failed(
                "the index answers out of order".to_owned(),
            ))
        }
    }

    /// The resources with these ids that are there, as they are now, in no order, and the ids that the store did not
    /// get to.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn get_many(
        &self,
        ids: &BTreeSet<StateId>,
    ) -> Result<(Vec<State>, BTreeSet<StateId>), StoreError> {
        let _timer = self.timer();
        let keys = KeysAndAttributes::builder()
            .set_keys(Some(ids.iter().map(item::key).collect()))
            .consistent_read(true)
            .build()
            .map_err(|error| StoreError::Failed(error.to_string()))?;
        let call = || {
            let request = self
                .client
                .batch_get_item()
                .request_items(&self.table, keys.clone());
            async { request.send().await.map_err(|error| Failure::of(&error)) }
        };
        let output = with_retries(Kind::Read, call).await?;
        let items = output.responses.unwrap_or_default().into_values().flatten();
        let states = items.map(item::from_item).collect::<Result<Vec<_>, _>>()?;
        let unread = output
            .unprocessed_keys
            .unwrap_or_default()
            .into_values()
            .flat_map(|keys| keys.keys);
        let unread = unread.map(item::id_of).collect::<Result<_, _>>()?;
        Ok((states, unread))
    }
}
