//! API Gateway's proxy events and the answers to them. No other module parses or serialises their JSON.
//!
//! REST APIs and HTTP APIs with payload 1.0 send one form of event, HTTP APIs with payload 2.0 another. `lambda_http`
//! parses both, but keeps only the last value of a repeated header, and panics if the path is not a URI.

mod answer;
mod location;
mod members;
mod query;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header::MaxSizeReached};
use lambda_runtime::Diagnostic;
use lambda_support::{borrowed_text::BorrowedText, context::AuthorizerContext};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

pub use self::answer::Answer;
use self::{
    location::{FilledPath, base_url, inner_path, is_catch_all},
    members::Members,
    query::{decode_query, decoded_query},
};

/// A request of either kind of API.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// The path within this API, percent-encoded, without stage and base path.
    pub(crate) path: String,
    /// The URL of this API as the caller sees it, without a trailing slash.
    pub(crate) base_url: String,
    /// The decoded query parameters, in order. A repeated parameter occurs more than once.
    pub(crate) query: Vec<(String, String)>,
    /// All values of all headers.
    pub(crate) headers: HeaderMap,
    /// The names of headers with invalid values (RFC 9110, section 5.5), such as control characters. The request is
    /// rejected instead of answered as if the headers were missing, because their meaning is unknown.
    pub(crate) bad_headers: Vec<String>,
    /// The body; empty if there is none.
    pub(crate) body: Bytes,
    /// The authorizer's context; anonymous on a route without an authorizer.
    pub(crate) authorizer: AuthorizerContext,
    /// Whether the request came through a catch-all route such as `/{proxy+}` without our authorizer. API Gateway did
    /// not match its path to a route with an authorizer, so this function must not match it to such a route either.
    pub(crate) is_stray: bool,
    /// API Gateway's id of the request.
    pub(crate) request_id: String,
}

/// The event is not one of API Gateway's proxy events.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The JSON has an unknown form.
    #[error("expected a proxy event of a REST API or an HTTP API: {0}")]
    Shape(#[from] serde_json::Error),
    /// There is no valid method.
    #[error("expected a proxy event of a REST API or an HTTP API: it has no valid method")]
    Method,
    /// The event has more headers than a request can have: API Gateway limits the request line and all headers to
    /// 10,240 bytes.
    #[error("expected a proxy event of a REST API or an HTTP API: it has too many headers")]
    Headers(#[from] MaxSizeReached),
    #[error("expected a body in base64, as the event says: {0}")]
    Body(#[from] base64::DecodeError),
}

impl From<EventError> for Diagnostic {
    fn from(error: EventError) -> Self {
        Self {
            error_type: "UnknownEvent".to_owned(),
            error_message: error.to_string(),
        }
    }
}

/// The members of both forms of event. API Gateway omits members or sends null, so every member is optional. Strings
/// are borrowed from the event.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'e"))]
struct ProxyEvent<'e> {
    version: Option<BorrowedText<'e>>,
    http_method: Option<BorrowedText<'e>>,
    path: Option<BorrowedText<'e>>,
    resource: Option<BorrowedText<'e>>,
    headers: Option<Members<'e, Option<BorrowedText<'e>>>>,
    multi_value_headers: Option<Members<'e, Option<Vec<BorrowedText<'e>>>>>,
    query_string_parameters: Option<Members<'e, Option<BorrowedText<'e>>>>,
    multi_value_query_string_parameters: Option<Members<'e, Option<Vec<BorrowedText<'e>>>>>,
    path_parameters: Option<Members<'e, Option<BorrowedText<'e>>>>,
    raw_path: Option<BorrowedText<'e>>,
    raw_query_string: Option<BorrowedText<'e>>,
    route_key: Option<BorrowedText<'e>>,
    body: Option<BorrowedText<'e>>,
    is_base64_encoded: Option<bool>,
    request_context: Option<RequestContext<'e>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'e"))]
struct RequestContext<'e> {
    request_id: Option<BorrowedText<'e>>,
    stage: Option<BorrowedText<'e>>,
    path: Option<BorrowedText<'e>>,
    domain_name: Option<BorrowedText<'e>>,
    #[serde(borrow)]
    authorizer: Option<&'e RawValue>,
    http: Option<HttpContext<'e>>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'e"))]
struct HttpContext<'e> {
    method: Option<BorrowedText<'e>>,
}

#[derive(Deserialize)]
struct HttpAuthorizer<'e> {
    #[serde(borrow)]
    lambda: Option<&'e RawValue>,
}

/// Whether the context is from our authorizer.
fn is_from_our_authorizer(context: &RawValue) -> bool {
    Members::<IgnoredAny>::deserialize(context)
        .is_ok_and(|members| members.0.iter().any(|(name, _)| &**name == "signedIn"))
}

