//! `/state/{id}`.
//!
//! Whatever can be said of a request without looking at the resource is said first. What is said after that is the
//! same for a resource that is not there and one that the caller may not see.

use std::str::FromStr;

use super::{
    Context, REVALIDATE, accept_json,
    document::{Document, JsonPatch, MergePatch},
    json as json_response, media_type, set,
};
use crate::{
    caller::SignedIn,
    json::{self, Json, Object},
    patch::{JSON_PATCH, MERGE_PATCH, Patch},
    precondition::{Preconditions, Read},
    problem::{Fault, Problem},
    state::{MAX_VALUE_DEPTH, State, StateId, Tag, Visibility},
};
use http::{
    Response, StatusCode,
    header::{CONTENT_TYPE, ETAG, LOCATION},
};

/// Reads a resource.
#[utoipa::path(
    get,
    path = "/state/{id}",
    operation_id = "getState",
    params(
        ("id" = StateId, Path, description = "The id"),
        ("If-None-Match" = Option<String>, Header, pattern = r#"^(\*|[ \t,]*(W/)?"[!#-~]*"([ \t]*,[ \t,]*(W/)?"[!#-~]*")*[ \t,]*)$"#, description = "ETags that the caller has already, or `*`"),
        ("If-Match" = Option<String>, Header, pattern = r#"^(\*|[ \t,]*(W/)?"[!#-~]*"([ \t]*,[ \t,]*(W/)?"[!#-~]*")*[ \t,]*)$"#, description = "ETags of which the resource must have one, or `*`"),
    ),
    responses(
        (status = 200, body = State, description = "The resource", headers(("ETag" = String, description = "Names this version"))),
        (status = 304, description = "The caller has it already", headers(("ETag" = String, description = "Names this version"))),
        (status = 400, description = "A header is malformed"),
        (status = 404, description = "There is no such resource for this caller"),
        (status = 412, description = "`If-Match` does not hold"),
    ),
    security((), ("accessToken" = []))
)]
pub(super) async fn get(context: &Context<'_>, id: &str) -> Result<Response<String>, Problem> {
    accept_json(&context.request.headers)?;
    let preconditions = Preconditions::parse(&context.request.headers)?;
    let state = visible(context, id).await?;
    match preconditions.read(&state.tag) {
        Read::Failed => Err(Problem::PreconditionFailed),
        Read::Whole => answer(StatusCode::OK, &state),
        Read::NotModified => {
            let mut response = answer(StatusCode::NOT_MODIFIED, &state)?;
            response.headers_mut().remove(CONTENT_TYPE);
            response.body_mut().clear();
            Ok(response)
        }
    }
}

