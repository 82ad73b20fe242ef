//! A read that the store answers only for a caller who may see the resource.
//!
//! A `Query` with a filter returns what one consistent read of the item would, or nothing: a value that the caller may
//! not see does not leave the store. `GetItem` has no condition, so it would take two calls.

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

/// The most groups that a filter lists. An `IN` has at most 100 operands, and one is for public resources.
const MAX_FILTERED_GROUPS: usize = 99;

/// Which resources a caller may see, as the store compares it.
#[derive(Debug)]
pub(crate) struct VisibleTo {
    // INVARIANT: it holds for no resource that `Caller::may_see` does not hold for.
    filter: Option<String>,
    values: HashMap<String, AttributeValue>,
}

impl VisibleTo {
    /// `None` for a caller of more groups than the store can compare.
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
    /// The whole resource, as it is now, if it is visible.
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
        // An id has one item, so nothing can follow it.
        let items: Option<Vec<Item>> = output.items.filter(|_| output.last_evaluated_key.is_none());
        let items = items
            .ok_or_else(|| StoreError::Failed("the query has no complete answer".to_owned()))?;
        let item = items.into_iter().next();
        let state = item.map(State::from_item).transpose()?;
        check_id(state, id, |state| &state.metadata.id)
    }
}