impl Request {
    /// Fails if the event is not one of API Gateway's proxy events.
    pub(crate) fn from_event(event: &str) -> Result<Self, EventError> {
        // Not parsed as a `Value`, because that treats some names specially and a query parameter may have any name.
        let event: ProxyEvent<'_> = serde_json::from_str(event)?;
        let context = event.request_context.unwrap_or_default();
        let is_v2 = event.version.as_deref() == Some("2.0");
        let method = if is_v2 {
            context.http.and_then(|http| http.method)
        } else {
            event.http_method
        };
        let method = method
            .and_then(|m| Method::from_bytes(m.as_bytes()).ok())
            .ok_or(EventError::Method)?;
        let (headers, bad_headers) =
            headers(event.headers.as_ref(), event.multi_value_headers.as_ref())?;

        let seen = if is_v2 { event.raw_path } else { event.path };
        let seen = seen.as_deref().unwrap_or_default();
        let route = if is_v2 {
            event.route_key
        } else {
            event.resource
        };
        let stage = context.stage.as_deref().filter(|_| is_v2);
        let inner = inner_path(seen, route.as_deref(), stage);
        let filled = event
            .path_parameters
            .filter(|_| is_v2)
            .and_then(|parameters| FilledPath::of(route.as_deref()?, &parameters));
        let (path, end) = match filled {
            Some(filled) if !filled.is_decoded_from(&inner) => {
                (filled.encoded.into(), filled.decoded.into())
            }
            _ => (inner.clone(), inner),
        };
        let outer = if is_v2 {
            seen
        } else {
            context.path.as_deref().unwrap_or(seen)
        };
        let prefix = outer
            .trim_end_matches('/')
            .strip_suffix(&*end)
            .unwrap_or_default();
        let base_url = base_url(&headers, context.domain_name.as_deref(), prefix);

        let query = match (is_v2, event.raw_query_string) {
            (true, raw) => decode_query(raw.as_deref().unwrap_or_default()),
            (false, _) => decoded_query(
                event.query_string_parameters,
                event.multi_value_query_string_parameters,
            ),
        };
        let body = event.body.map(BorrowedText::into_owned).unwrap_or_default();
        let body = if event.is_base64_encoded.unwrap_or_default() {
            STANDARD.decode(body)?
        } else {
            body.into()
        };
        // In an event of a REST API this member is the context. In an event of an HTTP API the context is in its member
        // `lambda`.
        let authorizer = context.authorizer.and_then(|authorizer| {
            if is_v2 {
                HttpAuthorizer::deserialize(authorizer).ok()?.lambda
            } else {
                Some(authorizer)
            }
        });
        // `$default` is not a catch-all route here: it may be the only route of an HTTP API, and without a context the
        // caller is anonymous anyway.
        let is_stray = route.as_deref().is_some_and(is_catch_all)
            && !authorizer.is_some_and(is_from_our_authorizer);
        Ok(Self {
            method,
            path: path.into_owned(),
            base_url,
            query,
            headers,
            bad_headers,
            body: body.into(),
            authorizer: authorizer.map_or(AuthorizerContext::Anonymous, AuthorizerContext::parse),
            is_stray,
            request_id: context
                .request_id
                .map(BorrowedText::into_owned)
                .unwrap_or_default(),
        })
    }
}

/// The headers, and the names of headers with invalid values. Headers with an invalid name are left out, because this
/// function does not use them.
fn headers(
    single: Option<&Members<'_, Option<BorrowedText<'_>>>>,
    multi: Option<&Members<'_, Option<Vec<BorrowedText<'_>>>>>,
) -> Result<(HeaderMap, Vec<String>), MaxSizeReached> {
    let mut headers = HeaderMap::new();
    let mut bad = Vec::new();
    let mut append = |name: &str, value: &str| {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
            return Ok(());
        };
        match HeaderValue::from_str(value) {
            Ok(value) => {
                headers.try_append(name, value)?;
            }
            Err(_) => bad.push(name.to_string()),
        }
        Ok(())
    };
    match multi.filter(|multi| !multi.0.is_empty()) {
        // The multi-value form includes the single values.
        Some(multi) => {
            for (name, values) in &multi.0 {
                for value in values.iter().flatten() {
                    append(name, value)?;
                }
            }
        }
        None => {
            for (name, value) in single.into_iter().flat_map(|single| &single.0) {
                if let Some(value) = value {
                    append(name, value)?;
                }
            }
        }
    }
    Ok((headers, bad))
}

#[cfg(test)]
mod tests;
