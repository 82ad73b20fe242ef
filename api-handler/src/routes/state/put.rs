//! `PUT /state/{id}`.

use std::str::FromStr;

use http::{Response, StatusCode, header::LOCATION};

use super::{answer, new_tag, write_over};
use crate::{
    caller::SignedIn,
    json,
    permit::{UnreadTarget, WriteTarget},
    precondition::{EntityTags, Preconditions},
    problem::{Fault, Problem},
    routes::{
        context::Context,
        document::StateDocument,
        negotiate::{accept_json, media_type},
        reply::set,
    },
    state::{Change, MAX_VALUE_DEPTH, Metadata, State, StateBody, StateId, Visibility},
    store::StoreError,
};

/// Creates or replaces a resource.
#[utoipa::path(
    put,
    path = "/state/{id}",
    operation_id = "putState",
    params(
        ("id" = StateId, Path, description = "The id"),
        ("If-None-Match" = Option<EntityTags>, Header, description = "`*` to create", example = "*"),
        ("If-Match" = Option<EntityTags>, Header, description = "The resource's ETag to replace it"),
    ),
    request_body(content = StateDocument, description = "Without `visibility` a new resource is `private`, and an existing one keeps its own"),
    responses(
        (status = 200, body = StateBody<'_>, description = "Replaced", headers(("ETag" = String, description = "Names this version"))),
        (status = 201, body = StateBody<'_>, description = "Created", headers(("ETag" = String, description = "Names this version"), ("Location" = String, description = "Its URL"))),
        (status = 400, description = "The id, a header or the body is malformed"),
        (status = 412, description = "The id is taken, or the resource does not have an ETag of `If-Match`"),
        (status = 413, description = "The value is larger than 256 KiB as it is returned, or the body is larger than 512 KiB"),
        (status = 415, description = "The body is not `application/json`"),
        (status = 422, description = "The body is invalid"),
        (status = 428, description = "Neither `If-None-Match: *` nor `If-Match` was sent"),
    ),
    security(("accessToken" = ["state:write"]))
)]
pub(crate) async fn put(context: &Context<'_>, id: &str) -> Result<Response<String>, Problem> {
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
    let document = StateDocument::parse(json::parse(&context.request.body, MAX_VALUE_DEPTH + 1)?)?;

    if preconditions.has_if_match() {
        // `If-Match` never holds for a resource that does not exist (RFC 9110, section 13.1.1).
        let hidden = Problem::PreconditionFailed;
        if let Some(target) = UnreadTarget::permit(caller, &preconditions)
            && let Some(response) = replace_unread(context, &target, &id, &document).await?
        {
            return Ok(response);
        }
        let target = WriteTarget::load(context, &id, &preconditions, hidden).await?;
        write_over(context, &target, document).await
    } else {
        create(context, caller, id, document).await
    }
}

/// Replaces a resource with one call of the store. `None` if the store refused; a read then shows the reason.
async fn replace_unread(
    context: &Context<'_>,
    target: &UnreadTarget<'_>,
    id: &StateId,
    document: &StateDocument,
) -> Result<Option<Response<String>>, Problem> {
    let change = Change {
        id,
        value: &document.value,
        visibility: document.visibility.as_ref(),
        updated_at: context.clock.now().rfc3339(),
        tag: new_tag()?,
    };
    match context.store.replace_unread(target, &change).await {
        Ok(metadata) => answer(StatusCode::OK, &metadata, &document.value).map(Some),
        Err(StoreError::Lost) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn create(
    context: &Context<'_>,
    caller: &SignedIn,
    id: StateId,
    document: StateDocument,
) -> Result<Response<String>, Problem> {
    let now = context.clock.now().rfc3339();
    let state = State {
        metadata: Metadata {
            id,
            owner: caller.principal.clone(),
            visibility: document.visibility.unwrap_or(Visibility::Private),
            version: 1,
            created_at: now.clone(),
            updated_at: now,
            tag: new_tag()?,
        },
        value: document.value,
    };
    context.store.create(&state).await?;
    let mut response = answer(StatusCode::CREATED, &state.metadata, &state.value)?;
    let location = format!("{}/state/{}", context.base_url, state.metadata.id);
    set(&mut response, LOCATION, &location)?;
    Ok(response)
}
