//! An OpenAPI document in `DefinitionBody`, as routes, authorizers, gateway responses and CORS.

mod names;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use self::names::{AUTHORIZER_OF_SAM, CORS_OF_SAM, RESPONSE_OF_SAM};
use super::api::{Integration, PayloadFormat, TemplateAuthorizer, TemplateRoute};
use super::document::OpenApiDefinition;
use super::error::{DefinitionError, TemplateError};
use super::function::FunctionDefinition;
use super::gateway_response;
use super::method::ANY;
use super::part::Part;
use super::product::Product;
use super::route_path::RoutePath;
use super::{http_api, rest_api};

const AUTHORIZER: &str = "x-amazon-apigateway-authorizer";
const INTEGRATION: &str = "x-amazon-apigateway-integration";

/// Reads the `DefinitionBody` of an API, if it has one.
pub(super) fn read(
    api: &Part,
    product: Product,
    functions: &[FunctionDefinition],
) -> Result<Option<OpenApiDefinition>, TemplateError> {
    if api.value("DefinitionBody").is_none() {
        return Ok(None);
    }
    let body = api.part("DefinitionBody")?;
    let mut document = OpenApiDefinition {
        binary_media_types: body.texts("x-amazon-apigateway-binary-media-types")?,
        ..OpenApiDefinition::default()
    };
    let schemes = [
        body.parts("securityDefinitions")?,
        body.part("components")?.parts("securitySchemes")?,
    ];
    for (name, scheme) in schemes.into_iter().flatten() {
        if let Some(authorizer) = authorizer(&scheme, product, functions)? {
            document.authorizers.insert(name, authorizer);
        }
    }
    for (kind, part) in body.parts("x-amazon-apigateway-gateway-responses")? {
        let response = gateway_response::read_one(&kind, &in_sam_form(&part)?);
        let response = response.map_err(|error| error.renamed(part.place(), &RESPONSE_OF_SAM))?;
        document.responses.insert(kind, response);
    }
    if body.value("x-amazon-apigateway-cors").is_some() {
        let cors = body.part("x-amazon-apigateway-cors")?;
        let read = http_api::cors_configuration(&capitalized(&cors)?);
        document.cors = Some(read.map_err(|error| error.renamed(cors.place(), &CORS_OF_SAM))?);
    }
    for (path, item) in body.parts("paths")? {
        for (verb, operation) in item.parts_where(is_verb)? {
            let read = route(&path, &verb, &operation, product, functions)?;
            document.routes.push(read);
        }
    }
    Ok(Some(document))
}

pub(super) fn is_verb(name: &str) -> bool {
    let verbs = [
        "delete", "get", "head", "options", "patch", "post", "put", ANY,
    ];
    verbs.contains(&name)
}

fn route(
    path: &str,
    verb: &str,
    operation: &Part,
    product: Product,
    functions: &[FunctionDefinition],
) -> Result<(TemplateRoute, bool), TemplateError> {
    let verb = (verb != ANY).then(|| verb.to_ascii_uppercase());
    let path = if http_api::is_default(path) && product == Product::Http && verb.is_none() {
        RoutePath::of_default_route()
    } else {
        RoutePath::parse(path).map_err(|fault| operation.fault(fault))?
    };
    let security = security(operation)?;
    let explicit = security.is_some();
    let (authorizer, scopes) = security.unwrap_or_default();
    let route = TemplateRoute {
        path,
        verb,
        integration: integration(operation, product, functions)?,
        authorizer,
        scopes,
        place: operation.place().to_owned(),
    };
    Ok((route, explicit))
}

/// The authorizer of an operation, which may be none, and its scopes.
type Security = (Option<String>, Vec<String>);

/// The `security` of an operation, if it has one.
fn security(operation: &Part) -> Result<Option<Security>, TemplateError> {
    let requirements = match operation.value("security") {
        None => return Ok(None),
        Some(Value::Array(requirements)) => requirements,
        Some(other) => {
            return Err(operation.error("security", super::part::unexpected("a list", other)));
        }
    };
    let expected = |what, found| operation.error("security", super::part::unexpected(what, found));
    let mut schemes = Vec::new();
    for requirement in requirements {
        let names = requirement.as_object();
        schemes.extend(names.ok_or_else(|| expected("a list of objects", requirement))?);
    }
    match schemes.as_slice() {
        // SAM adds its default authorizer also to an empty list.
        [] => Ok(None),
        [(name, _)] if *name == "NONE" => Ok(Some((None, Vec::new()))),
        [(name, scopes)] => {
            let texts = serde_json::from_value((*scopes).clone());
            let texts = texts.map_err(|_| expected("lists of strings as scopes", scopes))?;
            Ok(Some((Some((*name).clone()), texts)))
        }
        _ => {
            let why = "a method has one authorizer; expected one security requirement".to_owned();
            Err(operation.error("security", DefinitionError::NotSupported(why)))
        }
    }
}

