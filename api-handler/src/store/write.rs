//! Writes. Each requires a known version, or that the id is not taken.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::{
    Store, StoreError, item,
    retry::{CallEffect, with_retries},
};
use crate::{
    permit::WriteTarget,
    state::{Metadata, State},
};

impl Store {
    /// Writes a new resource. Fails with [`StoreError::Lost`] if the id is taken.
    pub(crate) async fn create(&self, state: &State) -> Result<(), StoreError> {
        self.put(state, None).await
    }

    /// Overwrites the version of `target`. Fails with [`StoreError::Lost`] if it is no longer the current version.
    pub(crate) async fn replace(
        &self,
        target: &WriteTarget,
        new: &State,
    ) -> Result<(), StoreError> {
        self.put(new, Some(target.metadata())).await
    }

    /// Writes an item, and reads it if the write had no response. If the item has the tag of this write, the write was
    /// applied, because no other write has that tag. Another tag proves nothing: the resource may have been written
    /// again, or the write may still arrive.
    async fn put(&self, new: &State, old: Option<&Metadata>) -> Result<(), StoreError> {
        let result = self.put_once(new, old).await;
        if matches!(result, Err(StoreError::InDoubt(_)))
            && let Ok(Some(stored)) = self.metadata(&new.metadata.id).await
            && stored.tag == new.metadata.tag
        {
            return Ok(());
        }
        result
    }

    async fn put_once(&self, new: &State, old: Option<&Metadata>) -> Result<(), StoreError> {
        let _timer = self.timer();
        let call = || {
            let request = self
                .client
                .put_item()
                .table_name(&self.table)
                .set_item(Some(item::to_item(new)));
            let request = match old {
                None => request.condition_expression("attribute_not_exists(id)"),
                Some(old) => request
                    .condition_expression(SAME_VERSION)
                    .expression_attribute_names("#version", "version")
                    .expression_attribute_names("#tag", "tag")
                    .set_expression_attribute_values(Some(version_values(old))),
            };
            request.send()
        };
        with_retries(CallEffect::Write, call).await.map(drop)
    }

    /// Deletes the version of `target`. Fails with [`StoreError::Lost`] if it is no longer the current version. A
    /// delete without a response stays in doubt, because a missing resource does not show who deleted it.
    pub(crate) async fn delete(&self, target: &WriteTarget) -> Result<(), StoreError> {
        let old = target.metadata();
        let _timer = self.timer();
        let call = || {
            let request = self
                .client
                .delete_item()
                .table_name(&self.table)
                .set_key(Some(item::key(&old.id)))
                .condition_expression(SAME_VERSION)
                .expression_attribute_names("#version", "version")
                .expression_attribute_names("#tag", "tag")
                .set_expression_attribute_values(Some(version_values(old)));
            request.send()
        };
        with_retries(CallEffect::Write, call).await.map(drop)
    }
}

/// The condition under which a known version is overwritten.
const SAME_VERSION: &str = "#version = :version AND #tag = :tag";

fn version_values(old: &Metadata) -> HashMap<String, AttributeValue> {
    HashMap::from([
        (
            ":version".to_owned(),
            AttributeValue::N(old.version.to_string()),
        ),
        (
            ":tag".to_owned(),
            AttributeValue::S(old.tag.as_str().to_owned()),
        ),
    ])
}
