//! Reads a resource only if the caller may see it.
//!
//! A `Query` with a filter returns the same as a consistent read of the item, or nothing, so a value that the caller may
//! not see does not leave the store. `GetItem` supports no condition, so it would take two calls.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::{
    Store, StoreError,
    item::{Item, StoredPart as _},
    read::check_id,
    retry::{CallEffect, with_retries},
};
use crate::{
    caller::{Caller, SignedIn},
    state::{State, StateId, Visibility},
};

/// The maximum number of groups in a filter. `IN` has at most 100 operands, and one is for public resources.
const MAX_FILTERED_GROUPS: usize = 99;

/// The filter for the resources that a caller may see.
#[derive(Debug)]
pub(crate) struct VisibleTo {
    // INVARIANT: it never matches a resource for which `Caller::may_see` is false.
    filter: Option<String>,
    values: HashMap<String, AttributeValue>,
}

impl VisibleTo {
    /// `None` for a caller in more groups than the store can compare.
    pub(crate) fn new(caller: &Caller) -> Option<Self> {
        let public = AttributeValue::S(Visibility::Public.to_string());
        let mut this = Self {
            filter: None,
            values: HashMap::from([(":public".to_owned(), public)]),
        };
        match caller {
            Caller::Anonymous => this.filter = Some("visibility = :public".to_owned()),
            Caller::SignedIn(caller) if caller.admin => this.values.clear(),
            Caller::SignedIn(caller) if caller.groups.len() > MAX_FILTERED_GROUPS => return None,
            Caller::SignedIn(caller) => this.filter = Some(this.of_signed_in(caller)),
        }
        Some(this)
    }

    fn of_signed_in(&mut self, caller: &SignedIn) -> String {
        let mut filter = "#owner = :owner OR visibility IN (:public".to_owned();
        let owner = AttributeValue::S(caller.principal.clone());
        self.values.insert(":owner".to_owned(), owner);
        for (number, group) in caller.groups.iter().enumerate() {
            let placeholder = format!(":group{number}");
            filter.push_str(", ");
            filter.push_str(&placeholder);
            let visibility = Visibility::Group(group.clone()).to_string();
            self.values
                .insert(placeholder, AttributeValue::S(visibility));
        }
        filter.push(')');
        filter
    }

    fn names_owner(&self) -> bool {
        self.values.contains_key(":owner")
    }
}

impl Store {
    /// The current version of the whole resource, if it is visible.
    pub(crate) async fn get_visible(
        &self,
        id: &StateId,
        visible: &VisibleTo,
    ) -> Result<Option<State>, StoreError> {
        let Some(filter) = &visible.filter else {
            return self.get(id).await;
        };
        let _timer = self.timer();
        let call = || {
            let mut request = self
                .client
                .query()
                .table_name(&self.table)
                .consistent_read(true)
                .key_condition_expression("id = :id")
                .filter_expression(filter)
                .set_expression_attribute_values(Some(visible.values.clone()))
                .expression_attribute_values(":id", AttributeValue::S(id.to_string()));
            if visible.names_owner() {
                request = request.expression_attribute_names("#owner", "owner");
            }
            request.send()
        };
        let output = with_retries(CallEffect::Read, call).await?;
        // An id has only one item, so the query has no second page.
        let items: Option<Vec<Item>> = output.items.filter(|_| output.last_evaluated_key.is_none());
        let items = items.ok_or_else(|| {
            StoreError::Failed("the answer to the query is incomplete".to_owned())
        })?;
        let item = items.into_iter().next();
        let state = item.map(State::from_item).transpose()?;
        check_id(state, id, |state| &state.metadata.id)
    }
}
