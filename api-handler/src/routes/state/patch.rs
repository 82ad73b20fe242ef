//! `PATCH /state/{id}`.

use std::str::FromStr;

use http::Response;

use super::{if_match, write_over};
use crate::{
    json::{self, Json, Object},
    patch::{JSON_PATCH, MERGE_PATCH, Patch},
    permit::WriteTarget,
    precondition::EntityTags,
    problem::{Fault, Problem},
    routes::{
        context::Context,
        document::{JsonPatch, MergePatch, StateDocument},
        negotiate::{accept_json, media_type},
    },
    state::{MAX_VALUE_DEPTH, State, StateBody, StateId},
};

/// Changes parts of a resource.
#[utoipa::path(
    patch,
    path = "/state/{id}",
    operation_id = "patchState",
    params(
        ("id" = StateId, Path, description = "The id"),
        ("If-Match" = EntityTags, Header, description = "The resource's ETag"),
    ),
    request_body(
        content((MergePatch = "application/merge-patch+json"), (JsonPatch = "application/json-patch+json")),
        description = "A patch of `{\"value\", \"visibility\"}`"
    ),
    responses(
        (status = 200, body = StateBody<'_>, description = "Changed", headers(("ETag" = String, description = "Names this version"))),
        (status = 400, description = "A header or the body is malformed"),
        (status = 404, description = "There is no such resource for this caller"),
        (status = 409, description = "The patch does not fit the resource"),
        (status = 412, description = "The resource does not have an ETag of `If-Match`"),
        (status = 413, description = "The value would be larger than 256 KiB as it is returned, `copy` and `move` take more than 1 MiB, or the body is larger than 512 KiB"),
        (status = 415, description = "The body is not one of the two kinds of patch", headers(("Accept-Patch" = String, description = "The two kinds"))),
        (status = 422, description = "The body or the result of the patch is invalid"),
        (status = 428, description = "`If-Match` was not sent"),
    ),
    security(("accessToken" = ["state:write"]))
)]
pub(crate) async fn patch(context: &Context<'_>, id: &str) -> Result<Response<String>, Problem> {
    context.caller.signed_in()?;
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
        // An operation may replace the whole document, which is two levels deeper than `{"value": …}`.
        Patch::operations(json::parse(body, MAX_VALUE_DEPTH + 3)?)?
    };

    let id = StateId::from_str(id).map_err(|_| Problem::NotFound)?;
    let target = WriteTarget::load(context, &id, &preconditions, Problem::NotFound).await?;
    let old = value_of(context, &target).await?;
    let document = StateDocument::parse(patch.apply(document_of(&old)?)?)?;
    if document.visibility.is_none() {
        return Err(Problem::Unprocessable(vec![Fault::new(
            "#/visibility",
            "cannot be removed; set `private`",
        )]));
    }
    write_over(context, &target, document).await
}

/// Reads the target with its value. If it has been written since it was loaded, the race is lost.
async fn value_of(context: &Context<'_>, target: &WriteTarget) -> Result<State, Problem> {
    let metadata = target.metadata();
    let state = context.store.get(&metadata.id).await?;
    state
        .filter(|state| state.metadata.tag == metadata.tag)
        .ok_or(Problem::PreconditionFailed)
}

/// The document to which a patch is applied.
fn document_of(state: &State) -> Result<Json, Problem> {
    let value = json::parse(state.value.get().as_bytes(), MAX_VALUE_DEPTH).map_err(|_| {
        Problem::Unavailable(
            "the value of the item is not JSON that this function stored".to_owned(),
        )
    })?;
    let visibility = state.metadata.visibility.to_string();
    let mut document = Object::default();
    document.insert("value", value);
    document.insert("visibility", Json::String(visibility.into()));
    Ok(Json::Object(document))
}
