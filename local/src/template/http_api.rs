//! `AWS::Serverless::HttpApi` and the `HttpApi` events of functions, as routes and authorizers.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::api::{
    Api, ApiKind, CorsConfiguration, DEFAULT_STAGE, Identity, IdentitySource, Integration,
    InvokePermission, JwtAuthorizer, LambdaAuthorizer, PayloadFormat, TemplateAuthorizer,
    TemplateRoute,
};
use super::document::OpenApiDefinition;
use super::error::{DefinitionError, TemplateError};
use super::function::FunctionDefinition;
use super::method::{is_any, verb};
use super::part::Part;
use super::product::Product;
use super::rest_api::{
    Event, add, check_variables, function, has_role, identity_sources, known, ttl,
};
use super::route_path::RoutePath;

/// AWS's quota: the time limit of a Lambda authorizer.
const MAX_AUTHORIZER_TIME: Duration = Duration::from_secs(10);

/// Reads an HTTP API and the routes of the events that belong to it.
pub(super) fn read(
    api: &Part,
    document: Option<OpenApiDefinition>,
    events: &[&Event],
    functions: &[FunctionDefinition],
) -> Result<Api, TemplateError> {
    const DEFAULT: &str = "DefaultAuthorizer";
    let auth = api.part("Auth")?;
    let has_document = document.is_some();
    let document = document.unwrap_or_default();
    let mut authorizers = document.authorizers;
    let mut scopes = BTreeMap::new();
    for (name, part) in auth.parts("Authorizers")? {
        scopes.insert(name.clone(), part.texts("AuthorizationScopes")?);
        authorizers.insert(name, authorizer(&part, functions)?);
    }
    let default = auth.text(DEFAULT)?;
    if let Some(name) = &default {
        known(name, &authorizers).map_err(|fault| auth.error(DEFAULT, fault))?;
    }
    let mut routes = Vec::new();
    for (mut route, explicit) in document.routes {
        // SAM does not set the default authorizer on `OPTIONS`.
        let preflight = route.verb.as_deref() == Some("OPTIONS");
        match &route.authorizer {
            Some(name) => known(name, &authorizers)
                .map_err(|fault| TemplateError::at(format!("{}/security", route.place), fault))?,
            None if !explicit && !preflight => route.authorizer.clone_from(&default),
            None => {}
        }
        inherit_scopes(&mut route, &scopes, &authorizers)?;
        add(route, &mut routes)?;
    }
    // With a document, SAM reads no routes from events.
    for event in events.iter().filter(|_| !has_document) {
        let mut route = route(event, default.as_deref(), &authorizers)?;
        inherit_scopes(&mut route, &scopes, &authorizers)?;
        add(route, &mut routes)?;
    }
    let stage = api.text("StageName")?;
    Ok(Api {
        stage: stage.unwrap_or_else(|| DEFAULT_STAGE.to_owned()),
        routes,
        authorizers,
        variables: api.text_map("StageVariables")?,
        kind: ApiKind::Http {
            cors: cors(api)?.or(document.cors),
        },
    })
}

/// Gives a route without scopes the scopes of its authorizer. Only JWT authorizers have scopes.
fn inherit_scopes(
    route: &mut TemplateRoute,
    scopes: &BTreeMap<String, Vec<String>>,
    authorizers: &BTreeMap<String, TemplateAuthorizer>,
) -> Result<(), TemplateError> {
    let name = route.authorizer.as_ref();
    if route.scopes.is_empty() {
        let inherited = name.and_then(|name| scopes.get(name));
        route.scopes = inherited.cloned().unwrap_or_default();
        return Ok(());
    }
    match name.and_then(|name| authorizers.get(name)) {
        Some(TemplateAuthorizer::Jwt(_)) => Ok(()),
        _ => {
            let why = "scopes; only JWT authorizers have them".to_owned();
            Err(TemplateError::at(
                &route.place,
                DefinitionError::NotSupported(why),
            ))
        }
    }
}

