//! `AWS::Serverless::Api` and the `Api` events of functions, as routes, authorizers and gateway responses.

mod authorizer;
mod cors;

use std::collections::BTreeMap;
use std::time::Duration;

use self::authorizer::DefaultAuthorizer;
pub(super) use self::authorizer::{
    authorizer, check_variables, function, function_of, has_role, identity_sources, known, ttl,
};
use super::absent_method::AbsentMethod;
use super::api::{Api, ApiKind, Integration, PayloadFormat, TemplateAuthorizer, TemplateRoute};
use super::document::OpenApiDefinition;
use super::error::{DefinitionError, TemplateError};
use super::function::FunctionDefinition;
use super::gateway_response;
use super::method;
use super::part::Part;
use super::product::Product;
use super::route_path::RoutePath;

/// An event of a function that is a route of an API.
pub(super) struct Event {
    pub(super) product: Product,
    pub(super) function: String,
    pub(super) properties: Part,
}

/// Reads a REST API and the routes of the events that belong to it.
pub(super) fn read(
    api: &Part,
    document: Option<OpenApiDefinition>,
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
    let mut routes: Vec<TemplateRoute> = Vec::new();
    let own = auth.part("Authorizers")?;
    for (mut route, explicit) in document.routes {
        let added = default.of(route.verb.as_deref());
        let at_security = |fault| TemplateError::at(format!("{}/security", route.place), fault);
        match &route.authorizer {
            // SAM knows only its own authorizers, and adds the default authorizer to any other.
            Some(name) if added.is_some() && own.value(name).is_none() => {
                let why = "the DefaultAuthorizer of the API is added to this one".to_owned();
                return Err(at_security(DefinitionError::NotSupported(why)));
            }
            Some(name) => known(name, &authorizers).map_err(at_security)?,
            None if !explicit => route.authorizer = added,
            None => {}
        }
        add(route, &mut routes)?;
    }
    // With a document, SAM reads no routes from events.
    for event in events.iter().filter(|_| !has_document) {
        add(route(event, &default, &authorizers)?, &mut routes)?;
    }
    cors::add_preflights(api, &default, absent, &mut routes)?;
    let mut media_types = api.texts("BinaryMediaTypes")?;
    media_types.extend(document.binary_media_types);
    let mut responses = document.responses;
    responses.extend(gateway_response::read(api)?);
    Ok(Api {
        stage: api.required_text("StageName")?,
        routes,
        authorizers,
        variables: api.text_map("Variables")?,
        kind: ApiKind::Rest {
            responses,
            binary_media_types: media_types
                .iter()
                .map(|media_type| media_type.replace("~1", "/"))
                .collect(),
        },
    })
}

/// Adds a route. Its method and path must not be defined already.
pub(super) fn add(
    route: TemplateRoute,
    routes: &mut Vec<TemplateRoute>,
) -> Result<(), TemplateError> {
    let same =
        |other: &&TemplateRoute| route.verb == other.verb && route.path.overlaps(&other.path);
    if let Some(other) = routes.iter().find(same) {
        let duplicate = DefinitionError::Duplicate(other.place.clone());
        return Err(TemplateError::at(route.place, duplicate));
    }
    routes.push(route);
    Ok(())
}

fn route(
    event: &Event,
    default: &DefaultAuthorizer,
    authorizers: &BTreeMap<String, TemplateAuthorizer>,
) -> Result<TemplateRoute, TemplateError> {
    let Event {
        function,
        properties,
        ..
    } = event;
    let verb = method::verb(&properties.required_text("Method")?)
        .map_err(|fault| properties.error("Method", fault))?;
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
    Ok(TemplateRoute {
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
