//! Builds answers and their headers.

use http::{
    HeaderName, HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use serde::Serialize;

use crate::problem::Problem;

/// Browsers may cache the answer, but must revalidate it before each use, because visibility can change.
pub(super) const REVALIDATE: &str = "private, no-cache";

pub(super) fn json(
    status: StatusCode,
    cache: &'static str,
    body: &impl Serialize,
) -> Result<Response<String>, Problem> {
    let text = serde_json::to_string(body).map_err(|error| Problem::Internal(error.to_string()))?;
    let mut response = empty(status);
    *response.body_mut() = text;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    Ok(response)
}

/// An answer without a body.
pub(super) fn empty(status: StatusCode) -> Response<String> {
    let mut response = Response::new(String::new());
    *response.status_mut() = status;
    response
}

/// Sets a header to a value that this function built or checked.
pub(super) fn set(
    response: &mut Response<String>,
    name: HeaderName,
    value: &str,
) -> Result<(), Problem> {
    let value =
        HeaderValue::from_str(value).map_err(|error| Problem::Internal(error.to_string()))?;
    response.headers_mut().insert(name, value);
    Ok(())
}
