//! Every error answer: problem details (RFC 9457).
//!
//! The messages for the caller and for the log are separate: [`Problem::detail`] never contains a message of the store,
//! and [`Problem::cause`] is only logged.

use http::{
    HeaderName, HeaderValue, Response, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde::Serialize;
use utoipa::ToSchema;

/// The media type of every error.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// The maximum number of faults in one answer.
pub(crate) const MAX_FAULTS: usize = 20;

/// The maximum length of a fault's pointer, in characters. With 20 faults an answer stays under 64 KiB.
const MAX_POINTER_CHARS: usize = 256;

/// One fault of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Fault {
    /// The place of the fault: a JSON pointer (RFC 6901) into the body as a URI fragment, or `#/` and the name of a
    /// path parameter, query parameter or header. A pointer of more than 256 characters is cut and ends in `…`.
    // INVARIANT: at most MAX_POINTER_CHARS characters.
    #[schema(example = "#/visibility", max_length = 256)]
    pointer: String,
    /// The mistake, and what was expected.
    detail: String,
}

impl Fault {
    pub(crate) fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let mut pointer = pointer.into();
        let mut ends = pointer
            .char_indices()
            .map(|(at, _)| at)
            .skip(MAX_POINTER_CHARS - 1);
        if let (Some(end), Some(_)) = (ends.next(), ends.next()) {
            pointer.truncate(end);
            pointer.push('…');
        }
        Self {
            pointer,
            detail: detail.into(),
        }
    }

    /// A fault in the body, at a path of member names and indexes.
    pub(crate) fn at(
        path: impl IntoIterator<Item = impl AsRef<str>>,
        detail: impl Into<String>,
    ) -> Self {
        let pointer = path.into_iter().fold("#".to_owned(), |pointer, token| {
            pointer + "/" + &token.as_ref().replace('~', "~0").replace('/', "~1")
        });
        Self::new(pointer, detail)
    }

    #[cfg(test)]
    pub(crate) fn pointer(&self) -> &str {
        &self.pointer
    }
}