fn integration(
    operation: &Part,
    product: Product,
    functions: &[FunctionDefinition],
) -> Result<Integration, TemplateError> {
    if operation.value(INTEGRATION).is_none() {
        return Err(operation.fault(DefinitionError::Missing(INTEGRATION)));
    }
    let integration = operation.part(INTEGRATION)?;
    let kind = integration.required_text("type")?;
    if !kind.eq_ignore_ascii_case("aws_proxy") {
        let why = format!("an integration of type {kind}; expected aws_proxy");
        return Err(integration.error("type", DefinitionError::NotSupported(why)));
    }
    let payload = match product {
        Product::Rest => None,
        Product::Http => http_api::payload(&integration, "payloadFormatVersion")?,
    };
    let timeout = integration.parsed("timeoutInMillis", "milliseconds")?;
    Ok(Integration::Function {
        name: function(&integration, "uri", functions)?,
        // When a document is imported, an HTTP API's integration without a version gets 1.0.
        payload: payload.unwrap_or(PayloadFormat::V1),
        timeout: Duration::from_millis(timeout.unwrap_or(product.default_timeout())),
    })
}

/// The function of an invocation URI or an ARN.
fn function(
    part: &Part,
    property: &'static str,
    functions: &[FunctionDefinition],
) -> Result<String, TemplateError> {
    let uri = part.required_text(property)?;
    let arn = uri
        .split_once("/functions/")
        .map_or(uri.as_str(), |(_, rest)| {
            rest.strip_suffix("/invocations").unwrap_or(rest)
        });
    rest_api::function_of(arn, functions)
        .map(|function| function.name.clone())
        .map_err(|fault| part.error(property, fault))
}

/// The authorizer of a security scheme, read as SAM's; none for a scheme without an authorizer.
fn authorizer(
    scheme: &Part,
    product: Product,
    functions: &[FunctionDefinition],
) -> Result<Option<TemplateAuthorizer>, TemplateError> {
    const TYPE: &str = "x-amazon-apigateway-authtype";
    if scheme.value(AUTHORIZER).is_none() {
        return match scheme.text(TYPE)? {
            None => Ok(None),
            Some(kind) => {
                let why = format!("authorization of type {kind}; expected an authorizer");
                Err(scheme.error(TYPE, DefinitionError::NotSupported(why)))
            }
        };
    }
    let part = scheme.part(AUTHORIZER)?;
    let kind = part.required_text("type")?;
    let sam = in_sam_properties(scheme, &part, &kind, product)?;
    let sam = Part::open(part.place(), sam)?;
    let read = match product {
        Product::Rest => rest_api::authorizer(&sam, functions),
        Product::Http => http_api::authorizer(&sam, functions),
    };
    let read = read.map_err(|error| error.renamed(part.place(), &AUTHORIZER_OF_SAM))?;
    Ok(Some(read))
}