fn route(
    event: &Event,
    default: Option<&str>,
    authorizers: &BTreeMap<String, TemplateAuthorizer>,
) -> Result<TemplateRoute, TemplateError> {
    let Event {
        function,
        properties,
        ..
    } = event;
    let (verb, path) = match (properties.text("Method")?, properties.text("Path")?) {
        (None, None) => (None, RoutePath::of_default_route()),
        (Some(method), Some(path)) if is_default(&path) && is_any(&method) => {
            (None, RoutePath::of_default_route())
        }
        (Some(method), Some(path)) => {
            let path = RoutePath::parse(&path).map_err(|fault| properties.error("Path", fault))?;
            let verb = verb(&method).map_err(|fault| properties.error("Method", fault))?;
            (verb, path)
        }
        (None, Some(_)) => return Err(properties.fault(DefinitionError::Missing("Method"))),
        (Some(_), None) => return Err(properties.fault(DefinitionError::Missing("Path"))),
    };
    let auth = properties.part("Auth")?;
    let preflight = verb.as_deref() == Some("OPTIONS");
    let authorizer = match auth.text("Authorizer")? {
        Some(none) if none == "NONE" => None,
        Some(name) => {
            known(&name, authorizers).map_err(|fault| auth.error("Authorizer", fault))?;
            Some(name)
        }
        // SAM does not set the default authorizer on `OPTIONS`.
        None => default.filter(|_| !preflight).map(str::to_owned),
    };
    let timeout = properties.parsed("TimeoutInMillis", "milliseconds")?;
    Ok(TemplateRoute {
        path,
        verb,
        integration: Integration::Function {
            name: function.clone(),
            payload: payload(properties, "PayloadFormatVersion")?.unwrap_or(PayloadFormat::V2),
            timeout: Duration::from_millis(timeout.unwrap_or(Product::Http.default_timeout())),
        },
        scopes: auth.texts("AuthorizationScopes")?,
        authorizer,
        place: properties.place().to_owned(),
    })
}

/// Whether a path with ANY is the default route. API Gateway exports it with a slash, and SAM adds one.
pub(super) fn is_default(path: &str) -> bool {
    path.strip_prefix('/').unwrap_or(path) == DEFAULT_STAGE
}

pub(super) fn payload(part: &Part, property: &str) -> Result<Option<PayloadFormat>, TemplateError> {
    match part.text(property)?.as_deref() {
        None => Ok(None),
        Some("1.0") => Ok(Some(PayloadFormat::V1)),
        Some("2.0") => Ok(Some(PayloadFormat::V2)),
        Some(other) => {
            let expected = "\"1.0\" or \"2.0\"".to_owned();
            let found = format!("`{other}`");
            Err(part.error(property, DefinitionError::Unexpected { expected, found }))
        }
    }
}

pub(super) fn authorizer(
    part: &Part,
    functions: &[FunctionDefinition],
) -> Result<TemplateAuthorizer, TemplateError> {
    const LAMBDA: [&str; 5] = [
        "AuthorizerPayloadFormatVersion",
        "EnableFunctionDefaultPermissions",
        "EnableSimpleResponses",
        "FunctionArn",
        "Identity",
    ];
    const JWT: [&str; 3] = ["AuthorizationScopes", "IdentitySource", "JwtConfiguration"];
    let is_jwt = part.value("JwtConfiguration").is_some();
    let (own, others, kind) = if is_jwt {
        (JWT.as_slice(), LAMBDA.as_slice(), "JWT")
    } else {
        (LAMBDA.as_slice(), JWT.as_slice(), "Lambda")
    };
    if let Some(other) = others.iter().find(|name| part.value(name).is_some()) {
        let what = format!("property of a {kind} authorizer");
        let expected = own.join(", ");
        return Err(part.error(other, DefinitionError::Unknown { what, expected }));
    }
    if is_jwt {
        return jwt_authorizer(part).map(TemplateAuthorizer::Jwt);
    }
    lambda_authorizer(part, functions).map(TemplateAuthorizer::Lambda)
}

