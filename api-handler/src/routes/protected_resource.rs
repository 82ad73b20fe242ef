//! `GET /.well-known/oauth-protected-resource`: how a client signs in for this API (RFC 9728).

use http::{HeaderValue, Response, StatusCode, header::ACCESS_CONTROL_ALLOW_ORIGIN};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Context, negotiate::accept_json, reply::json};
use crate::problem::Problem;

/// Protected resource metadata (RFC 9728, section 2).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProtectedResource)]
pub(super) struct ProtectedResource<'a> {
    /// The URL of this API.
    #[schema(value_type = String, example = "https://api.example.com/prod")]
    resource: &'a str,
    /// The issuers of access tokens for this API.
    authorization_servers: &'a [String],
    /// The scopes that this API uses.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    #[schema(required = false)]
    scopes_supported: &'a [String],
    /// How to send an access token.
    #[schema(value_type = Vec<String>, example = json!(["header"]))]
    bearer_methods_supported: [&'static str; 1],
    /// Whether only DPoP-bound tokens are accepted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    dpop_bound_access_tokens_required: bool,
}

/// Returns the metadata with which a client signs in for this API.
#[utoipa::path(
    get,
    path = "/.well-known/oauth-protected-resource",
    operation_id = "getProtectedResource",
    responses(
        (status = 200, body = ProtectedResource<'_>, description = "Protected resource metadata (RFC 9728)", headers(("Access-Control-Allow-Origin" = String, description = "`*`: any origin may read it"))),
        (status = 404, description = "This API does not publish it"),
    ),
    security(())
)]
pub(super) fn get(context: &Context<'_>) -> Result<Response<String>, Problem> {
    accept_json(&context.request.headers)?;
    let sign_in = context.sign_in.ok_or(Problem::NotFound)?;
    let document = ProtectedResource {
        resource: context.base_url,
        authorization_servers: &sign_in.authorization_servers,
        scopes_supported: &sign_in.scopes,
        bearer_methods_supported: ["header"],
        dpop_bound_access_tokens_required: sign_in.requires_dpop,
    };
    let mut response = json(StatusCode::OK, "no-cache", &document)?;
    response
        .headers_mut()
        .insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    Ok(response)
}