/// The SAM properties of the same authorizer.
fn in_sam_properties(
    scheme: &Part,
    part: &Part,
    kind: &str,
    product: Product,
) -> Result<Value, TemplateError> {
    let mut sam = Map::new();
    if let Some(uri) = part.text("authorizerUri")? {
        let arn = uri
            .split_once("/functions/")
            .map_or(uri.as_str(), |(_, rest)| {
                rest.strip_suffix("/invocations").unwrap_or(rest)
            });
        sam.insert("FunctionArn".to_owned(), arn.into());
    }
    // SAM adds no permission for the authorizers of a document.
    if product == Product::Rest {
        sam.insert("DisableFunctionDefaultPermissions".to_owned(), true.into());
    }
    let role = part.value("authorizerCredentials").cloned();
    sam.extend(role.map(|role| ("FunctionInvokeRole".to_owned(), role)));
    let mut identity = Map::new();
    let ttl = part.value("authorizerResultTtlInSeconds").cloned();
    identity.extend(ttl.map(|ttl| ("ReauthorizeEvery".to_owned(), ttl)));
    let sources = part.texts("identitySource")?;
    let sources: Vec<_> = sources
        .iter()
        .flat_map(|source| source.split(','))
        .map(str::trim)
        .filter(|source| !source.is_empty())
        .collect();
    match (product, kind) {
        (Product::Rest, "token") => {
            let header = scheme
                .text("name")?
                .unwrap_or_else(|| "Authorization".to_owned());
            let named = sources
                .first()
                .and_then(|source| source.strip_prefix("method.request.header."));
            identity.insert("Header".to_owned(), named.unwrap_or(&header).into());
            let expression = part.value("identityValidationExpression").cloned();
            identity.extend(expression.map(|text| ("ValidationExpression".to_owned(), text)));
            sam.insert("FunctionPayloadType".to_owned(), "TOKEN".into());
        }
        (Product::Rest | Product::Http, "request") => {
            identity.extend(sources_by_property(part, &sources)?);
            if product == Product::Rest {
                sam.insert("FunctionPayloadType".to_owned(), "REQUEST".into());
            }
            for (name, property) in [
                (
                    "authorizerPayloadFormatVersion",
                    "AuthorizerPayloadFormatVersion",
                ),
                ("enableSimpleResponses", "EnableSimpleResponses"),
            ] {
                let value = part.value(name).cloned();
                sam.extend(value.map(|value| (property.to_owned(), value)));
            }
        }
        (Product::Http, "jwt") => {
            let configuration = part.value("jwtConfiguration").cloned().unwrap_or(json!({}));
            sam.insert("JwtConfiguration".to_owned(), configuration);
            sam.insert("IdentitySource".to_owned(), sources.join(",").into());
            return Ok(Value::Object(sam));
        }
        _ => {
            let why = format!("an authorizer of type {kind}");
            return Err(part.error("type", DefinitionError::NotSupported(why)));
        }
    }
    if !identity.is_empty() {
        sam.insert("Identity".to_owned(), Value::Object(identity));
    }
    Ok(Value::Object(sam))
}

/// Identity sources by the SAM property for them.
fn sources_by_property(
    part: &Part,
    sources: &[&str],
) -> Result<Vec<(String, Value)>, TemplateError> {
    const PREFIXES: [(&str, &str); 8] = [
        ("method.request.header.", "Headers"),
        ("method.request.querystring.", "QueryStrings"),
        ("stageVariables.", "StageVariables"),
        ("context.", "Context"),
        ("$request.header.", "Headers"),
        ("$request.querystring.", "QueryStrings"),
        ("$stageVariables.", "StageVariables"),
        ("$context.", "Context"),
    ];
    let mut properties: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for source in sources {
        let found = PREFIXES
            .iter()
            .find_map(|(prefix, property)| Some((*property, source.strip_prefix(prefix)?)));
        let Some((property, name)) = found else {
            let expected = "identity sources such as method.request.header.NAME".to_owned();
            let found = format!("`{source}`");
            return Err(part.error(
                "identitySource",
                DefinitionError::Unexpected { expected, found },
            ));
        };
        properties.entry(property).or_default().push(name);
    }
    Ok(properties
        .into_iter()
        .map(|(property, names)| (property.to_owned(), json!(names)))
        .collect())
}

/// A gateway response with the names of SAM.
fn in_sam_form(part: &Part) -> Result<Part, TemplateError> {
    const HEADER: &str = "gatewayresponse.header.";
    let mut headers = Map::new();
    for (name, value) in part.text_map("responseParameters")? {
        let Some(header) = name.strip_prefix(HEADER) else {
            let expected = format!("{HEADER}NAME");
            let found = format!("`{name}`");
            return Err(part.error(
                "responseParameters",
                DefinitionError::Unexpected { expected, found },
            ));
        };
        headers.insert(header.to_owned(), value.into());
    }
    let value = |name: &str| part.value(name).cloned().unwrap_or_default();
    Part::open(
        part.place(),
        json!({
            "StatusCode": value("statusCode"),
            "ResponseTemplates": value("responseTemplates"),
            "ResponseParameters": {"Headers": headers},
        }),
    )
}

/// The same members with capitalized names, as SAM writes them.
fn capitalized(part: &Part) -> Result<Part, TemplateError> {
    let members: Map<String, Value> = part
        .names()
        .map(|name| {
            let (first, rest) = name.split_at(name.len().min(1));
            let value = part.value(name).cloned().unwrap_or_default();
            (format!("{}{rest}", first.to_ascii_uppercase()), value)
        })
        .collect();
    Part::open(part.place(), Value::Object(members))
}
