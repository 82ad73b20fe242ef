//! The definitions of an API's OpenAPI document, before SAM's own properties are added.

use std::collections::BTreeMap;

use super::api::{CorsConfiguration, TemplateAuthorizer, TemplateRoute};
use super::gateway_response::CustomResponse;

#[derive(Debug, Default)]
pub(super) struct OpenApiDefinition {
    /// The routes, and whether each has a `security` of its own.
    pub(super) routes: Vec<(TemplateRoute, bool)>,
    pub(super) authorizers: BTreeMap<String, TemplateAuthorizer>,
    /// REST: the gateway responses, by type.
    pub(super) responses: BTreeMap<String, CustomResponse>,
    /// REST: the media types of bodies that are passed as base64.
    pub(super) binary_media_types: Vec<String>,
    /// HTTP API: the gateway's CORS.
    pub(super) cors: Option<CorsConfiguration>,
}
