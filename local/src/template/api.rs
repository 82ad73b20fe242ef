//! The API of a template as data: routes, authorizers, and what API Gateway answers by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use regex_lite::Regex;

use super::gateway_response::CustomResponse;
use super::route_path::RoutePath;

/// The API of a template.
#[derive(Clone, Debug)]
pub struct Api {
    /// Its name in the template.
    pub logical_id: String,
    /// The name of its stage.
    pub stage: String,
    /// Its routes.
    pub routes: Vec<Route>,
    /// Its authorizers, by name.
    pub authorizers: BTreeMap<String, Authorizer>,
    /// What the template changes about gateway responses, by type, such as `ACCESS_DENIED`.
    pub responses: BTreeMap<String, CustomResponse>,
    /// Media types whose bodies are passed as base64.
    pub binary_media_types: Vec<String>,
    /// The stage's variables.
    pub variables: BTreeMap<String, String>,
}

/// One method of a resource.
#[derive(Clone, Debug)]
pub struct Route {
    /// The resource.
    pub path: RoutePath,
    /// The verb; `ANY` has none.
    pub verb: Option<String>,
    /// What answers.
    pub integration: Integration,
    /// The authorizer that is asked first.
    pub authorizer: Option<String>,
    /// Where the template defines it.
    pub place: String,
}

/// What answers a request once it is authorized.
#[derive(Clone, Debug)]
pub enum Integration {
    /// A function, by Lambda proxy integration.
    Function {
        /// The function's name.
        name: String,
        /// How long it may take.
        timeout: Duration,
    },
    /// API Gateway itself, with status 200 and these headers: the preflight of SAM's `Cors`.
    Preflight(Vec<(HeaderName, HeaderValue)>),
}

/// A Lambda authorizer.
#[derive(Clone, Debug)]
pub struct Authorizer {
    /// The function's name.
    pub function: String,
    /// What it receives about the caller.
    pub identity: Identity,
    /// How long its answer is cached; zero turns the cache off.
    pub ttl: Duration,
}

/// What identifies a caller to an authorizer, and so the key of its cached answers.
#[derive(Clone, Debug)]
pub enum Identity {
    /// One header's value, and nothing else of the request.
    Token {
        /// The header's name.
        header: String,
        /// What the whole value must match.
        validation: Option<Regex>,
    },
    /// The whole request but for its body.
    Request {
        /// The parts that identify the caller, in order.
        sources: Vec<IdentitySource>,
    },
}

/// One part of a request that identifies its caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentitySource {
    /// A header.
    Header(String),
    /// A parameter of the query.
    QueryString(String),
    /// A variable of the stage.
    StageVariable(String),
    /// A member of the request's context.
    Context(String),
}
