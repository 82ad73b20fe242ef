//! `AWS::Serverless::Api` and the `Api` events of functions, as routes, authorizers and gateway responses.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use regex_lite::Regex;
use serde_json::Value;

use super::absent_method::AbsentMethod;
use super::api::{
    Api, Identity, IdentitySource, Integration, Kind, LambdaAuthorizer, PayloadFormat, Route,
    TemplateAuthorizer,
};
use super::document::Document;
use super::error::{Fault, TemplateError};
use super::function::FunctionDefinition;
use super::gateway_response::{self, quoted};
use super::part::Part;
use super::route_path::RoutePath;
use super::select::Product;
use crate::aws;

/// How long an authorizer's answer is cached when the template does not say, and at most.
const DEFAULT_TTL: u64 = 300;
const MAX_TTL: u64 = 3600;

/// The verbs that SAM lists for a path with `ANY`.
const VERBS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// An event of a function that is a route of an API.
pub(super) struct Event {
    pub(super) product: Product,
    /// The function's name.
    pub(super) function: String,
    /// The event's properties.
    pub(super) properties: Part,
}

/// Reads a REST API and the routes of the events that belong to it.
pub(super) fn read(
    logical_id: &str,
    api: &Part,
    document: Option<Document>,
    events: &[&Event],
    absent: &[AbsentMethod],
    functions: &[FunctionDefinition],
) -> Result<Api, TemplateError> {
    let auth = api.part("Auth")?;
    let has_document = document.is_some();
    let document = document.unwrap_or_default();
    let mut authorizers = document.authorizers;
    for (name, part) in auth.parts("Authorizers")? {
        authorizers.insert(name, authorizer(&part, functions)?);
    }
    let default = DefaultAuthorizer::read(&auth, &authorizers)?;
    let mut routes: Vec<Route> = Vec::new();
    let own = auth.part("Authorizers")?;
    for (mut route, explicit) in document.routes {
        let added = default.of(route.verb.as_deref());
        let at_security = |fault| TemplateError::at(format!("{}/security", route.place), fault);
        match &route.authorizer {
            // SAM knows only its own authorizers, and adds the default one to any other.
            Some(name) if added.is_some() && own.value(name).is_none() => {
                let why = "the DefaultAuthorizer of the API is added to this one".to_owned();
                return Err(at_security(Fault::NotSupported(why)));
            }
            Some(name) => known(name, &authorizers).map_err(at_security)?,
            None if !explicit => route.authorizer = added,
            None => {}
        }
        add(route, &mut routes)?;
    }
    // Where there is a document, SAM takes no routes from events.
    for event in events.iter().filter(|_| !has_document) {
        add(route(event, &default, &authorizers)?, &mut routes)?;
    }
    add_preflights(api, &default, absent, &mut routes)?;
    let mut media_types = api.texts("BinaryMediaTypes")?;
    media_types.extend(document.binary_media_types);
    let mut responses = document.responses;
    responses.extend(gateway_response::read(api)?);
    Ok(Api {
        logical_id: logical_id.to_owned(),
        stage: api.required_text("StageName")?,
        routes,
        authorizers,
        variables: api.text_map("Variables")?,
        kind: Kind::Rest {
            responses,
            binary_media_types: media_types
                .iter()
                .map(|media_type| media_type.replace("~1", "/"))
                .collect(),
        },
    })
}

/// Adds a route, unless its method and path are taken.
pub(super) fn add(route: Route, routes: &mut Vec<Route>) -> Result<(), TemplateError> {
    let same = |other: &&Route| route.verb == other.verb && route.path.overlaps(&other.path);
    if let Some(other) = routes.iter().find(same) {
        let duplicate = Fault::Duplicate(other.place.clone());
        return Err(TemplateError::at(route.place, duplicate));
    }
    routes.push(route);
    Ok(())
}

struct DefaultAuthorizer {
    name: Option<String>,
    on_preflight: bool,
}

impl DefaultAuthorizer {
    fn read(
        auth: &Part,
        authorizers: &BTreeMap<String, TemplateAuthorizer>,
    ) -> Result<Self, TemplateError> {
        const PROPERTY: &str = "DefaultAuthorizer";
        let name = auth.text(PROPERTY)?;
        if let Some(name) = &name {
            known(name, authorizers).map_err(|fault| auth.error(PROPERTY, fault))?;
        }
        Ok(Self {
            name,
            on_preflight: auth
                .boolean("AddDefaultAuthorizerToCorsPreflight")?
                .unwrap_or(true),
        })
    }

    fn of(&self, verb: Option<&str>) -> Option<String> {
        let applies = verb != Some("OPTIONS") || self.on_preflight;
        self.name.clone().filter(|_| applies)
    }
}

