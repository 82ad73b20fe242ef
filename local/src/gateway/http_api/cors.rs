//! The gateway's own CORS of an HTTP API, which replaces the headers of the functions.

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use super::super::call::Call;
use crate::template::api::CorsConfiguration;

/// The headers that only the gateway sets.
const HEADERS: [HeaderName; 6] = [
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE,
];

pub(crate) fn is_preflight(call: &Call) -> bool {
    call.verb == "OPTIONS"
        && call.header("origin").is_some()
        && call.header("access-control-request-method").is_some()
}

/// The answer to a preflight, independent of the routes. [`apply`] adds the origin.
pub(crate) fn preflight(cors: &CorsConfiguration, call: &Call) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    if allowed_origin(cors, call).is_some() {
        let headers = response.headers_mut();
        set(
            headers,
            ACCESS_CONTROL_ALLOW_METHODS,
            &cors.methods.join(","),
        );
        set(
            headers,
            ACCESS_CONTROL_ALLOW_HEADERS,
            &cors.headers.join(","),
        );
        let max_age = cors.max_age.map(|seconds| seconds.to_string());
        set(
            headers,
            ACCESS_CONTROL_MAX_AGE,
            &max_age.unwrap_or_default(),
        );
    }
    response
}

/// Sets the CORS headers of an answer, and drops the function's own, unless the answer is that of a preflight.
pub(crate) fn apply(cors: &CorsConfiguration, call: &Call, headers: &mut HeaderMap) {
    if !is_preflight(call) {
        for name in HEADERS {
            headers.remove(name);
        }
    }
    let Some(origin) = allowed_origin(cors, call) else {
        return;
    };
    set(headers, ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    if cors.credentials {
        set(headers, ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
    }
    set(
        headers,
        ACCESS_CONTROL_EXPOSE_HEADERS,
        &cors.exposed.join(","),
    );
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value)
        && !value.is_empty()
    {
        headers.insert(name, value);
    }
}

/// The value of `Access-Control-Allow-Origin`; none if the request's origin is not allowed.
fn allowed_origin<'a>(cors: &CorsConfiguration, call: &'a Call) -> Option<&'a str> {
    let origin = call.header("origin")?;
    cors.origins
        .iter()
        .find_map(|allowed| match allowed.as_str() {
            "*" => Some("*"),
            "https://*" | "http://*" => {
                let scheme = allowed.trim_end_matches('*');
                origin.starts_with(scheme).then_some(origin)
            }
            exact => (exact == origin).then_some(origin),
        })
}
