//! Answers cross-origin requests (Fetch standard, section 3.2): exact origins, no credentials.

use http::{
    HeaderMap, HeaderValue, Method, Response, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
    },
};

use crate::event::Request;

/// The methods that a script may use.
const METHODS: &str = "GET,HEAD,PUT,PATCH,DELETE";

/// The request headers that a script may set.
const REQUEST_HEADERS: &str = "authorization,content-type,dpop,if-match,if-none-match";

/// The answer's headers that a script may read. `apigw-requestid` and `x-amzn-requestid` are the request ids of HTTP
/// APIs and REST APIs.
const EXPOSED_HEADERS: &str =
    "apigw-requestid,etag,link,location,retry-after,www-authenticate,x-amzn-requestid";

/// How long a browser may cache a preflight, in seconds. Chromium caches it for at most two hours.
const MAX_AGE: &str = "600";

/// Adds CORS headers for the allowed origins. Other origins get the answer without these headers.
#[derive(Debug, Clone)]
pub(crate) struct Cors {
    origins: Vec<HeaderValue>,
}

impl Cors {
    pub(crate) fn new(origins: &[HeaderValue]) -> Self {
        Self {
            origins: origins.to_vec(),
        }
    }

    /// The answer to a preflight, if the request is one and its origin is allowed.
    pub(crate) fn preflight(&self, request: &Request) -> Option<Response<String>> {
        if request.method != Method::OPTIONS {
            return None;
        }
        let origin = self.allowed_origin(request)?;
        let mut response = Response::new(String::new());
        *response.status_mut() = StatusCode::OK;
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        for (name, value) in [
            (ACCESS_CONTROL_ALLOW_METHODS, METHODS),
            (ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS),
            (ACCESS_CONTROL_MAX_AGE, MAX_AGE),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        self.vary(headers);
        Some(response)
    }

    /// Adds the headers to any other answer. An answer that every origin may read keeps its own header.
    pub(crate) fn apply(&self, request: &Request, response: &mut Response<String>) {
        let headers = response.headers_mut();
        if headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
            return;
        }
        if let Some(origin) = self.allowed_origin(request) {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.insert(
                ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static(EXPOSED_HEADERS),
            );
        }
        self.vary(headers);
    }

    fn allowed_origin(&self, request: &Request) -> Option<&HeaderValue> {
        let origin = request.headers.get(ORIGIN)?;
        self.origins.iter().find(|allowed| *allowed == origin)
    }

    /// Adds `Vary`, because a cache must not return the answer for one origin to another.
    fn vary(&self, headers: &mut HeaderMap) {
        if !self.origins.is_empty() {
            headers.insert(VARY, HeaderValue::from_static("Origin"));
        }
    }
}