pub(super) fn known(
    name: &str,
    authorizers: &BTreeMap<String, TemplateAuthorizer>,
) -> Result<(), Fault> {
    match name {
        _ if authorizers.contains_key(name) => Ok(()),
        "AWS_IAM" => Err(Fault::NotSupported(
            "IAM decides who may call; expected a Lambda authorizer".to_owned(),
        )),
        _ => Err(Fault::NoSuch {
            what: "authorizer of the API",
            name: name.to_owned(),
        }),
    }
}

fn route(
    event: &Event,
    default: &DefaultAuthorizer,
    authorizers: &BTreeMap<String, TemplateAuthorizer>,
) -> Result<Route, TemplateError> {
    let Event {
        function,
        properties,
        ..
    } = event;
    let verb = properties.required_text("Method")?.to_ascii_uppercase();
    let verb = (verb != "ANY").then_some(verb);
    let path = RoutePath::parse(&properties.required_text("Path")?)
        .map_err(|fault| properties.error("Path", fault))?;
    let auth = properties.part("Auth")?;
    let authorizer = match auth.text("Authorizer")? {
        Some(none) if none == "NONE" => None,
        Some(name) => {
            known(&name, authorizers).map_err(|fault| auth.error("Authorizer", fault))?;
            Some(name)
        }
        None => default.of(verb.as_deref()),
    };
    let timeout = properties.parsed("TimeoutInMillis", "milliseconds")?;
    Ok(Route {
        path,
        verb,
        integration: Integration::Function {
            name: function.clone(),
            payload: PayloadFormat::V1,
            timeout: Duration::from_millis(timeout.unwrap_or(Product::Rest.default_timeout())),
        },
        authorizer,
        scopes: Vec::new(),
        place: properties.place().to_owned(),
    })
}

/// SAM's `Cors`: an `OPTIONS` method for each path that has none.
fn add_preflights(
    api: &Part,
    default: &DefaultAuthorizer,
    absent: &[AbsentMethod],
    routes: &mut Vec<Route>,
) -> Result<(), TemplateError> {
    let Some(cors) = Cors::read(api)? else {
        return Ok(());
    };
    let mut preflights: Vec<Route> = Vec::new();
    for route in routes.iter() {
        let same = |other: &&Route| other.path.overlaps(&route.path);
        let verbs: Vec<_> = routes
            .iter()
            .filter(same)
            .map(|route| &route.verb)
            .chain(absent.iter().filter_map(|absent| absent.on(&route.path)))
            .collect();
        let options = Some("OPTIONS".to_owned());
        if verbs.contains(&&options) || preflights.iter().any(|other| same(&other)) {
            continue;
        }
        preflights.push(Route {
            path: route.path.clone(),
            authorizer: default.of(options.as_deref()),
            verb: options,
            integration: Integration::Preflight(cors.headers(&verbs)),
            scopes: Vec::new(),
            place: cors.place.clone(),
        });
    }
    routes.append(&mut preflights);
    Ok(())
}

struct Cors {
    place: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    lists_methods: bool,
}

impl Cors {
    fn read(api: &Part) -> Result<Option<Self>, TemplateError> {
        let origin = |value: &Value| matches!(value, Value::String(_)).then(|| value.clone());
        let cors = match api.value("Cors") {
            None => return Ok(None),
            Some(value) => match origin(value) {
                Some(origin) => Part::open(
                    format!("{}/Cors", api.place()),
                    serde_json::json!({"AllowOrigin": origin}),
                )?,
                None => api.part("Cors")?,
            },
        };
        let credentials = cors.boolean("AllowCredentials")? == Some(true);
        let properties = [
            ("AllowOrigin", "access-control-allow-origin"),
            ("AllowHeaders", "access-control-allow-headers"),
            ("AllowMethods", "access-control-allow-methods"),
            ("MaxAge", "access-control-max-age"),
        ];
        let mut headers = Vec::new();
        for (property, header) in properties {
            let default = (property == "AllowOrigin").then(|| "'*'".to_owned());
            if let Some(text) = cors.text(property)?.or(default) {
                let value = quoted(&text).ok_or_else(|| {
                    let expected = "'text' in single quotes".to_owned();
                    let found = format!("`{text}`");
                    cors.error(property, Fault::Unexpected { expected, found })
                })?;
                headers.push((HeaderName::from_static(header), value));
            }
        }
        let any_origin = headers
            .iter()
            .any(|(name, value)| name == http::header::ACCESS_CONTROL_ALLOW_ORIGIN && value == "*");
        if credentials && any_origin {
            let expected = "an origin other than '*' with AllowCredentials".to_owned();
            let found = "'*'".to_owned();
            return Err(cors.error("AllowOrigin", Fault::Unexpected { expected, found }));
        }
        if credentials {
            headers.push((
                HeaderName::from_static("access-control-allow-credentials"),
                HeaderValue::from_static("true"),
            ));
        }
        Ok(Some(Self {
            place: cors.place().to_owned(),
            lists_methods: cors.value("AllowMethods").is_some(),
            headers,
        }))
    }

