//! The API of a template as data: routes, authorizers, and API Gateway's own answers.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use regex_lite::Regex;

use super::gateway_response::CustomResponse;
use super::route_path::RoutePath;

#[derive(Clone, Debug)]
pub struct Api {
    pub(crate) stage: String,
    pub routes: Vec<TemplateRoute>,
    pub authorizers: BTreeMap<String, TemplateAuthorizer>,
    pub(crate) variables: BTreeMap<String, String>,
    /// API Gateway's product that serves it.
    pub kind: ApiKind,
}

/// API Gateway's two products, each with the properties that only it has.
#[derive(Clone, Debug)]
pub enum ApiKind {
    Rest {
        /// The template's changes of gateway responses, by type, such as `ACCESS_DENIED`.
        responses: BTreeMap<String, CustomResponse>,
        /// The media types of bodies that are passed as base64.
        binary_media_types: Vec<String>,
    },
    Http {
        /// The gateway's own CORS, if it is configured.
        cors: Option<CorsConfiguration>,
    },
}

/// The stage of an HTTP API that is served at the root.
pub(crate) const DEFAULT_STAGE: &str = "$default";

impl Api {
    /// The first segment of every path, with its slash; empty for a stage that is served at the root.
    pub(crate) fn base_path(&self) -> String {
        if self.stage == DEFAULT_STAGE {
            String::new()
        } else {
            format!("/{}", self.stage)
        }
    }
}

/// One method of a resource.
#[derive(Clone, Debug)]
pub struct TemplateRoute {
    pub(crate) path: RoutePath,
    /// The verb; `ANY` has none.
    pub(crate) verb: Option<String>,
    pub integration: Integration,
    /// The authorizer that is called first.
    pub authorizer: Option<String>,
    /// The scopes; a JWT authorizer requires one of them.
    pub scopes: Vec<String>,
    /// Where the template defines it.
    pub(crate) place: String,
}

impl Api {
    /// Whether a route or an authorizer calls the function.
    pub(super) fn calls(&self, function: &str) -> bool {
        let by_route = |route: &TemplateRoute| match &route.integration {
            Integration::Function { name, .. } => name == function,
            Integration::Preflight(_) => false,
        };
        let by_authorizer = |authorizer: &TemplateAuthorizer| match authorizer {
            TemplateAuthorizer::Lambda(lambda) => lambda.function == function,
            TemplateAuthorizer::Jwt(_) => false,
        };
        self.routes.iter().any(by_route) || self.authorizers.values().any(by_authorizer)
    }
}

impl TemplateRoute {
    /// The key of the route in an HTTP API, such as `GET /items/{id}` or `$default`.
    pub fn key(&self) -> String {
        let verb = self.verb.as_deref().unwrap_or("ANY");
        let path = &self.path;
        if path.is_default() {
            path.to_string()
        } else {
            format!("{verb} {path}")
        }
    }
}

/// The component that answers an authorized request.
#[derive(Clone, Debug)]
pub enum Integration {
    /// A function, by Lambda proxy integration.
    Function {
        name: String,
        /// The form of its event and answer.
        payload: PayloadFormat,
        timeout: Duration,
    },
    /// API Gateway itself, with status 200 and these headers: the preflight of SAM's `Cors`.
    Preflight(Vec<(HeaderName, HeaderValue)>),
}

/// The version of an event and its answer. A REST API has only 1.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadFormat {
    V1,
    V2,
}

#[derive(Clone, Debug)]
pub enum TemplateAuthorizer {
    Lambda(LambdaAuthorizer),
    /// API Gateway itself, by the claims of a JWT.
    Jwt(JwtAuthorizer),
}

#[derive(Clone, Debug)]
pub struct LambdaAuthorizer {
    pub function: String,
    /// The parts of a request that identify the caller.
    pub identity: Identity,
    /// The cache time of its answer; zero turns the cache off.
    pub ttl: Duration,
    /// API Gateway's time limit; `None` if only the function's own timeout applies.
    pub limit: Option<Duration>,
    pub(crate) permission: InvokePermission,
    /// Where the template defines it.
    pub(crate) place: String,
}

/// Whether API Gateway may invoke an authorizer's function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvokePermission {
    /// A role, SAM's default permission or a permission of the template allows it.
    Granted,
    /// None of them allows it: AWS answers 500.
    Missing,
}

impl InvokePermission {
    pub(super) const fn granted_if(granted: bool) -> Self {
        if granted {
            Self::Granted
        } else {
            Self::Missing
        }
    }
}

#[derive(Clone, Debug)]
pub struct JwtAuthorizer {
    /// The exact `iss` of its tokens.
    pub issuer: String,
    /// The accepted values of `aud`, or else of `client_id`.
    pub audience: Vec<String>,
    /// The place of the token.
    pub source: IdentitySource,
}

/// The parts of a request that identify a caller to an authorizer. They are the key of its cached answers.
#[derive(Clone, Debug)]
pub enum Identity {
    /// REST: one header's value, and nothing else of the request.
    Token {
        header: String,
        /// The expression that the whole value must match.
        validation: Option<Regex>,
    },
    /// REST: the whole request except its body.
    Request {
        /// The parts that identify the caller, in order.
        sources: Vec<IdentitySource>,
    },
    /// HTTP API: the whole request except its body.
    Http {
        /// The parts that identify the caller, in order.
        sources: Vec<IdentitySource>,
        payload: PayloadFormat,
        /// Whether the answer is a simple response, not a policy.
        simple: bool,
    },
}

/// One part of a request that identifies its caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentitySource {
    Header(String),
    QueryString(String),
    StageVariable(String),
    /// A member of the request's context.
    Context(String),
}

/// The gateway's own CORS of an HTTP API.
#[derive(Clone, Debug, Default)]
pub struct CorsConfiguration {
    /// Origins: exact, `*`, or `https://*` and `http://*`.
    pub origins: Vec<String>,
    pub methods: Vec<String>,
    /// Headers that a request may have.
    pub headers: Vec<String>,
    /// Headers of a response that a page may read.
    pub exposed: Vec<String>,
    /// The number of seconds for which a preflight is valid.
    pub max_age: Option<u32>,
    /// Whether requests may carry credentials.
    pub credentials: bool,
}