/// Reads a resource's headers.
#[utoipa::path(
    head,
    path = "/state/{id}",
    operation_id = "headState",
    params(
        ("id" = StateId, Path, description = "The id"),
        ("If-None-Match" = Option<String>, Header, pattern = r#"^(\*|[ \t,]*(W/)?"[!#-~]*"([ \t]*,[ \t,]*(W/)?"[!#-~]*")*[ \t,]*)$"#, description = "ETags that the caller has already, or `*`"),
        ("If-Match" = Option<String>, Header, pattern = r#"^(\*|[ \t,]*(W/)?"[!#-~]*"([ \t]*,[ \t,]*(W/)?"[!#-~]*")*[ \t,]*)$"#, description = "ETags of which the resource must have one, or `*`"),
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
pub(super) async fn head(context: &Context<'_>, id: &str) -> Result<Response<String>, Problem> {
    get(context, id).await
}

/// Creates or replaces a resource.
#[utoipa::path(
    put,
    path = "/state/{id}",
    operation_id = "putState",
    params(
        ("id" = StateId, Path, description = "The id"),
        ("If-None-Match" = Option<String>, Header, pattern = r#"^(\*|[ \t,]*(W/)?"[!#-~]*"([ \t]*,[ \t,]*(W/)?"[!#-~]*")*[ \t,]*)$"#, description = "`*` to create", example = "*"),
        ("If-Match" = Option<String>, Header, pattern = r#"^(\*|[ \t,]*(W/)?"[!#-~]*"([ \t]*,[ \t,]*(W/)?"[!#-~]*")*[ \t,]*)$"#, description = "The resource's ETag to replace it"),
    ),
    request_body(content = Document, description = "`visibility` left out is `private` in a new resource and stays as it is in another"),
    responses(
        (status = 200, body = State, description = "Replaced", headers(("ETag" = String, description = "Names this version"))),
        (status = 201, body = State, description = "Created", headers(("ETag" = String, description = "Names this version"), ("Location" = String, description = "Where it is"))),
        (status = 400, description = "The id, a header or the body cannot be read"),
        (status = 412, description = "The id is taken, or the resource is no longer as `If-Match` says"),
        (status = 413, description = "The value is larger than 256 KiB as it would be given back, or the body than 512 KiB"),
        (status = 415, description = "The body is not `application/json`"),
        (status = 422, description = "The body is not acceptable"),
        (status = 428, description = "Neither `If-None-Match: *` nor `If-Match` was sent"),
    ),
    security(("accessToken" = ["state:write"]))
)]
pub(super) async fn put(context: &Context<'_>, id: &str) -> Result<Response<String>, Problem> {
    let caller = context.caller.signed_in()?;
    let headers = &context.request.headers;
    accept_json(headers)?;
    if media_type(headers).as_deref() != Some("application/json") {
        return Err(Problem::UnsupportedMediaType("application/json"));
    }
    let id = StateId::from_str(id)
        .map_err(|error| Problem::BadRequest(vec![Fault::new("#/id", error.to_string())]))?;
    let preconditions = Preconditions::parse(headers)?;
    if !preconditions.has_if_match() && !preconditions.wants_absence() {
        return Err(Problem::PreconditionRequired(
            "send `If-None-Match: *` to create, or `If-Match` with the resource's ETag to replace",
        ));
    }
    let document = Document::parse(json::parse(&context.request.body, MAX_VALUE_DEPTH + 1)?)?;

    if preconditions.has_if_match() {
        replace(context, caller, &id, &preconditions, document).await
    } else {
        create(context, caller, id, document).await
    }
}

async fn create(
    context: &Context<'_>,
    caller: &SignedIn,
    id: StateId,
    document: Document,
) -> Result<Response<String>, Problem> {
    let now = context.clock.now().rfc3339();
    let state = State {
        id,
        owner: caller.principal.clone(),
        visibility: document.visibility.unwrap_or(Visibility::Private),
        value: document.value,
        version: 1,
        created_at: now.clone(),
        updated_at: now,
        tag: new_tag()?,
    };
    context.store.create(&state).await?;
    let mut response = answer(StatusCode::CREATED, &state)?;
    set(
        &mut response,
        LOCATION,
        &format!("{}/state/{}", context.request.base_url, state.id),
    )?;
    Ok(response)
}

async fn replace(
    context: &Context<'_>,
    caller: &SignedIn,
    id: &StateId,
    preconditions: &Preconditions,
    document: Document,
) -> Result<Response<String>, Problem> {
    // `If-Match` never holds where there is nothing (RFC 9110, 13.1.1), and for this caller there is nothing.
    let old = context
        .store
        .get(id)
        .await?
        .filter(|state| context.caller.may_see(state))
        .ok_or(Problem::PreconditionFailed)?;
    write_over(context, caller, preconditions, &old, document).await
}

/// Changes parts of a resource.
#[utoipa::path(
    patch,
    path = "/state/{id}",
    operation_id = "patchState",
    params(
        ("id" = StateId, Path, description = "The id"),
        ("If-Match" = String, Header, pattern = r#"^(\*|[ \t,]*(W/)?"[!#-~]*"([ \t]*,[ \t,]*(W/)?"[!#-~]*")*[ \t,]*)$"#, description = "The resource's ETag"),
    ),
    request_body(
        content((MergePatch = "application/merge-patch+json"), (JsonPatch = "application/json-patch+json")),
        description = "A patch of `{\"value\", \"visibility\"}`"
    ),
    responses(
        (status = 200, body = State, description = "Changed", headers(("ETag" = String, description = "Names this version"))),
        (status = 400, description = "A header or the body cannot be read"),
        (status = 404, description = "There is no such resource for this caller"),
        (status = 409, description = "The patch does not fit what the resource holds"),
        (status = 412, description = "The resource is no longer as `If-Match` says"),
        (status = 413, description = "The value would be larger than 256 KiB as it would be given back, or the patch copies more than 1 MiB, or the body is larger than 512 KiB"),
        (status = 415, description = "The body is not one of the two kinds of patch", headers(("Accept-Patch" = String, description = "The two kinds"))),
        (status = 422, description = "The body, or what it makes of the resource, is not acceptable"),
        (status = 428, description = "`If-Match` was not sent"),
    ),
    security(("accessToken" = ["state:write"]))
)]
pub(super) async fn patch(context: &Context<'_>, id: &str) -> Result<Response<String>, Problem> {
    let caller = context.caller.signed_in()?;
    let headers = &context.request.headers;
    accept_json(headers)?;
    let media_type = media_type(headers);
    let merge = match media_type.as_deref() {
        Some(MERGE_PATCH) => true,
        Some(JSON_PATCH) => false,
        _ => {
            return Err(Problem::UnsupportedMediaType(
                "application/merge-patch+json, application/json-patch+json",
            ));
        }
    };
    let preconditions = if_match(context)?;
    let body = &context.request.body;
    let patch = if merge {
        Patch::Merge(json::parse(body, MAX_VALUE_DEPTH + 1)?)
    } else {
        // An operation may replace the whole document: two levels above `{"value": …}`.
        Patch::operations(json::parse(body, MAX_VALUE_DEPTH + 3)?)?
    };

    let old = visible(context, id).await?;
    if !caller.may_write(&old) {
        return Err(NOT_OWNER);
    }
    if !preconditions.permit_write(&old.tag) {
        return Err(Problem::PreconditionFailed);
    }
    let value = json::parse(old.value.get().as_bytes(), MAX_VALUE_DEPTH).map_err(|_| {
        Problem::Unavailable("the item's value is not JSON that this function stored".to_owned())
    })?;
    let mut target = Object::default();
    target.insert("value", value);
    target.insert(
        "visibility",
        Json::String(old.visibility.to_string().into()),
    );
    let patched = patch.apply(Json::Object(target))?;
    let document = Document::parse(patched)?;
    if document.visibility.is_none() {
        return Err(Problem::Unprocessable(vec![Fault::new(
            "#/visibility",
            "cannot be removed; set `private`",
        )]));
    }
    write_over(context, caller, &preconditions, &old, document).await
}

/// Deletes a resource.
#[utoipa::path(
    delete,
    path = "/state/{id}",
    operation_id = "deleteState",
    params(
        ("id" = StateId, Path, description = "The id"),
        ("If-Match" = String, Header, pattern = r#"^(\*|[ \t,]*(W/)?"[!#-~]*"([ \t]*,[ \t,]*(W/)?"[!#-~]*")*[ \t,]*)$"#, description = "The resource's ETag"),
    ),
    responses(
        (status = 204, description = "Deleted"),
        (status = 400, description = "A header cannot be read"),
        (status = 404, description = "There is no such resource for this caller"),
        (status = 412, description = "The resource is no longer as `If-Match` says"),
        (status = 428, description = "`If-Match` was not sent"),
    ),
    security(("accessToken" = ["state:write"]))
)]
pub(super) async fn delete(context: &Context<'_>, id: &str) -> Result<Response<String>, Problem> {
    let caller = context.caller.signed_in()?;
    let preconditions = if_match(context)?;
    let old = visible(context, id).await?;
    if !caller.may_write(&old) {
        return Err(NOT_OWNER);
    }
    if !preconditions.permit_write(&old.tag) {
        return Err(Problem::PreconditionFailed);
    }
    context.store.delete(&old).await?;
    let mut response = Response::new(String::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

const NOT_OWNER: Problem = Problem::Forbidden("only its owner and admins may change this resource");

async fn write_over(
    context: &Context<'_>,
    caller: &SignedIn,
    preconditions: &Preconditions,
    old: &State,
    document: Document,
) -> Result<Response<String>, Problem> {
    if !caller.may_write(old) {
        return Err(NOT_OWNER);
    }
    if !preconditions.permit_write(&old.tag) {
        return Err(Problem::PreconditionFailed);
    }
    let new = State {
        id: old.id.clone(),
        owner: old.owner.clone(),
        visibility: document
            .visibility
            .unwrap_or_else(|| old.visibility.clone()),
        value: document.value,
        version: old.version + 1,
        created_at: old.created_at.clone(),
        updated_at: context.clock.now().rfc3339(),
        tag: new_tag()?,
    };
    context.store.replace(old, &new).await?;
    answer(StatusCode::OK, &new)
}

/// The resource, if there is one that this caller may see. An id that cannot be is not there.
async fn visible(context: &Context<'_>, id: &str) -> Result<State, Problem> {
    let id = StateId::from_str(id).map_err(|_| Problem::NotFound)?;
    let state = context.store.get(&id).await?;
    state
        .filter(|state| context.caller.may_see(state))
        .ok_or(Problem::NotFound)
}

/// The preconditions of a change, which needs `If-Match`.
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

fn answer(status: StatusCode, state: &State) -> Result<Response<String>, Problem> {
    let mut response = json_response(status, REVALIDATE, state)?;
    set(&mut response, ETAG, &state.tag.etag())?;
    Ok(response)
}

fn new_tag() -> Result<Tag, Problem> {
    Tag::random().map_err(|error| Problem::Internal(error.to_string()))
}
