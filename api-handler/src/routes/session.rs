//! `GET /session`: who the caller is.

use http::{Response, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Context, accept_json, json};
use crate::{caller::Caller, clock::timestamp, problem::Problem};

/// Who the caller is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Session {
    /// Whether the caller is signed in. The rest is there only then.
    signed_in: bool,
    #[serde(flatten)]
    #[schema(inline)]
    who: Option<Who>,
}

/// What is known of a caller who is signed in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Who {
    /// What the caller's resources are owned by.
    #[schema(example = "00u1alice")]
    principal: String,
    /// The token's `sub`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "alice@example.com")]
    subject: Option<String>,
    /// The client that the token was issued to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "web")]
    client_id: Option<String>,
    /// What the token may be used for.
    #[schema(example = json!(["openid", "state:write"]))]
    scopes: Vec<String>,
    /// The caller's groups.
    #[schema(example = json!(["Everyone"]))]
    groups: Vec<String>,
    /// When the token ends.
    #[schema(format = DateTime, example = "2026-01-01T01:00:00.000Z")]
    expires_at: String,
}

/// Answers `GET /session`.
pub(super) fn get(context: &Context<'_>) -> Result<Response<String>, Problem> {
    accept_json(&context.request.headers)?;
    let who = match context.caller {
        Caller::Anonymous => None,
        Caller::SignedIn(caller) => Some(Who {
            principal: caller.principal.clone(),
            subject: caller.subject.clone(),
            client_id: caller.client_id.clone(),
            scopes: caller.scopes.clone(),
            groups: caller.groups.iter().cloned().collect(),
            expires_at: timestamp(caller.expires_at),
        }),
    };
    json(
        StatusCode::OK,
        "no-store",
        &Session {
            signed_in: who.is_some(),
            who,
        },
    )
}