/// Every error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// 400: the request cannot be parsed.
    BadRequest(Vec<Fault>),
    /// 401: the caller must sign in.
    SignInNeeded,
    /// 401: the token of the authorizer's context has expired since it was verified.
    SignInExpired,
    /// 403: the caller may see the resource, but may not do this.
    Forbidden(&'static str),
    /// 404: the resource does not exist, or the caller may not see it. Both have one variant, so that the answers
    /// cannot differ.
    NotFound,
    /// 405: the path does not have this method. The value lists the methods that it has.
    MethodNotAllowed(&'static str),
    /// 406: the caller does not accept JSON.
    NotAcceptable,
    /// 409: a JSON patch does not fit the resource.
    Conflict(Fault),
    /// 412: a precondition does not hold, a race was lost, or an id is taken.
    PreconditionFailed,
    /// 413: the body exceeds this limit in bytes.
    BodyTooLarge(usize),
    /// 413: the value, as it is returned, exceeds this limit in bytes.
    ValueTooLarge(usize),
    /// 413: the `copy` and `move` operations of a patch copy more than this limit in bytes.
    PatchTooLarge(usize),
    /// 415: this method does not accept the media type. The value lists the media types that it accepts.
    UnsupportedMediaType(&'static str),
    /// 422: the request can be parsed, but its content is invalid.
    Unprocessable(Vec<Fault>),
    /// 428: a write has no precondition. The value says which one to send.
    PreconditionRequired(&'static str),
    /// 429: the store throttles. The cause is for the log.
    Throttled(String),
    /// 500: an internal error. The cause is for the log.
    Internal(String),
    /// 503: the store fails or is too slow. The cause is for the log.
    Unavailable(String),
}

/// Problem details (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProblemDetails {
    /// Always `about:blank`: the status is the kind of problem.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    /// The reason phrase of the status.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What happened and what to do about it.
    detail: String,
    /// Identifies the request in the log.
    request_id: String,
    /// The faults of invalid input, at most 20.
    #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
    #[schema(required = false, max_items = 20)]
    errors: Vec<Fault>,
}

impl Problem {
    /// The status that the caller sees.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::SignInNeeded | Self::SignInExpired => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::BodyTooLarge(_) | Self::ValueTooLarge(_) | Self::PatchTooLarge(_) => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unprocessable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::PreconditionRequired(_) => StatusCode::PRECONDITION_REQUIRED,
            Self::Throttled(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The message for the caller.
    pub(crate) fn detail(&self) -> String {
        match self {
            Self::BadRequest(_) => "the request cannot be parsed; see errors".to_owned(),
            Self::SignInNeeded => {
                "this requires a signed-in caller; send an access token".to_owned()
            }
            Self::SignInExpired => "the access token has expired; sign in again".to_owned(),
            Self::Forbidden(detail) | Self::PreconditionRequired(detail) => (*detail).to_owned(),
            Self::NotFound => "there is no such resource for this caller".to_owned(),
            Self::MethodNotAllowed(allow) => {
                format!("the method is not allowed; this path has: {allow}")
            }
            Self::NotAcceptable => {
                "the response is application/json; send `Accept: application/json`".to_owned()
            }
            Self::Conflict(_) => "the patch does not fit the resource; see errors".to_owned(),
            Self::PreconditionFailed => {
                "a precondition does not hold; read the resource again".to_owned()
            }
            Self::BodyTooLarge(limit) => format!("the body is too large; at most {limit} bytes"),
            Self::ValueTooLarge(limit) => format!(
                "the value is too large; at most {limit} bytes as it is returned: JSON without white space, with `1e9` as \
                 `1000000000.0`"
            ),
            Self::PatchTooLarge(limit) => format!(
                "`copy` and `move` copy too much; at most {limit} bytes of JSON without white space in total"
            ),
            Self::UnsupportedMediaType(accepted) => {
                format!("the media type is not supported; send one of: {accepted}")
            }
            Self::Unprocessable(_) => "the content is invalid; see errors".to_owned(),
            Self::Throttled(_) => "too many requests; try again later".to_owned(),
            Self::Internal(_) => {
                "an internal error; include the request id when you report it".to_owned()
            }
            Self::Unavailable(_) => {
                "the store does not answer; before you repeat a write, check whether it was applied"
                    .to_owned()
            }
        }
    }

    /// The cause of an error that is not the caller's, for the log.
    pub(crate) fn cause(&self) -> Option<&str> {
        match self {
            Self::Throttled(cause) | Self::Internal(cause) | Self::Unavailable(cause) => {
                Some(cause)
            }
            _ => None,
        }
    }

    fn errors(&self) -> Vec<Fault> {
        match self {
            Self::BadRequest(faults) | Self::Unprocessable(faults) => {
                faults.iter().take(MAX_FAULTS).cloned().collect()
            }
            Self::Conflict(fault) => vec![fault.clone()],
            _ => Vec::new(),
        }
    }

    /// The answer. `resource_metadata` is the URL of the document that tells a client how to sign in (RFC 9728, section
    /// 5.1), if the API publishes one.
    pub(crate) fn into_response(
        self,
        request_id: &str,
        resource_metadata: Option<&str>,
    ) -> Response<String> {
        let status = self.status();
        let details = ProblemDetails {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: self.detail(),
            request_id: request_id.to_owned(),
            errors: self.errors(),
        };
        let mut response = Response::new(serde_json::to_string(&details).unwrap_or_default());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self {
            Self::SignInNeeded | Self::SignInExpired => {
                let expired = matches!(self, Self::SignInExpired);
                headers.insert(WWW_AUTHENTICATE, challenge(resource_metadata, expired));
            }
            Self::MethodNotAllowed(allow) => {
                headers.insert(ALLOW, HeaderValue::from_static(allow));
            }
            Self::UnsupportedMediaType(accepted) => {
                // RFC 5789, section 2.2, for PATCH; RFC 9110, section 15.5.16, for other methods.
                let name = if accepted.contains("patch") {
                    "accept-patch"
                } else {
                    "accept"
                };
                headers.insert(
                    HeaderName::from_static(name),
                    HeaderValue::from_static(accepted),
                );
            }
            Self::Throttled(_) | Self::Unavailable(_) => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        response
    }
}

/// The challenge of a 401 (RFC 6750, section 3).
fn challenge(resource_metadata: Option<&str>, expired: bool) -> HeaderValue {
    let metadata = resource_metadata.map(|url| format!("resource_metadata=\"{url}\""));
    let error = expired.then(|| "error=\"invalid_token\"".to_owned());
    let parameters: Vec<String> = metadata.into_iter().chain(error).collect();
    let challenge = format!("Bearer {}", parameters.join(", "));
    // A URL from the event may have bytes that are invalid in a header.
    HeaderValue::from_str(challenge.trim_end())
        .unwrap_or_else(|_| HeaderValue::from_static("Bearer"))
}
