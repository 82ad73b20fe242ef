//! `GET /openapi.json`.
use http::{Response, StatusCode};

use super::{Context, accept_json, json};
use crate::problem::Problem;

/// Answers `GET /openapi.json`.
pub(super) fn get(context: &Context<'_>) -> Result<Response<String>, Problem> {
    accept_json(&context.request.headers)?;
    json(StatusCode::OK, "no-cache", &serde_json::json!({}))
}
