//! `AWS::Serverless::Api` and the `Api` events of functions, as routes, authorizers and gateway responses.

use std::collections::BTreeMap;
use std::time::Duration;

use regex_lite::Regex;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::function::FunctionDefinition;
use super::intrinsic::scalar;
use super::{Lenient, TemplateError, typed};
use crate::aws;
use crate::gateway::response::{Customisation, HeaderSource};
use crate::gateway::route::PathPattern;

/// Properties that change nothing here.
const WITHOUT_EFFECT: [&str; 12] = [
    "AccessLogSetting",
    "AlwaysDeploy",
    "ApiKeySourceType",
    "CanarySetting",
    "Description",
    "EndpointConfiguration",
    "MethodSettings",
    "Name",
    "OpenApiVersion",
    "PropagateTags",
    "Tags",
    "TracingEnabled",
];

/// How long an authorizer's answer is kept when the template does not say, and at most.
const DEFAULT_TTL: u64 = 300;
const LONGEST_TTL: u64 = 3600;

/// The one REST API of a template.
#[derive(Clone, Debug, Default)]
pub struct Api {
    /// The name of its stage, the first segment of every path.
    pub stage: String,
    /// Its methods.
    pub methods: Vec<Method>,
    /// Its authorizers, by name.
    pub authorizers: BTreeMap<String, Authorizer>,
    /// Its gateway responses, by type, such as `ACCESS_DENIED`.
    pub responses: BTreeMap<String, Customisation>,
    /// Media types whose bodies are passed as base64.
    pub binary_media_types: Vec<String>,
    /// The stage's variables.
    pub variables: BTreeMap<String, String>,
}

/// One method of a resource.
#[derive(Clone, Debug)]
pub struct Method {
    /// The resource.
    pub path: PathPattern,
    /// The verb; none is `ANY`.
    pub verb: Option<String>,
    /// The function that answers.
    pub function: String,
    /// The authorizer that is asked first.
    pub authorizer: Option<String>,
}

/// A Lambda authorizer.
#[derive(Clone, Debug)]
pub struct Authorizer {
    /// The function.
    pub function: String,
    /// What it is told about the caller.
    pub identity: Identity,
    /// How long its answer is kept; zero is not at all.
    pub ttl: Duration,
}