fn jwt_authorizer(part: &Part) -> Result<JwtAuthorizer, TemplateError> {
    const SOURCE: &str = "IdentitySource";
    let source = part.required_text(SOURCE)?;
    let source = if let Some(name) = source.strip_prefix("$request.header.") {
        IdentitySource::Header(name.to_owned())
    } else if let Some(name) = source.strip_prefix("$request.querystring.") {
        IdentitySource::QueryString(name.to_owned())
    } else {
        let expected = "$request.header.NAME or $request.querystring.NAME".to_owned();
        let found = format!("`{source}`");
        return Err(part.error(SOURCE, DefinitionError::Unexpected { expected, found }));
    };
    let configuration = part.part("JwtConfiguration")?;
    let issuer = match configuration.text("issuer")? {
        Some(issuer) => issuer,
        None => configuration.required_text("Issuer")?,
    };
    let mut audience = configuration.texts("audience")?;
    audience.extend(configuration.texts("Audience")?);
    if audience.is_empty() {
        return Err(configuration.fault(DefinitionError::Missing("audience")));
    }
    Ok(JwtAuthorizer {
        issuer,
        audience,
        source,
    })
}

fn lambda_authorizer(
    part: &Part,
    functions: &[FunctionDefinition],
) -> Result<LambdaAuthorizer, TemplateError> {
    const VERSION: &str = "AuthorizerPayloadFormatVersion";
    const SIMPLE: &str = "EnableSimpleResponses";
    let function = function(part, "FunctionArn", functions)?;
    let payload =
        payload(part, VERSION)?.ok_or_else(|| part.fault(DefinitionError::Missing(VERSION)))?;
    let simple = part.boolean(SIMPLE)?.unwrap_or(false);
    if simple && payload == PayloadFormat::V1 {
        let expected = format!("{VERSION} \"2.0\" with simple responses");
        let found = "\"1.0\"".to_owned();
        return Err(part.error(SIMPLE, DefinitionError::Unexpected { expected, found }));
    }
    let by_default = part
        .boolean("EnableFunctionDefaultPermissions")?
        .unwrap_or(false);
    let identity = part.part("Identity")?;
    let sources = identity_sources(&identity)?;
    check_variables(&identity)?;
    // AWS does not document the default, and SAM sets none.
    let ttl = ttl(&identity)?.unwrap_or(0);
    if ttl > 0 && sources.is_empty() {
        let expected = "an identity source for an authorizer with a cache".to_owned();
        let found = "no identity source".to_owned();
        return Err(identity.fault(DefinitionError::Unexpected { expected, found }));
    }
    Ok(LambdaAuthorizer {
        function: function.name.clone(),
        identity: Identity::Http {
            sources,
            payload,
            simple,
        },
        ttl: Duration::from_secs(ttl),
        limit: Some(MAX_AUTHORIZER_TIME),
        permission: InvokePermission::granted_if(has_role(part) || by_default),
        place: part.place().to_owned(),
    })
}

/// `CorsConfiguration`: `true` is every origin.
fn cors(api: &Part) -> Result<Option<CorsConfiguration>, TemplateError> {
    const PROPERTY: &str = "CorsConfiguration";
    let cors = match api.value(PROPERTY) {
        None | Some(Value::Bool(false)) => return Ok(None),
        Some(Value::Bool(true)) => {
            return Ok(Some(CorsConfiguration {
                origins: vec!["*".to_owned()],
                ..CorsConfiguration::default()
            }));
        }
        Some(_) => api.part(PROPERTY)?,
    };
    cors_configuration(&cors).map(Some)
}

/// Reads the members of a CORS configuration.
pub(super) fn cors_configuration(cors: &Part) -> Result<CorsConfiguration, TemplateError> {
    let read = CorsConfiguration {
        origins: cors.texts("AllowOrigins")?,
        methods: cors.texts("AllowMethods")?,
        headers: cors.texts("AllowHeaders")?,
        exposed: cors.texts("ExposeHeaders")?,
        max_age: cors.parsed("MaxAge", "a number of seconds")?,
        credentials: cors.boolean("AllowCredentials")?.unwrap_or(false),
    };
    if read.credentials && read.origins.iter().any(|origin| origin == "*") {
        let expected = "origins other than * with AllowCredentials".to_owned();
        let found = "*".to_owned();
        return Err(cors.error(
            "AllowOrigins",
            DefinitionError::Unexpected { expected, found },
        ));
    }
    Ok(read)
}
