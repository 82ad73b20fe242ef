//! `/state/{id}`.
//!
//! All checks that do not need the resource come first. Later answers are the same for a resource that does not exist
//! and for one that the caller may not see.

mod delete;
mod patch;
mod put;
mod read;

use http::{Response, StatusCode, header::ETAG};
use serde_json::value::RawValue;

pub(super) use self::{
    delete::{__path_delete, delete},
    patch::{__path_patch, patch},
    put::{__path_put, put},
    read::{__path_get, __path_head, get, head},
};
use super::{
    Context,
    reply::{REVALIDATE, json, set},
};
use crate::{
    permit::WriteTarget,
    precondition::Preconditions,
    problem::Problem,
    routes::document::StateDocument,
    state::{Metadata, State, Tag},
};

/// The preconditions of a change that requires `If-Match`.
fn if_match(context: &Context<'_>) -> Result<Preconditions, Problem> {
    let preconditions = Preconditions::parse(&context.request.headers)?;
    if preconditions.has_if_match() {
        Ok(preconditions)
    } else {
        Err(Problem::PreconditionRequired(
            "send `If-Match` with the resource's ETag",
        ))
    }
}

/// Replaces a resource with the caller's document.
async fn write_over(
    context: &Context<'_>,
    target: &WriteTarget,
    document: StateDocument,
) -> Result<Response<String>, Problem> {
    let old = target.metadata();
    let new = State {
        metadata: Metadata {
            id: old.id.clone(),
            owner: old.owner.clone(),
            visibility: document
                .visibility
                .unwrap_or_else(|| old.visibility.clone()),
            version: old.version + 1,
            created_at: old.created_at.clone(),
            updated_at: context.clock.now().rfc3339(),
            tag: new_tag()?,
        },
        value: document.value,
    };
    context.store.replace(target, &new).await?;
    answer(StatusCode::OK, &new.metadata, &new.value)
}

fn answer(
    status: StatusCode,
    metadata: &Metadata,
    value: &RawValue,
) -> Result<Response<String>, Problem> {
    let mut response = json(status, REVALIDATE, &metadata.body(value))?;
    set(&mut response, ETAG, &metadata.tag.etag())?;
    Ok(response)
}

fn new_tag() -> Result<Tag, Problem> {
    Tag::random().map_err(|error| Problem::Internal(error.to_string()))
}
