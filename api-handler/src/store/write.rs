//! Writing: always over a known version, or over nothing.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::{
    Store, StoreError, item,
    retry::{Failure, Kind, with_retries},
};
use crate::state::State;

impl Store {
    /// Writes a resource that is not there yet.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the id is taken.
    pub async fn create(&self, state: &State) -> Result<(), StoreError> {
        self.put(state, None).await
    }

    /// Writes a resource over the very version `old`.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when that is no longer what is there.
    pub async fn replace(&self, old: &State, new: &State) -> Result<(), StoreError> {
        self.put(new, Some(old)).await
    }

    /// Writes, and looks what is there when no answer came. Our own tag, which nobody else can have written, says that
    /// the write landed; anything else says nothing, for it may have been written over since, or be still on its way.
    async fn put(&self, new: &State, old: Option<&State>) -> Result<(), StoreError> {
        let result = self.put_once(new, old).await;
        if matches!(result, Err(StoreError::InDoubt(_)))
            && let Ok(Some(there)) = self.get(&new.id).await
            && there.tag == new.tag
        {
            return Ok(());
        }
        result
    }

    async fn put_once(&self, new: &State, old: Option<&State>) -> Result<(), StoreError> {
        let _timer = self.timer();
        let item = item::to_item(new);
        let call = || {
            let request = self
                .client
                .put_item()
                .table_name(&self.table)
                .set_item(Some(item.clone()));
            let request = match old {
                None => request.condition_expression("attribute_not_exists(id)"),
                Some(old) => request
                    .condition_expression(SAME_VERSION)
                    .expression_attribute_names("#version", "version")
                    .expression_attribute_names("#tag", "tag")
                    .set_expression_attribute_values(Some(version_values(old))),
            };
            async {
                request
                    .send()
                    .await
                    .map(|_| ())
                    .map_err(|error| Failure::of(&error))
            }
        };
        with_retries(Kind::Write, call).await
    }

    /// Deletes the very version `old`. When no answer came there is nothing to look for: a resource that is gone does
    /// not say who deleted it.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when that is no longer what is there.
    pub async fn delete(&self, old: &State) -> Result<(), StoreError> {
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
            async {
                request
                    .send()
                    .await
                    .map(|_| ())
                    .map_err(|error| Failure::of(&error))
            }
        };
        with_retries(Kind::Write, call).await
    }
}

/// The condition of a write over a known version.
const SAME_VERSION: &str = "#version = :version AND #tag = :tag";

fn version_values(old: &State) -> HashMap<String, AttributeValue> {
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
