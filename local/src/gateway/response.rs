//! API Gateway's own answers, and their changes by a template's `GatewayResponses`.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use super::call::Call;
use crate::aws;
use crate::template::gateway_response::{CustomResponse, HeaderSource};

/// The reason why API Gateway itself answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GatewayError {
    /// The path has another stage, or none.
    UnknownStage,
    /// No resource has the path, or the resource does not have the method.
    MissingAuthenticationToken,
    /// The authorizer's identity source is missing, or the authorizer's error is exactly `Unauthorized`.
    Unauthorized,
    /// The authorizer failed, or its answer is malformed.
    AuthorizerConfiguration,
    /// The policy does not allow the method.
    AccessDenied {
        /// Whether a statement denies it, rather than none allowing it.
        explicit: bool,
    },
    /// The headers together are larger than 10,240 bytes.
    HeadersTooLarge,
    /// The body is larger than 10 MB, or than Lambda accepts.
    RequestTooLarge,
    /// The ARN of a method with an authorizer is longer than 1600 bytes.
    UriTooLong,
    /// The function failed, or its answer is malformed.
    BadIntegrationAnswer,
    /// The function exceeded the integration's timeout.
    IntegrationTimeout,
}

/// The response without a template's changes.
struct Standard {
    /// The type of the gateway response, and the type that applies if the template does not have it.
    kind: Option<(&'static str, &'static str)>,
    status: StatusCode,
    message: Option<&'static str>,
    error_type: &'static str,
}

impl GatewayError {
    /// The type of the gateway response; none for an answer that cannot be customised.
    pub(crate) const fn response_type(&self) -> Option<&'static str> {
        match self.standard().kind {
            Some((own, _)) => Some(own),
            None => None,
        }
    }

    pub(crate) const fn message(&self) -> Option<&'static str> {
        self.standard().message
    }

    const fn standard(&self) -> Standard {
        let (kind, status, message, error_type) = match self {
            // Not customisable, because the API is not known at this point.
            Self::UnknownStage => (
                None,
                StatusCode::FORBIDDEN,
                "Forbidden",
                "ForbiddenException",
            ),
            Self::HeadersTooLarge => (
                None,
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "Request Header Fields Too Large",
                "RequestHeaderFieldsTooLargeException",
            ),
            Self::UriTooLong => (
                None,
                StatusCode::URI_TOO_LONG,
                "Request URI too long",
                "RequestUriTooLongException",
            ),
            Self::MissingAuthenticationToken => (
                Some(("MISSING_AUTHENTICATION_TOKEN", "DEFAULT_4XX")),
                StatusCode::FORBIDDEN,
                "Missing Authentication Token",
                "MissingAuthenticationTokenException",
            ),
            Self::Unauthorized => (
                Some(("UNAUTHORIZED", "DEFAULT_4XX")),
                StatusCode::UNAUTHORIZED,
                "Unauthorized",
                "UnauthorizedException",
            ),
            Self::AccessDenied { explicit } => (
                Some(("ACCESS_DENIED", "DEFAULT_4XX")),
                StatusCode::FORBIDDEN,
                if *explicit {
                    "User is not authorized to access this resource with an explicit deny in an identity-based policy"
                } else {
                    "User is not authorized to access this resource"
                },
                "AccessDeniedException",
            ),
            Self::RequestTooLarge => (
                Some(("REQUEST_TOO_LARGE", "DEFAULT_4XX")),
                StatusCode::PAYLOAD_TOO_LARGE,
                "Request Too Long",
                "RequestTooLongException",
            ),
            Self::AuthorizerConfiguration => {
                return Standard {
                    kind: Some(("AUTHORIZER_CONFIGURATION_ERROR", "DEFAULT_5XX")),
                    status: StatusCode::INTERNAL_SERVER_ERROR,
                    message: None,
                    error_type: "AuthorizerConfigurationException",
                };
            }
            Self::BadIntegrationAnswer => (
                Some(("DEFAULT_5XX", "DEFAULT_5XX")),
                StatusCode::BAD_GATEWAY,
                "Internal server error",
                "InternalServerErrorException",
            ),
            Self::IntegrationTimeout => (
                Some(("INTEGRATION_TIMEOUT", "DEFAULT_5XX")),
                StatusCode::GATEWAY_TIMEOUT,
                "Endpoint request timed out",
                "InternalServerErrorException",
            ),
        };
        Standard {
            kind,
            status,
            message: Some(message),
            error_type,
        }
    }
}

fn header_value(source: &HeaderSource, context: &ResponseVariables<'_>) -> Option<HeaderValue> {
    let text = match source {
        HeaderSource::Text(value) => return Some(value.clone()),
        HeaderSource::Header(name) => context.call.header(name)?.to_owned(),
        HeaderSource::QueryString(name) => context.call.query_parameter(name)?.to_owned(),
        HeaderSource::Context(name) => context.variable(name)?,
    };
    HeaderValue::from_str(&text).ok()
}

/// The values of the variables of a gateway response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResponseVariables<'a> {
    pub(crate) call: &'a Call,
    pub(crate) stage: &'a str,
    pub(crate) variables: &'a BTreeMap<String, String>,
    /// The path of the resource, or the key of an HTTP API's route, once it is known.
    pub(crate) resource: Option<&'a str>,
    /// The authorizer's context and principal, once it has answered.
    pub(crate) authorizer: Option<&'a serde_json::Map<String, Value>>,
}

