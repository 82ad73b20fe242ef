//! `GET /session`: who the caller is.

use http::{Response, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Context, negotiate::accept_json, reply::json};
use crate::{caller::Caller, problem::Problem, state::GroupName};

/// The caller. For an anonymous caller only `signedIn` is present.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Session<'a> {
    /// Whether the caller is signed in.
    signed_in: bool,
    /// The owner of the caller's resources.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false, example = "00u1alice")]
    principal: Option<&'a str>,
    /// The token's `sub`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false, example = "alice@example.com")]
    subject: Option<&'a str>,
    /// The client that the token was issued to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false, example = "web")]
    client_id: Option<&'a str>,
    /// The token's scopes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>, nullable = false, example = json!(["openid", "state:write"]))]
    scopes: Option<&'a [String]>,
    /// The caller's groups to which a resource can be visible.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>, nullable = false, example = json!(["Everyone"]))]
    groups: Option<Vec<&'a str>>,
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
    responses((status = 200, body = Session<'_>, description = "Who the caller is")),
    security((), ("accessToken" = []))
)]
pub(super) fn get(context: &Context<'_>) -> Result<Response<String>, Problem> {
    accept_json(&context.request.headers)?;
    let session = match context.caller {
        Caller::Anonymous => Session::default(),
        Caller::SignedIn(caller) => Session {
            signed_in: true,
            principal: Some(&caller.principal),
            subject: caller.subject.as_deref(),
            client_id: caller.client_id.as_deref(),
            scopes: Some(&caller.scopes),
            groups: Some(caller.groups.iter().map(GroupName::as_str).collect()),
            expires_at: Some(caller.expires_at.rfc3339()),
        },
    };
    json(StatusCode::OK, "no-store", &session)
}
