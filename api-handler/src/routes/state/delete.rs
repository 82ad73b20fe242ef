//! `DELETE /state/{id}`.

use std::str::FromStr;

use http::{Response, StatusCode};

use super::if_match;
use crate::{
    permit::WriteTarget,
    precondition::EntityTags,
    problem::Problem,
    routes::{context::Context, reply::empty},
    state::StateId,
};

/// Deletes a resource.
#[utoipa::path(
    delete,
    path = "/state/{id}",
    operation_id = "deleteState",
    params(
        ("id" = StateId, Path, description = "The id"),
        ("If-Match" = EntityTags, Header, description = "The resource's ETag"),
    ),
    responses(
        (status = 204, description = "Deleted"),
        (status = 400, description = "A header is malformed"),
        (status = 404, description = "There is no such resource for this caller"),
        (status = 412, description = "The resource does not have an ETag of `If-Match`"),
        (status = 428, description = "`If-Match` was not sent"),
    ),
    security(("accessToken" = ["state:write"]))
)]
pub(crate) async fn delete(context: &Context<'_>, id: &str) -> Result<Response<String>, Problem> {
    context.caller.signed_in()?;
    let preconditions = if_match(context)?;
    let id = StateId::from_str(id).map_err(|_| Problem::NotFound)?;
    let target = WriteTarget::load(context, &id, &preconditions, Problem::NotFound).await?;
    context.store.delete(&target).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}
