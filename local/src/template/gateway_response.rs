//! `GatewayResponses`: a template's changes of API Gateway's own answers.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue, StatusCode};

use super::error::{DefinitionError, TemplateError};
use super::part::Part;

/// Every type of gateway response that API Gateway has.
const TYPES: [&str; 21] = [
    "ACCESS_DENIED",
    "API_CONFIGURATION_ERROR",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "AUTHORIZER_FAILURE",
    "BAD_REQUEST_BODY",
    "BAD_REQUEST_PARAMETERS",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "EXPIRED_TOKEN",
    "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT",
    "INVALID_API_KEY",
    "INVALID_SIGNATURE",
    "MISSING_AUTHENTICATION_TOKEN",
    "QUOTA_EXCEEDED",
    "REQUEST_TOO_LARGE",
    "RESOURCE_NOT_FOUND",
    "THROTTLED",
    "UNAUTHORIZED",
    "UNSUPPORTED_MEDIA_TYPE",
    "WAF_FILTERED",
];

/// A template's changes of one type of gateway response.
#[derive(Clone, Debug, Default)]
pub struct CustomResponse {
    pub status: Option<StatusCode>,
    pub headers: Vec<(HeaderName, HeaderSource)>,
    /// The body, by media type.
    pub templates: BTreeMap<String, String>,
}

/// The source of a header's value in a gateway response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderSource {
    /// `'text'`.
    Text(HeaderValue),
    /// `method.request.header.NAME`.
    Header(String),
    /// `method.request.querystring.NAME`.
    QueryString(String),
    /// `context.NAME`.
    Context(String),
}

/// Reads the gateway responses of a REST API, by type.
pub(super) fn read(api: &Part) -> Result<BTreeMap<String, CustomResponse>, TemplateError> {
    let mut responses = BTreeMap::new();
    for (kind, part) in api.parts("GatewayResponses")? {
        let response = read_one(&kind, &part)?;
        responses.insert(kind, response);
    }
    Ok(responses)
}

/// Reads one gateway response of a type.
pub(super) fn read_one(kind: &str, part: &Part) -> Result<CustomResponse, TemplateError> {
    if !TYPES.contains(&kind) {
        let what = "type of gateway response".to_owned();
        let expected = TYPES.join(", ");
        return Err(part.fault(DefinitionError::Unknown { what, expected }));
    }
    response(part)
}

fn response(part: &Part) -> Result<CustomResponse, TemplateError> {
    let code = part.parsed::<u16>("StatusCode", "a status code")?;
    let status = code
        .map(|code| {
            StatusCode::from_u16(code).map_err(|_| {
                let expected = "a status code".to_owned();
                let found = code.to_string();
                part.error(
                    "StatusCode",
                    DefinitionError::Unexpected { expected, found },
                )
            })
        })
        .transpose()?;
    let parameters = part.part("ResponseParameters")?;
    let place = parameters.part("Headers")?;
    let mut headers = Vec::new();
    for (name, value) in parameters.text_map("Headers")? {
        let source = HeaderSource::parse(&value).map_err(|fault| place.error(&name, fault))?;
        let header = name.parse().map_err(|_| {
            let expected = "the name of a header".to_owned();
            let found = format!("`{name}`");
            place.error(&name, DefinitionError::Unexpected { expected, found })
        })?;
        headers.push((header, source));
    }
    Ok(CustomResponse {
        status,
        headers,
        templates: part.text_map("ResponseTemplates")?,
    })
}

impl HeaderSource {
    fn parse(text: &str) -> Result<Self, DefinitionError> {
        if let Some(value) = quoted(text) {
            return Ok(Self::Text(value));
        }
        let source = if let Some(name) = text.strip_prefix("method.request.header.") {
            Self::Header(name.to_owned())
        } else if let Some(name) = text.strip_prefix("method.request.querystring.") {
            Self::QueryString(name.to_owned())
        } else if let Some(name) = text.strip_prefix("context.") {
            Self::Context(name.to_owned())
        } else {
            return Err(DefinitionError::Unexpected {
                expected:
                    "'text' in single quotes, method.request.header.NAME, method.request.querystring.NAME or context.NAME"
                        .to_owned(),
                found: format!("`{text}`"),
            });
        };
        Ok(source)
    }
}

/// The header value between single quotes, which is how API Gateway writes a constant.
pub(super) fn quoted(text: &str) -> Option<HeaderValue> {
    let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
    HeaderValue::from_str(inner).ok()
}
