//! `GET /openapi.json`: the description of this API, generated from the code.

use std::sync::LazyLock;

use http::{Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::{Modify, OpenApi, ToSchema};

use super::{Context, list, negotiate::accept_json, protected_resource, reply, session, state};
use crate::precondition::EntityTags;
use crate::problem::{PROBLEM_JSON, Problem, ProblemDetails};

/// The body of an answer that API Gateway sends without calling this function.
#[derive(Debug, Serialize, ToSchema)]
struct GatewayMessage {
    /// If a policy denies the request, the member's name is `Message`.
    #[schema(example = "Unauthorized")]
    message: Option<String>,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "State API",
        description = "State resources behind a Lambda authorizer. An anonymous caller sees the public ones, a signed-in caller also \
                       their own and those of their groups."
    ),
    paths(session::get, list::get, state::get, state::head, state::put, state::patch, state::delete, get, protected_resource::get),
    components(schemas(EntityTags, ProblemDetails, GatewayMessage)),
    modifiers(&Common)
)]
struct ApiDocument;

/// Adds the answers that all operations have.
struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::{
            ContentBuilder, Ref, RefOr, ResponseBuilder, Schema,
            schema::AdditionalProperties,
            security::{Http, HttpAuthScheme, SecurityScheme},
        };
        let problem = || {
            ContentBuilder::new()
                .schema(Some(Ref::from_schema_name("ProblemDetails")))
                .build()
        };
        let gateway = || {
            ContentBuilder::new()
                .schema(Some(Ref::from_schema_name("GatewayMessage")))
                .build()
        };

        for item in document.paths.paths.values_mut() {
            let operations = [
                &mut item.get,
                &mut item.head,
                &mut item.put,
                &mut item.patch,
                &mut item.delete,
            ];
            for operation in operations.into_iter().flatten() {
                for (status, description) in [
                    (
                        "401",
                        "The token is missing where one is required, invalid, or expired",
                    ),
                    ("403", "The caller may not do this"),
                    ("406", "The caller does not accept JSON"),
                    ("429", "Too many requests"),
                    ("500", "An internal error"),
                    ("503", "The store does not answer"),
                ] {
                    let response = || {
                        ResponseBuilder::new()
                            .description(description)
                            .build()
                            .into()
                    };
                    operation
                        .responses
                        .responses
                        .entry(status.to_owned())
                        .or_insert_with(response);
                }
                for (status, response) in &mut operation.responses.responses {
                    if let RefOr::T(response) = response
                        && status.as_str() >= "400"
                    {
                        response
                            .content
                            .insert(PROBLEM_JSON.to_owned(), problem().into());
                        // API Gateway also sends these itself.
                        if matches!(status.as_str(), "401" | "403" | "429" | "500") {
                            response
                                .content
                                .insert("application/json".to_owned(), gateway().into());
                        }
                    }
                }
            }
        }
        let components = document.components.get_or_insert_default();
        // `StateDocument::parse` rejects other members, which the derived schemas cannot express.
        for name in ["StateDocument", "MergePatch"] {
            if let Some(RefOr::T(Schema::Object(body))) = components.schemas.get_mut(name) {
                body.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
            }
        }
        let mut bearer = Http::new(HttpAuthScheme::Bearer);
        bearer.bearer_format = Some("JWT".to_owned());
        bearer.description =
            Some("An access token of the issuer that the authorizer trusts".to_owned());
        components.add_security_scheme("accessToken", SecurityScheme::Http(bearer));
    }
}

/// The document without the URL of the API.
static DOCUMENT: LazyLock<Result<Value, String>> = LazyLock::new(|| {
    serde_json::to_value(ApiDocument::openapi()).map_err(|error| error.to_string())
});

/// Returns this document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "getOpenApi",
    responses((status = 200, body = Value, description = "OpenAPI 3.1")),
    security(())
)]
pub(super) fn get(context: &Context<'_>) -> Result<Response<String>, Problem> {
    accept_json(&context.request.headers)?;
    let mut document = DOCUMENT.clone().map_err(Problem::Internal)?;
    if let Some(members) = document.as_object_mut() {
        members.insert("servers".to_owned(), json!([{"url": context.base_url}]));
    }
    reply::json(StatusCode::OK, "no-cache", &document)
}
