//! API Gateway's two products.

use serde_json::{Value, json};

use super::resources::{HTTP_API, REST_API};

/// API Gateway's two products in a SAM template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Product {
    Rest,
    Http,
}

impl Product {
    /// The type of its resources.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Rest => REST_API,
            Self::Http => HTTP_API,
        }
    }

    /// The type of its events, and its section of `Globals`.
    pub(super) const fn event(self) -> &'static str {
        match self {
            Self::Rest => "Api",
            Self::Http => "HttpApi",
        }
    }

    /// The property of an event that names the API.
    pub(super) const fn reference(self) -> &'static str {
        match self {
            Self::Rest => "RestApiId",
            Self::Http => "ApiId",
        }
    }

    /// The logical id of the API that SAM creates for events that name no API.
    pub(super) const fn implicit(self) -> &'static str {
        match self {
            Self::Rest => "ServerlessRestApi",
            Self::Http => "ServerlessHttpApi",
        }
    }

    /// The default timeout of an integration in milliseconds.
    pub(super) const fn default_timeout(self) -> u64 {
        match self {
            Self::Rest => 29_000,
            Self::Http => 30_000,
        }
    }

    /// The resource of that API.
    pub(super) fn implicit_resource(self) -> Value {
        match self {
            Self::Rest => json!({"Properties": {"StageName": "Prod"}}),
            Self::Http => json!({}),
        }
    }
}
