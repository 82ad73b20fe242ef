//! `GET /session`: who the caller is.

use http::{Response, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Context, negotiate::accept_json, reply::json};
use crate::{caller::Caller, problem::Problem};

/// Who the caller is. An anonymous caller has only `signedIn`.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Session {
    /// Whether the caller is signed in.
    signed_in: bool,
    /// The owner of the caller's resources.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "00u1alice")]
    principal: Option<String>,
    /// The token's `sub`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "alice@example.com")]
    subject: Option<String>,
    /// The client that the token was issued to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "web")]
    client_id: Option<String>,
    /// The token's scopes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = json!(["openid", "state:write"]))]
    scopes: Option<Vec<String>>,
    /// The caller's groups that a resource can be visible to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = json!(["Everyone"]))]
    groups: Option<Vec<String>>,
    /// When the token expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime, example = "2026-01-01T01:00:00.000Z")]
    expires_at: Option<String>,
}

/// Returns who the caller is.
#[utoipa::path(
    get,
    path = "/session",
    operation_id = "getSession",
    responses((status = 200, body = Session, description = "Who the caller is")),
    security((), ("accessToken" = []))
)]
pub(super) fn get(context: &Context<'_>) -> Result<Response<String>, Problem> {
    accept_json(&context.request.headers)?;
    let session = match context.caller {
        Caller::Anonymous => Session::default(),
        Caller::SignedIn(caller) => Session {
            signed_in: true,
            principal: Some(caller.principal.clone()),
            subject: caller.subject.clone(),
            client_id: caller.client_id.clone(),
            scopes: Some(caller.scopes.clone()),
            groups: Some(
                caller
                    .groups
                    .iter()
                    .map(|name| name.as_str().to_owned())
                    .collect(),
            ),
            expires_at: Some(caller.expires_at.rfc3339()),
        },
    };
    json(StatusCode::OK, "no-store", &session)
}
