//! `GET` and `HEAD /state/{id}`.

use std::str::FromStr;

use http::{
    Method, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, ETAG},
};

use super::answer;
use crate::{
    precondition::{EntityTags, Preconditions, ReadOutcome},
    problem::Problem,
    routes::{
        context::Context,
        negotiate::accept_json,
        reply::{REVALIDATE, empty, set},
    },
    state::{Metadata, StateBody, StateId},
    store::VisibleTo,
};

/// Reads a resource.
#[utoipa::path(
    get,
    path = "/state/{id}",
    operation_id = "getState",
    params(
        ("id" = StateId, Path, description = "The id"),
        ("If-None-Match" = Option<EntityTags>, Header, description = "ETags that the caller has already, or `*`"),
        ("If-Match" = Option<EntityTags>, Header, description = "ETags of which the resource must have one, or `*`"),
    ),
    responses(
        (status = 200, body = StateBody<'_>, description = "The resource", headers(("ETag" = String, description = "Names this version"))),
        (status = 304, description = "The caller has it already", headers(("ETag" = String, description = "Names this version"))),
        (status = 400, description = "A header is malformed"),
        (status = 404, description = "There is no such resource for this caller"),
        (status = 412, description = "`If-Match` does not hold"),
    ),
    security((), ("accessToken" = []))
)]
pub(crate) async fn get(context: &Context<'_>, id: &str) -> Result<Response<String>, Problem> {
    accept_json(&context.request.headers)?;
    let preconditions = Preconditions::parse(&context.request.headers)?;
    // A resource with an invalid id does not exist.
    let id = StateId::from_str(id).map_err(|_| Problem::NotFound)?;

    let is_head = context.request.method == Method::HEAD;
    if preconditions.is_empty()
        && !is_head
        && let Some(filter) = VisibleTo::new(context.caller)
    {
        let found = context.store.get_visible(&id, &filter).await?;
        let state = visible(context, found, |state| &state.metadata)?;
        return answer(StatusCode::OK, &state.metadata, &state.value);
    }
    // The value may not be needed, or the store cannot decide whether the caller may see it.
    let metadata = visible(context, context.store.metadata(&id).await?, |metadata| {
        metadata
    })?;
    let outcome = preconditions.read(&metadata.tag);
    if outcome != ReadOutcome::Whole || is_head {
        return without_value(outcome, &metadata);
    }
    let state = visible(context, context.store.get(&id).await?, |state| {
        &state.metadata
    })?;
    // The resource may have been written since its metadata was read.
    match preconditions.read(&state.metadata.tag) {
        ReadOutcome::Whole => answer(StatusCode::OK, &state.metadata, &state.value),
        outcome => without_value(outcome, &state.metadata),
    }
}

/// Reads a resource's headers.
#[utoipa::path(
    head,
    path = "/state/{id}",
    operation_id = "headState",
    params(
        ("id" = StateId, Path, description = "The id"),
        ("If-None-Match" = Option<EntityTags>, Header, description = "ETags that the caller has already, or `*`"),
        ("If-Match" = Option<EntityTags>, Header, description = "ETags of which the resource must have one, or `*`"),
    ),
    responses(
        (status = 200, description = "As for GET, without the body", headers(("ETag" = String, description = "Names this version"))),
        (status = 304, description = "The caller has it already", headers(("ETag" = String, description = "Names this version"))),
        (status = 400, description = "A header is malformed"),
        (status = 404, description = "There is no such resource for this caller"),
        (status = 412, description = "`If-Match` does not hold"),
    ),
    security((), ("accessToken" = []))
)]
pub(crate) async fn head(context: &Context<'_>, id: &str) -> Result<Response<String>, Problem> {
    get(context, id).await
}

/// The resource, if this caller may see it.
fn visible<T>(
    context: &Context<'_>,
    found: Option<T>,
    metadata: impl Fn(&T) -> &Metadata,
) -> Result<T, Problem> {
    found
        .filter(|found| context.caller.may_see(metadata(found)))
        .ok_or(Problem::NotFound)
}

fn without_value(outcome: ReadOutcome, metadata: &Metadata) -> Result<Response<String>, Problem> {
    let mut response = match outcome {
        ReadOutcome::Failed => return Err(Problem::PreconditionFailed),
        ReadOutcome::NotModified => empty(StatusCode::NOT_MODIFIED),
        ReadOutcome::Whole => {
            let mut response = empty(StatusCode::OK);
            set(&mut response, CONTENT_TYPE, "application/json")?;
            response
        }
    };
    set(&mut response, CACHE_CONTROL, REVALIDATE)?;
    set(&mut response, ETAG, &metadata.tag.etag())?;
    Ok(response)
}