    /// The headers for a path with routes of these verbs.
    fn headers(&self, verbs: &[&Option<String>]) -> Vec<(HeaderName, HeaderValue)> {
        let mut headers = self.headers.clone();
        if !self.lists_methods {
            let mut listed: Vec<&str> = verbs.iter().filter_map(|verb| verb.as_deref()).collect();
            listed.push("OPTIONS");
            listed.sort_unstable();
            listed.dedup();
            if verbs.contains(&&None) {
                listed = VERBS.to_vec();
            }
            if let Ok(methods) = HeaderValue::from_str(&listed.join(",")) {
                headers.push((http::header::ACCESS_CONTROL_ALLOW_METHODS, methods));
            }
        }
        headers
    }
}

/// The function that a resolved ARN or name belongs to.
pub(super) fn function<'a>(
    part: &Part,
    property: &'static str,
    functions: &'a [FunctionDefinition],
) -> Result<&'a FunctionDefinition, TemplateError> {
    let arn = part.required_text(property)?;
    function_of(&arn, functions).map_err(|fault| part.error(property, fault))
}

/// The same for an ARN.
pub(super) fn function_of<'a>(
    arn: &str,
    functions: &'a [FunctionDefinition],
) -> Result<&'a FunctionDefinition, Fault> {
    let name = aws::function_name(arn);
    functions
        .iter()
        .find(|function| function.is_named(name))
        .ok_or_else(|| Fault::NoSuch {
            what: "function of the template",
            name: name.to_owned(),
        })
}

pub(super) fn authorizer(
    part: &Part,
    functions: &[FunctionDefinition],
) -> Result<TemplateAuthorizer, TemplateError> {
    let function = function(part, "FunctionArn", functions)?;
    let identity = part.part("Identity")?;
    let ttl = ttl(&identity)?.unwrap_or(DEFAULT_TTL);
    let identity = match part.text("FunctionPayloadType")?.as_deref() {
        None | Some("TOKEN") => token_identity(&identity)?,
        Some("REQUEST") => Identity::Request {
            sources: sources(&identity, ttl)?,
        },
        Some(other) => {
            let expected = "TOKEN or REQUEST".to_owned();
            let found = format!("`{other}`");
            return Err(part.error("FunctionPayloadType", Fault::Unexpected { expected, found }));
        }
    };
    Ok(TemplateAuthorizer::Lambda(LambdaAuthorizer {
        function: function.name.clone(),
        identity,
        ttl: Duration::from_secs(ttl),
        limit: None,
    }))
}

/// How many seconds an authorizer's answer is cached.
pub(super) fn ttl(identity: &Part) -> Result<Option<u64>, TemplateError> {
    let ttl: Option<u64> = identity.parsed("ReauthorizeEvery", "a number of seconds")?;
    if let Some(ttl) = ttl.filter(|ttl| *ttl > MAX_TTL) {
        let expected = format!("at most {MAX_TTL} seconds");
        let found = ttl.to_string();
        return Err(identity.error("ReauthorizeEvery", Fault::Unexpected { expected, found }));
    }
    Ok(ttl)
}

fn token_identity(identity: &Part) -> Result<Identity, TemplateError> {
    const EXPRESSION: &str = "ValidationExpression";
    let validation = match identity.text(EXPRESSION)? {
        // AWS does not document whether the whole value must match; its own example implies it.
        Some(text) => Some(Regex::new(&format!("^(?:{text})$")).map_err(|error| {
            let expected = "a regular expression".to_owned();
            let found = format!("`{text}`: {error}");
            identity.error(EXPRESSION, Fault::Unexpected { expected, found })
        })?),
        None => None,
    };
    Ok(Identity::Token {
        header: identity
            .text("Header")?
            .unwrap_or_else(|| "Authorization".to_owned()),
        validation,
    })
}

/// The identity sources of an authorizer, in SAM's order.
pub(super) fn identity_sources(identity: &Part) -> Result<Vec<IdentitySource>, TemplateError> {
    type Source = fn(String) -> IdentitySource;
    let properties: [(&str, Source); 4] = [
        ("Headers", IdentitySource::Header),
        ("QueryStrings", IdentitySource::QueryString),
        ("StageVariables", IdentitySource::StageVariable),
        ("Context", IdentitySource::Context),
    ];
    let mut sources = Vec::new();
    for (property, source) in properties {
        sources.extend(identity.texts(property)?.into_iter().map(source));
    }
    Ok(sources)
}

fn sources(identity: &Part, ttl: u64) -> Result<Vec<IdentitySource>, TemplateError> {
    let sources = identity_sources(identity)?;
    if sources.is_empty() && ttl > 0 {
        let expected =
            "an identity source for a REQUEST authorizer with a cache, or ReauthorizeEvery: 0";
        return Err(identity.fault(Fault::Unexpected {
            expected: expected.to_owned(),
            found: "no identity source".to_owned(),
        }));
    }
    Ok(sources)
}
