//! Replaces a resource that has not been read. The store itself checks whether the caller may write it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use super::{
    Store, StoreError,
    item::{self, StoredPart as _},
    retry::{CallEffect, with_retries},
};
use crate::{
    permit::UnreadTarget,
    state::{Change, Metadata, Visibility},
};

impl Store {
    /// Replaces a resource if its current version meets the conditions of `target`, and returns the new version without
    /// its value. Fails with [`StoreError::Lost`] if the resource does not exist, or its current version does not meet
    /// the conditions. Then nothing was written, and nothing was read, because the caller may not be allowed to see the
    /// resource.
    pub(crate) async fn replace_unread(
        &self,
        target: &UnreadTarget<'_>,
        change: &Change<'_>,
    ) -> Result<Metadata, StoreError> {
        let result = self.update_once(target, change).await;
        if matches!(result, Err(StoreError::InDoubt(_)))
            && let Ok(Some(stored)) = self.metadata(change.id).await
            && stored.tag == change.tag
        {
            return Ok(stored);
        }
        result
    }

    async fn update_once(
        &self,
        target: &UnreadTarget<'_>,
        change: &Change<'_>,
    ) -> Result<Metadata, StoreError> {
        let _timer = self.timer();
        let call = || {
            // Built for each attempt, because the SDK takes ownership, and a second attempt is rare.
            let expressions = Expressions::new(target, change);
            let request = self
                .client
                .update_item()
                .table_name(&self.table)
                .set_key(Some(item::key(change.id)))
                .update_expression(expressions.update)
                .condition_expression(expressions.condition)
                .set_expression_attribute_names(Some(expressions.names))
                .set_expression_attribute_values(Some(expressions.values))
                .return_values(ReturnValue::AllNew);
            request.send()
        };
        let output = with_retries(CallEffect::Write, call).await?;
        // The write was applied, but the answer does not describe it.
        let unreadable = |cause: String| StoreError::InDoubt(cause);
        let item = output
            .attributes
            .ok_or_else(|| unreadable("the answer has no attributes".to_owned()))?;
        let metadata = Metadata::from_item(item).map_err(|error| unreadable(error.to_string()))?;
        if metadata.id == *change.id && metadata.tag == change.tag {
            Ok(metadata)
        } else {
            Err(unreadable("the answer is about another write".to_owned()))
        }
    }
}

/// The expressions of one `UpdateItem`.
struct Expressions {
    update: String,
    condition: String,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Expressions {
    fn new(target: &UnreadTarget<'_>, change: &Change<'_>) -> Self {
        let mut this = Self {
            update: "SET #version = #version + :one".to_owned(),
            condition: "attribute_exists(id)".to_owned(),
            names: HashMap::with_capacity(8),
            values: HashMap::with_capacity(8),
        };
        this.name("version");
        this.value(":one", AttributeValue::N("1".to_owned()));
        this.set("value", change.value.get());
        this.set("tag", change.tag.as_str());
        this.set("updatedAt", &change.updated_at);
        if let Some(visibility) = change.visibility {
            this.set_visibility(change, visibility);
        }
        if let Some(owner) = target.owner() {
            this.name("owner");
            this.condition.push_str(" AND #owner = :owner");
            this.value(":owner", AttributeValue::S(owner.to_owned()));
        }
        if let Some(tags) = target.tags() {
            this.name("tag");
            let placeholders: Vec<_> = (0..tags.len()).map(|n| format!(":tag{n}")).collect();
            this.condition.push_str(" AND #tag IN (");
            this.condition.push_str(&placeholders.join(", "));
            this.condition.push(')');
            for (placeholder, tag) in placeholders.iter().zip(tags) {
                this.value(placeholder, AttributeValue::S((*tag).to_owned()));
            }
        }
        this
    }

    fn set_visibility(&mut self, change: &Change<'_>, visibility: &Visibility) {
        self.set("visibility", &visibility.to_string());
        if let Some(audience) = item::audience(change.id, visibility) {
            self.set("audience", &audience);
        } else {
            self.name("audience");
            self.update.push_str(" REMOVE #audience");
        }
    }

    fn set(&mut self, name: &str, text: &str) {
        self.name(name);
        for part in [", #", name, " = :", name] {
            self.update.push_str(part);
        }
        self.value(&[":", name].concat(), AttributeValue::S(text.to_owned()));
    }

    fn name(&mut self, name: &str) {
        self.names.insert(["#", name].concat(), name.to_owned());
    }

    fn value(&mut self, placeholder: &str, value: AttributeValue) {
        self.values.insert(placeholder.to_owned(), value);
    }
}
