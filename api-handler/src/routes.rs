//! Which request goes where.

mod document;
mod list;
mod openapi;
mod session;
mod state;

use http::{
    HeaderMap, HeaderValue, Method, Response, StatusCode,
    header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE},
};
use lambda_support::clock::Clock;
use percent_encoding::percent_decode_str;
use serde::Serialize;

use crate::{
    caller::Caller,
    event::Request,
    problem::{Fault, Problem},
    store::Store,
};

/// The largest request body. The memory that a request takes is a multiple of it.
const MAX_BODY_BYTES: usize = 512 * 1024;

/// Kept by the browser, but asked about each time: what a caller may see can change.
const REVALIDATE: &str = "private, no-cache";

/// What a route has to work with.
#[derive(Debug)]
pub struct Context<'a> {
    /// The request.
    pub request: &'a Request,
    /// Who sent it.
    pub caller: &'a Caller,
    /// The resources.
    pub store: &'a Store,
    /// The time.
    pub clock: &'a dyn Clock,
}

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// `/session`
    Session,
    /// `/state`
    List,
    /// `/state/{id}`, the id as text.
    State(String),
    /// `/openapi.json`
    OpenApi,
    /// Any other path.
    Unknown,
}

impl Route {
    /// Reads a path. Only an id is decoded: `/state/%61` is `/state/a` (RFC 3986, 6.2.2.2), and `%2F` makes no new
    /// segment. What is not an id API Gateway compares as it was sent, and so must this: else `/%73ession`, which is not
    /// `/session` there, would be answered without the authorizer of `/session`.
    #[must_use]
    pub fn of(path: &str) -> Self {
        let segments: Vec<_> = path.split('/').skip(1).collect();
        match segments.as_slice() {
            ["session"] => Self::Session,
            ["state"] => Self::List,
            ["state", id] if !id.is_empty() => {
                Self::State(percent_decode_str(id).decode_utf8_lossy().into_owned())
            }
            ["openapi.json"] => Self::OpenApi,
            _ => Self::Unknown,
        }
    }

    /// The methods of the path, as `Allow` names them.
    fn methods(&self) -> &'static str {
        match self {
            Self::Session | Self::List | Self::OpenApi => "GET, OPTIONS",
            Self::State(_) => "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
            Self::Unknown => "",
        }
    }

    /// The route as the template has it, for the log.
    #[must_use]
    pub fn template(&self) -> &'static str {
        match self {
            Self::Session => "/session",
            Self::List => "/state",
            Self::State(_) => "/state/{id}",
            Self::OpenApi => "/openapi.json",
            Self::Unknown => "unknown",
        }
    }
}

/// Answers a request.
///
/// `HEAD` is there where the template has an authorizer for it; elsewhere it would be answered as nobody's.
///
/// # Errors
/// Each says what the caller is to be told.
pub async fn dispatch(route: &Route, context: &Context<'_>) -> Result<Response<String>, Problem> {
    let request = context.request;
    if request.body.len() > MAX_BODY_BYTES {
        return Err(Problem::BodyTooLarge(MAX_BODY_BYTES));
    }
    if !request.bad_headers.is_empty() {
        let fault = |name| {
            Fault::new(
                format!("#/{name}"),
                "expected a value without control characters",
            )
        };
        return Err(Problem::BadRequest(
            request.bad_headers.iter().map(fault).collect(),
        ));
    }
    match (route, &request.method) {
        (Route::Unknown, _) => Err(Problem::NotFound),
        (_, &Method::OPTIONS) => options(route),
        (Route::Session, &Method::GET) => session::get(context),
        (Route::List, &Method::GET) => list::get(context).await,
        (Route::State(id), &Method::GET) => state::get(context, id).await,
        (Route::State(id), &Method::HEAD) => state::head(context, id).await,
        (Route::State(id), &Method::PUT) => state::put(context, id).await,
        (Route::State(id), &Method::PATCH) => state::patch(context, id).await,
        (Route::State(id), &Method::DELETE) => state::delete(context, id).await,
        (Route::OpenApi, &Method::GET) => openapi::get(context),
        _ => Err(Problem::MethodNotAllowed(route.methods())),
    }
}

/// `OPTIONS` (RFC 9110, 9.3.7): which methods there are, for whoever asks. Preflights of an origin that is allowed are
/// answered before.
fn options(route: &Route) -> Result<Response<String>, Problem> {
    let mut response = Response::new(String::new());
    set(&mut response, ALLOW, route.methods())?;
    Ok(response)
}

/// A JSON answer.
fn json(
    status: StatusCode,
    cache: &'static str,
    body: &impl Serialize,
) -> Result<Response<String>, Problem> {
    let text = serde_json::to_string(body).map_err(|error| Problem::Internal(error.to_string()))?;
    let mut response = Response::new(text);
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    Ok(response)
}

/// Sets a header whose value is made of text that this function checked or made.
fn set(
    response: &mut Response<String>,
    name: http::HeaderName,
    value: &str,
) -> Result<(), Problem> {
    let value =
        HeaderValue::from_str(value).map_err(|error| Problem::Internal(error.to_string()))?;
    response.headers_mut().insert(name, value);
    Ok(())
}

/// Checks that the caller accepts JSON (RFC 9110, 12.5.1): the most specific range that fits decides.
fn accept_json(headers: &HeaderMap) -> Result<(), Problem> {
    let ranges: Vec<&str> = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .collect();
    if ranges.iter().all(|range| range.trim().is_empty()) {
        return Ok(());
    }
    let weight_of = |wanted: &str| {
        ranges.iter().find_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next()?;
            let weight = parts.find_map(|p| p.strip_prefix("q=").or_else(|| p.strip_prefix("Q=")));
            name.eq_ignore_ascii_case(wanted)
                .then(|| weight.and_then(|q| q.parse::<f32>().ok()).unwrap_or(1.0))
        })
    };
    let weight = ["application/json", "application/*", "*/*"]
        .into_iter()
        .find_map(weight_of);
    if weight.is_some_and(|weight| weight > 0.0) {
        Ok(())
    } else {
        Err(Problem::NotAcceptable)
    }
}

/// The media type of the body, without parameters, in lower case.
fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    Some(
        text.split(';')
            .next()
            .unwrap_or(text)
            .trim()
            .to_ascii_lowercase(),
    )
}

#[cfg(test)]
mod tests;