impl ResponseVariables<'_> {
    /// A variable of `$context`, without that prefix.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        let call = self.call;
        Some(match name {
            "requestId" | "extendedRequestId" => call.id.clone(),
            "httpMethod" => call.verb.clone(),
            "path" => call.full_path.clone(),
            "resourcePath" | "routeKey" => self.resource?.to_owned(),
            "stage" => self.stage.to_owned(),
            "apiId" | "domainPrefix" => aws::API_ID.to_owned(),
            "accountId" => aws::ACCOUNT.to_owned(),
            "domainName" => call.domain_name().to_owned(),
            "protocol" => call.protocol.clone(),
            "requestTimeEpoch" => call.at.as_millis().to_string(),
            "identity.sourceIp" => call.source_ip.to_string(),
            "identity.userAgent" => call.header("user-agent")?.to_owned(),
            _ => match self.authorizer?.get(name.strip_prefix("authorizer.")?)? {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            },
        })
    }
}

/// The response for an error, with the template's changes.
pub(crate) fn answer(
    error: &GatewayError,
    custom_responses: &BTreeMap<String, CustomResponse>,
    context: &ResponseVariables<'_>,
) -> Response<Bytes> {
    let standard = error.standard();
    let found = standard.kind.and_then(|(own, fallback)| {
        Some((
            own,
            custom_responses
                .get(own)
                .or_else(|| custom_responses.get(fallback))?,
        ))
    });
    let custom = found.map(|(_, custom)| custom);
    let (media_type, body) = match custom.and_then(|custom| template(&custom.templates)) {
        Some((media_type, template)) => (media_type, fill(template, &standard, context)),
        // The only body with `Message` instead of `message`.
        None if matches!(error, GatewayError::AccessDenied { .. }) => (
            "application/json",
            json!({"Message": standard.message}).to_string(),
        ),
        None => (
            "application/json",
            json!({"message": standard.message}).to_string(),
        ),
    };
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = custom
        .and_then(|custom| custom.status)
        .unwrap_or(standard.status);
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_str(media_type).unwrap_or(HeaderValue::from_static("application/json")),
    );
    headers.insert(
        "x-amzn-errortype",
        HeaderValue::from_static(standard.error_type),
    );
    for (name, source) in custom.iter().flat_map(|custom| &custom.headers) {
        if let Some(value) = header_value(source, context) {
            headers.insert(name.clone(), value);
        }
    }
    response
}

/// The template for JSON, else the first one.
fn template(templates: &BTreeMap<String, String>) -> Option<(&str, &str)> {
    let (media_type, template) = templates
        .get_key_value("application/json")
        .or_else(|| templates.iter().next())?;
    Some((media_type, template))
}

/// Replaces `$context.…`, `$stageVariables.…` and `$method.request.…`; these templates have no other language. A variable
/// without a value becomes the empty string.
fn fill(template: &str, standard: &Standard, context: &ResponseVariables<'_>) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        filled.push_str(before);
        let (braced, after) = after
            .strip_prefix('{')
            .map_or((false, after), |after| (true, after));
        let end = after
            .find(|character: char| {
                !(character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-'))
            })
            .unwrap_or(after.len());
        let (name, after) = after.split_at(end);
        // A full stop at the end of a sentence is not part of the name.
        let (name, stop) = name
            .strip_suffix('.')
            .map_or((name, ""), |name| (name, "."));
        match variable(name, standard, context) {
            Some(value) => filled.push_str(&value),
            None if name.is_empty() => filled.push('$'),
            None => {}
        }
        filled.push_str(stop);
        rest = if braced {
            after.strip_prefix('}').unwrap_or(after)
        } else {
            after
        };
    }
    filled.push_str(rest);
    filled
}

fn variable(name: &str, standard: &Standard, context: &ResponseVariables<'_>) -> Option<String> {
    if let Some(name) = name.strip_prefix("stageVariables.") {
        return context.variables.get(name).cloned();
    }
    if let Some(name) = name.strip_prefix("method.request.header.") {
        return context.call.header(name).map(str::to_owned);
    }
    if let Some(name) = name.strip_prefix("method.request.querystring.") {
        return context.call.query_parameter(name).map(str::to_owned);
    }
    match name.strip_prefix("context.")? {
        "error.message" => standard.message.map(str::to_owned),
        "error.messageString" => Some(json!(standard.message).to_string()),
        "error.responseType" => standard.kind.map(|(own, _)| own.to_owned()),
        other => context.variable(other),
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use lambda_support::clock::SystemClock;

    use super::*;
    use crate::template::context_variable::CONTEXT_VARIABLES;

    #[test]
    fn every_variable_of_an_identity_source_has_a_value() {
        let request = http::Request::get("/").header("Host", "a");
        let request = request
            .header("User-Agent", "b")
            .body(Bytes::new())
            .unwrap();
        let call = Call::new(&request, "/", IpAddr::from([127, 0, 0, 1]), &SystemClock);
        let variables = ResponseVariables {
            call: &call,
            stage: "prod",
            variables: &BTreeMap::new(),
            resource: Some("GET /"),
            authorizer: None,
        };
        for name in CONTEXT_VARIABLES {
            let value = variables.variable(name);
            assert!(value.is_some_and(|value| !value.is_empty()), "{name}");
        }
    }
}