/// What identifies a caller to an authorizer, and so what its answers are kept under.
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

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Properties {
    stage_name: String,
    auth: Auth,
    gateway_responses: BTreeMap<String, Response>,
    binary_media_types: Vec<String>,
    variables: Map<String, Value>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Auth {
    default_authorizer: Option<String>,
    add_default_authorizer_to_cors_preflight: Option<Lenient<bool>>,
    authorizers: BTreeMap<String, AuthorizerProperties>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct AuthorizerProperties {
    function_arn: Option<String>,
    function_payload_type: Option<String>,
    identity: IdentityProperties,
    function_invoke_role: Option<Value>,
    disable_function_default_permissions: Option<Value>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct IdentityProperties {
    header: Option<String>,
    validation_expression: Option<String>,
    headers: Vec<String>,
    query_strings: Vec<String>,
    stage_variables: Vec<String>,
    context: Vec<String>,
    reauthorize_every: Option<Lenient<u64>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct Response {
    status_code: Option<Lenient<u16>>,
    response_parameters: ResponseParameters,
    response_templates: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct ResponseParameters {
    headers: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    #[serde(rename = "Type")]
    kind: String,
    #[serde(default)]
    properties: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ApiEvent {
    path: String,
    method: String,
    rest_api_id: Option<String>,
    #[serde(default)]
    auth: EventAuth,
    #[serde(flatten)]
    other: Map<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct EventAuth {
    authorizer: Option<String>,
}

/// Reads the API and every `Api` event that belongs to it.
pub(super) fn read(
    id: &str,
    properties: &Value,
    functions: &[FunctionDefinition],
    warnings: &mut Vec<String>,
) -> Result<Api, TemplateError> {
    let at = || format!("Resources/{id}");
    let properties: Properties = typed(at, properties.clone())?;
    if properties.stage_name.is_empty() {
        return Err(TemplateError::at(at(), "StageName is missing"));
    }
    for unknown in properties
        .other
        .keys()
        .filter(|name| !WITHOUT_EFFECT.contains(&name.as_str()))
    {
        warnings.push(format!(
            "{id}: the property `{unknown}` has no effect on one machine"
        ));
    }
    if let Some(unknown) = properties.auth.other.keys().next() {
        return Err(TemplateError::at(
            format!("{}/Auth", at()),
            format!("`{unknown}` cannot be run on one machine"),
        ));
    }
    let mut api = Api {
        stage: properties.stage_name,
        binary_media_types: properties
            .binary_media_types
            .iter()
            .map(|kind| kind.replace("~1", "/"))
            .collect(),
        ..Api::default()
    };
    for (name, value) in &properties.variables {
        api.variables.insert(name.clone(), scalar(value)?);
    }
    for (name, response) in properties.gateway_responses {
        let place = format!("{}/GatewayResponses/{name}", at());
        api.responses.insert(
            name,
            customisation(response).map_err(|problem| TemplateError::at(place, problem))?,
        );
    }
    for (name, authorizer) in properties.auth.authorizers {
        let place = format!("{}/Auth/Authorizers/{name}", at());
        let authorizer =
            self::authorizer(authorizer).map_err(|problem| TemplateError::at(&place, problem))?;
        if !functions
            .iter()
            .any(|function| function.name == authorizer.function)
        {
            return Err(TemplateError::at(
                place,
                format!("no function is called `{}`", authorizer.function),
            ));
        }
        api.authorizers.insert(name, authorizer);
    }
    let default = DefaultAuthorizer {
        name: properties.auth.default_authorizer,
        on_preflight: properties
            .auth
            .add_default_authorizer_to_cors_preflight
            .is_none_or(|add| add.0),
    };
    for function in functions {
        for (name, event) in &function.events {
            let place = || format!("Resources/{}/Events/{name}", function.logical_id);
            let event: Event = typed(place, event.clone())?;
            if event.kind != "Api" {
                warnings.push(format!(
                    "{}: events of type `{}` are not sent on one machine",
                    place(),
                    event.kind
                ));
                continue;
            }
            let event: ApiEvent = typed(place, event.properties)?;
            let method = method(&function.name, event, &default, &api)
                .map_err(|problem| TemplateError::at(place(), problem))?;
            api.methods.push(method);
        }
    }
    Ok(api)
}

struct DefaultAuthorizer {
    name: Option<String>,
    on_preflight: bool,
}

fn method(
    function: &str,
    event: ApiEvent,
    default: &DefaultAuthorizer,
    api: &Api,
) -> Result<Method, String> {
    if event.rest_api_id.as_deref() != Some(aws::API_ID) {
        return Err("RestApiId must name the template's AWS::Serverless::Api".to_owned());
    }
    if let Some(unknown) = event.other.keys().next() {
        return Err(format!(
            "the property `{unknown}` cannot be run on one machine"
        ));
    }
    let verb = event.method.to_ascii_uppercase();
    let verb = (verb != "ANY").then_some(verb);
    let preflight = verb.as_deref() == Some("OPTIONS");
    let authorizer = match event.auth.authorizer {
        Some(none) if none == "NONE" => None,
        Some(name) => Some(name),
        None if preflight && !default.on_preflight => None,
        None => default.name.clone(),
    };
    if let Some(name) = &authorizer
        && !api.authorizers.contains_key(name)
    {
        return Err(format!("the API has no authorizer `{name}`"));
    }
    Ok(Method {
        path: event.path.parse()?,
        verb,
        function: function.to_owned(),
        authorizer,
    })
}

fn authorizer(properties: AuthorizerProperties) -> Result<Authorizer, String> {
    // Who may invoke the function is not checked here: on one machine everybody may.
    let _ = (
        properties.function_invoke_role,
        properties.disable_function_default_permissions,
    );
    if let Some(unknown) = properties.other.keys().next() {
        return Err(format!(
            "`{unknown}` cannot be run on one machine: expected a Lambda authorizer"
        ));
    }
    let arn = properties.function_arn.ok_or("FunctionArn is missing")?;
    let identity = properties.identity;
    let ttl = identity.reauthorize_every.map_or(DEFAULT_TTL, |ttl| ttl.0);
    if ttl > LONGEST_TTL {
        return Err(format!(
            "ReauthorizeEvery: expected at most {LONGEST_TTL} seconds, found {ttl}"
        ));
    }
    let identity = match properties
        .function_payload_type
        .as_deref()
        .unwrap_or("TOKEN")
    {
        "TOKEN" => Identity::Token {
            header: identity
                .header
                .unwrap_or_else(|| "Authorization".to_owned()),
            validation: match identity.validation_expression {
                // Whether AWS holds the whole value to the expression is not documented; its own example reads so.
                Some(text) => {
                    let whole = Regex::new(&format!("^(?:{text})$"));
                    Some(whole.map_err(|error| format!("ValidationExpression: {error}"))?)
                }
                None => None,
            },
        },
        "REQUEST" => {
            let headers = identity.headers.into_iter().map(IdentitySource::Header);
            let queries = identity
                .query_strings
                .into_iter()
                .map(IdentitySource::QueryString);
            let variables = identity
                .stage_variables
                .into_iter()
                .map(IdentitySource::StageVariable);
            let context = identity.context.into_iter().map(IdentitySource::Context);
            let sources: Vec<_> = headers
                .chain(queries)
                .chain(variables)
                .chain(context)
                .collect();
            if sources.is_empty() && ttl > 0 {
                return Err(
                    "a REQUEST authorizer whose answers are kept needs an identity source; \
                            or set ReauthorizeEvery: 0"
                        .to_owned(),
                );
            }
            Identity::Request { sources }
        }
        other => {
            return Err(format!(
                "FunctionPayloadType: expected TOKEN or REQUEST, found `{other}`"
            ));
        }
    };
    Ok(Authorizer {
        function: aws::function_name(&arn).to_owned(),
        identity,
        ttl: Duration::from_secs(ttl),
    })
}

fn customisation(response: Response) -> Result<Customisation, String> {
    let mut headers = Vec::new();
    for (name, value) in response.response_parameters.headers {
        let name = name
            .parse()
            .map_err(|_| format!("`{name}` is no header name"))?;
        headers.push((name, value.parse::<HeaderSource>()?));
    }
    let status = match response.status_code {
        Some(code) => Some(
            code.0
                .try_into()
                .map_err(|_| format!("StatusCode: {} is no status", code.0))?,
        ),
        None => None,
    };
    Ok(Customisation {
        status,
        headers,
        templates: response.response_templates,
    })
}
