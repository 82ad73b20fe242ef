//! The routes, and the dispatch of a request to one of them.

mod context;
mod document;
mod list;
mod negotiate;
mod openapi;
mod protected_resource;
mod reply;
mod session;
mod state;
mod write_target;

use http::{Method, Response, StatusCode, header::ALLOW};
use percent_encoding::percent_decode_str;

pub(crate) use self::context::Context;
use crate::problem::{Fault, MAX_FAULTS, Problem};

/// The maximum size of a request body. The memory that a request takes is a multiple of it.
const MAX_BODY_BYTES: usize = 512 * 1024;

/// The path of the document that tells a client how to sign in (RFC 9728).
pub(crate) const PROTECTED_RESOURCE: &str = "/.well-known/oauth-protected-resource";

/// The route of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/session`
    Session,
    /// `/state`
    List,
    /// `/state/{id}`. The id is not checked yet.
    State(String),
    /// `/openapi.json`
    OpenApi,
    /// `/.well-known/oauth-protected-resource`
    ProtectedResource,
    /// Any other path.
    Unknown,
}

impl Route {
    /// Parses a path. Only an id is decoded: `/state/%61` is `/state/a` (RFC 3986, section 6.2.2.2), and `%2F` does not
    /// begin a new segment. API Gateway compares the rest of a path as it was sent, and this function must do the same:
    /// otherwise it would answer `/%73ession` as `/session`, although API Gateway did not call the authorizer of
    /// `/session`.
    pub(crate) fn of(path: &str) -> Self {
        let segments: Vec<_> = path.split('/').skip(1).collect();
        match segments.as_slice() {
            ["session"] => Self::Session,
            ["state"] => Self::List,
            ["state", id] if !id.is_empty() => {
                Self::State(percent_decode_str(id).decode_utf8_lossy().into_owned())
            }
            ["openapi.json"] => Self::OpenApi,
            [".well-known", "oauth-protected-resource"] => Self::ProtectedResource,
            _ => Self::Unknown,
        }
    }

    /// The methods of the path, for `Allow`.
    fn methods(&self) -> &'static str {
        match self {
            Self::Session | Self::List | Self::OpenApi | Self::ProtectedResource => "GET, OPTIONS",
            Self::State(_) => "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
            Self::Unknown => "",
        }
    }

    /// The route as in the template, for the log.
    pub(crate) fn template(&self) -> &'static str {
        match self {
            Self::Session => "/session",
            Self::List => "/state",
            Self::State(_) => "/state/{id}",
            Self::OpenApi => "/openapi.json",
            Self::ProtectedResource => PROTECTED_RESOURCE,
            Self::Unknown => "unknown",
        }
    }
}

/// Answers a request.
///
/// Futures that await the store are boxed: the SDK's futures nest too deeply for the compiler to combine them into one, and
/// are too large to be moved for requests that do not need them.
///
/// `HEAD` exists only on the route for which the template has an authorizer for it. On other routes all callers of `HEAD`
/// would be anonymous.
pub(crate) async fn dispatch(
    route: &Route,
    context: &Context<'_>,
) -> Result<Response<String>, Problem> {
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
            request
                .bad_headers
                .iter()
                .take(MAX_FAULTS)
                .map(fault)
                .collect(),
        ));
    }
    match (route, &request.method) {
        (Route::Unknown, _) => Err(Problem::NotFound),
        (_, &Method::OPTIONS) => options(route),
        (Route::Session, &Method::GET) => session::get(context),
        (Route::List, &Method::GET) => Box::pin(list::get(context)).await,
        (Route::State(id), &Method::GET) => Box::pin(state::get(context, id)).await,
        (Route::State(id), &Method::HEAD) => Box::pin(state::head(context, id)).await,
        (Route::State(id), &Method::PUT) => Box::pin(state::put(context, id)).await,
        (Route::State(id), &Method::PATCH) => Box::pin(state::patch(context, id)).await,
        (Route::State(id), &Method::DELETE) => Box::pin(state::delete(context, id)).await,
        (Route::OpenApi, &Method::GET) => openapi::get(context),
        (Route::ProtectedResource, &Method::GET) => protected_resource::get(context),
        _ => Err(Problem::MethodNotAllowed(route.methods())),
    }
}

/// Answers `OPTIONS` for any caller with the methods of the route (RFC 9110, section 9.3.7). Preflights of an allowed
/// origin are answered earlier.
fn options(route: &Route) -> Result<Response<String>, Problem> {
    let mut response = reply::empty(StatusCode::OK);
    reply::set(&mut response, ALLOW, route.methods())?;
    Ok(response)
}

#[cfg(test)]
mod tests;
