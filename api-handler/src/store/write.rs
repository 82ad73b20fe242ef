//! Writing: always over a known version, or over nothing.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    operation::put_item::PutItemError,
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};

use super::{
    Store, StoreError, item,
    retry::{Failure, with_retries},
};
use crate::state::{State, Tag};

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

    async fn put(&self, new: &State, old: Option<&State>) -> Result<(), StoreError> {
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
            let request = request.return_values_on_condition_check_failure(
                ReturnValuesOnConditionCheckFailure::AllOld,
            );
            async {
                match request.send().await {
                    Ok(_) => Ok(()),
                    // The write of an earlier try, whose answer did not arrive: the tag says so.
                    Err(error) if written_tag(&error).is_some_and(|tag| tag == new.tag) => Ok(()),
                    Err(error) => Err(Failure::of(&error)),
                }
            }
        };
        with_retries(call).await
    }

    /// Deletes the very version `old`.
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
        with_retries(call).await
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

/// The tag of what stood in the way of a write.
fn written_tag<R>(error: &aws_sdk_dynamodb::error::SdkError<PutItemError, R>) -> Option<Tag> {
    let Some(PutItemError::ConditionalCheckFailedException(failed)) = error.as_service_error()
    else {
        return None;
    };
    let tag = failed.item()?.get("tag")?.as_s().ok()?;
    Some(Tag::stored(tag.clone()))
}
