//! The only module that opens sockets to an issuer.

mod connection_error;
mod endpoint;
mod proxy;
mod roots;
mod transport;

use reqwest::header::{
    ACCEPT, AGE, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
};
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, StatusCode, redirect};
use rustls::ClientConfig;
use thiserror::Error;

pub use self::connection_error::ConnectionError;
pub use self::endpoint::{Endpoint, EndpointError};
pub use self::proxy::{ForwardProxy, ForwardProxyError};
pub use self::roots::trusted_roots;
pub use self::transport::{
    Document, Form, IssuerRequest, MAX_BODY_BYTES, Sending, Transport, TransportError,
};

/// The HTTP client: HTTP/1.1, TLS by rustls, without redirects, cookies, decompression and connection reuse.
///
/// Reusing a connection would save one handshake per hour, or one per introspection. But Lambda freezes a function
/// between events, and the peer or a NAT may then drop the connection without notice, so the next request would run into
/// its timeout. A connection for each request needs no retry.
#[derive(Clone, Debug)]
pub struct HttpClient {
    direct: Client,
    /// The client for all hosts except those on loopback; `None` without a proxy.
    proxied: Option<Client>,
}

/// Why the client cannot be built: a settings error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HttpClientError {
    /// The file has no `CERTIFICATE` block, or a block is not base64.
    #[error("it has no PEM certificate")]
    NoCertificate,
    #[error("it has a `CERTIFICATE` block that is not a certificate")]
    NotACertificate,
    /// The TLS library rejects its own defaults, or the HTTP library rejects the proxy.
    #[error("the HTTP client cannot be set up")]
    Tls,
}

impl HttpClient {
    /// A client that trusts the compiled-in roots and those in `extra_roots_pem`, the contents of `CA_FILE`.
    ///
    /// The roots are compiled in because loading the system's roots would take 2 ms of CPU time at each cold start.
    /// Fails if `extra_roots_pem` has no certificate, or a malformed one.
    pub fn new(extra_roots_pem: Option<&[u8]>) -> Result<Self, HttpClientError> {
        Self::with_proxy(extra_roots_pem, None)
    }

    /// A client as from [`Self::new`], with a proxy for all hosts except loopback and those in `NO_PROXY`.
    pub fn with_proxy(
        extra_roots_pem: Option<&[u8]>,
        proxy: Option<&ForwardProxy>,
    ) -> Result<Self, HttpClientError> {
        let roots = trusted_roots(extra_roots_pem)?;
        // The provider is explicit, so that no crate feature can select a second cryptographic library.
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let tls = ClientConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()
            .map_err(|_| HttpClientError::Tls)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = |builder: ClientBuilder| {
            Self::configured(builder, tls.clone()).map_err(|_| HttpClientError::Tls)
        };
        // Without `no_proxy` the HTTP library would read the proxy settings from the environment.
        let direct = client(Client::builder().no_proxy())?;
        let proxied = match proxy {
            Some(proxy) => {
                let proxy = proxy.for_client().map_err(|_| HttpClientError::Tls)?;
                Some(client(Client::builder().no_proxy().proxy(proxy))?)
            }
            None => None,
        };
        Ok(Self { direct, proxied })
    }

    fn configured(builder: ClientBuilder, tls: ClientConfig) -> Result<Client, reqwest::Error> {
        builder
            .tls_backend_preconfigured(tls)
            .http1_only()
            .redirect(redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .pool_max_idle_per_host(0)
            // A connection is used for one request, and the request has its own timeout.
            .tcp_keepalive(None)
            .tcp_keepalive_interval(None)
            .tcp_keepalive_retries(None)
            .tcp_user_timeout(None)
            .user_agent(concat!("authorizer/", env!("CARGO_PKG_VERSION")))
            .build()
    }

    async fn exchange(&self, request: IssuerRequest<'_>) -> Result<Document, TransportError> {
        let answer = self
            .builder(&request)
            .send()
            .await
            .map_err(|error| TransportError::of(&error))?;
        if answer.status() != StatusCode::OK {
            return Err(TransportError::Status(answer.status().as_u16()));
        }
        let cache_control = joined(answer.headers(), &CACHE_CONTROL);
        // Only the first value is used (RFC 9111, section 5.1).
        let age = answer.headers().get(AGE).and_then(|age| {
            let first = age.to_str().ok()?.split(',').next()?;
            delta_seconds(first.trim())
        });
        let body = read_body(answer).await?;
        Ok(Document {
            body,
            cache_control,
            age,
        })
    }

    fn builder(&self, request: &IssuerRequest<'_>) -> RequestBuilder {
        let url = request.endpoint.url().clone();
        let proxied = self.proxied.as_ref();
        let client = proxied
            .filter(|_| !request.endpoint.is_on_loopback())
            .unwrap_or(&self.direct);
        let builder = match &request.form {
            None => client.get(url),
            Some(form) => {
                let builder = client
                    .post(url)
                    .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(form.body.clone());
                match form.authorization.as_deref().map(HeaderValue::from_str) {
                    Some(Ok(mut value)) => {
                        value.set_sensitive(true);
                        builder.header(AUTHORIZATION, value)
                    }
                    // Credentials that are invalid in a header are left out. The issuer then rejects the request.
                    Some(Err(_)) | None => builder,
                }
            }
        };
        builder
            .header(ACCEPT, "application/json")
            .timeout(request.timeout)
    }
}

impl Transport for HttpClient {
    fn send<'a>(&'a self, request: IssuerRequest<'a>) -> Sending<'a> {
        Box::pin(self.exchange(request))
    }
}

/// Reads the body, up to the limit, whatever `Content-Length` says.
async fn read_body(mut answer: Response) -> Result<Vec<u8>, TransportError> {
    let announced = answer.content_length().unwrap_or(0);
    if announced > MAX_BODY_BYTES as u64 {
        return Err(TransportError::TooLarge);
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer
        .chunk()
        .await
        .map_err(|error| TransportError::of(&error))?
    {
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(TransportError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// All values of a header. A byte outside ASCII in one directive must not hide the others.
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Vec<_> = headers
        .get_all(name)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// Parses a number of seconds in a header (RFC 9111, section 1.2.2). A number that is too large saturates.
pub(crate) fn delta_seconds(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}
