//! The types of one request to an issuer: the request, the document, and the errors.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use thiserror::Error;

use super::connection_error::ConnectionError;
use super::endpoint::Endpoint;

/// The maximum size of a body. Okta's key sets have about 1 KB; a set of a hundred keys has about 50 KB.
pub const MAX_BODY_BYTES: usize = 256 * 1024;

#[derive(Clone)]
pub struct IssuerRequest<'a> {
    pub endpoint: &'a Endpoint,
    /// The time limit from the connect to the last byte.
    pub timeout: Duration,
    /// With a form the request is a POST, otherwise a GET.
    pub form: Option<Form>,
}

/// A POST body in `application/x-www-form-urlencoded`, and the client's credentials. `Debug` shows neither, because the
/// body contains a token and the credentials contain a client secret.
#[derive(Clone)]
pub struct Form {
    pub body: String,
    /// The value of the `Authorization` header.
    pub authorization: Option<String>,
}

/// An answer with status 200 and a body within the limit.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Document {
    pub body: Vec<u8>,
    /// All `Cache-Control` headers, joined by commas (RFC 9110, section 5.3).
    pub cache_control: Option<String>,
    /// The `Age` header: the number of seconds that the answer was in caches (RFC 9111, section 5.1).
    pub age: Option<u64>,
}

/// Why a request returned no document. It contains no URL, header or body, because a query or a form may contain a
/// secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TransportError {
    #[error("no connection to the issuer: {0}")]
    Connect(ConnectionError),
    #[error("no complete answer from the issuer within the time for one request")]
    TimedOut,
    /// An answer that is not 200, such as a redirect, which is never followed.
    #[error("the issuer answered with status {0}, expected 200")]
    Status(u16),
    #[error("a body of more than {MAX_BODY_BYTES} bytes from the issuer")]
    TooLarge,
    #[error(
        "the issuer closed the connection before the end of its answer, or the answer is not HTTP"
    )]
    Broken,
}

impl TransportError {
    /// Classifies an error of the HTTP library.
    pub fn of(error: &reqwest::Error) -> Self {
        if error.is_timeout() {
            Self::TimedOut
        } else if error.is_connect() {
            Self::Connect(ConnectionError::of(error))
        } else {
            Self::Broken
        }
    }

    /// The stable code for logs and metrics.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Connect(fault) => fault.code(),
            Self::TimedOut => "timed_out",
            Self::Status(_) => "status",
            Self::TooLarge => "too_large",
            Self::Broken => "broken",
        }
    }
}

/// The future of [`Transport::send`].
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<Document, TransportError>> + Send + 'a>>;

/// Sends requests. [`HttpClient`](super::HttpClient) uses the network; tests have their own implementations.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends one request and reads the answer.
    fn send<'a>(&'a self, request: IssuerRequest<'a>) -> Sending<'a>;
}

impl fmt::Debug for IssuerRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            endpoint,
            timeout,
            form,
        } = self;
        let method = if form.is_some() { "POST" } else { "GET" };
        write!(f, "{method} {endpoint} within {timeout:?}")
    }
}

/// Shows no body: that of an introspection endpoint contains claims.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            body,
            cache_control,
            age,
        } = self;
        f.debug_struct("Document")
            .field("body_bytes", &body.len())
            .field("cache_control", cache_control)
            .field("age", age)
            .finish()
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Form(..)")
    }
}
