//! One request to a server that may misbehave in any way, and its whole answer.

mod certificates;

use std::sync::Arc;
use std::time::Duration;

use authorizer::issuer::http_client::{
    Endpoint, ForwardProxy, HttpClientError, MAX_BODY_BYTES, TransportError, trusted_roots,
};
use http::{HeaderMap, HeaderName, Method, StatusCode};
use lambda_support::clock::{Clock, SystemClock, Timestamp};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Proxy, RequestBuilder, Response};

use self::certificates::RecordingVerifier;
pub(super) use self::certificates::{ChainEnd, RejectedCertificate};

/// The timeout of a request, from the connection to the last byte.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(5);

/// Sends requests. Like the authorizer's client it follows no redirects, and trusts the compiled-in roots and those of
/// `--ca-file`. Unlike that client it keeps the whole answer, whatever its status.
#[derive(Debug)]
pub(super) struct Probe {
    direct: Client,
    /// The client for all hosts except those on loopback; `None` without a proxy.
    proxied: Option<Client>,
    verifier: Arc<RecordingVerifier>,
}

/// An answer with any status.
#[derive(Clone, Debug)]
pub(super) struct ProbeAnswer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// The time when its head arrived.
    pub(super) at: Timestamp,
}

#[derive(Clone, Debug)]
pub(super) struct NoAnswer {
    pub(super) error: TransportError,
    pub(super) certificate: Option<RejectedCertificate>,
}

impl Probe {
    /// A probe that also trusts the roots in `extra_roots_pem`, and reaches other machines through the proxy. Fails
    /// if `extra_roots_pem` has no certificate, or a malformed one.
    pub(super) fn new(
        extra_roots_pem: Option<&[u8]>,
        proxy: Option<&ForwardProxy>,
    ) -> Result<Self, HttpClientError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let roots = Arc::new(trusted_roots(extra_roots_pem)?);
        let verifier = RecordingVerifier::new(roots, Arc::clone(&provider))?;
        let verifier = Arc::new(verifier);
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| HttpClientError::Tls)?
            .dangerous()
            .with_custom_certificate_verifier(verifier.clone())
            .with_no_client_auth();
        let client = |proxy: Option<Proxy>| {
            let builder = Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .redirect(Policy::none())
                // Otherwise the HTTP library reads the environment itself.
                .no_proxy()
                .referer(false)
                .user_agent(concat!("cargo-local/", env!("CARGO_PKG_VERSION")));
            let builder = proxy.into_iter().fold(builder, ClientBuilder::proxy);
            builder.build().map_err(|_| HttpClientError::Tls)
        };
        let proxy = proxy.map(ForwardProxy::for_client).transpose();
        let proxy = proxy.map_err(|_| HttpClientError::Tls)?;
        Ok(Self {
            direct: client(None)?,
            proxied: proxy.map(|proxy| client(Some(proxy))).transpose()?,
            verifier,
        })
    }

    /// A request that is sent by [`Self::send`].
    pub(super) fn request(&self, method: Method, url: &str) -> RequestBuilder {
        let is_here = url.parse().is_ok_and(|url: Endpoint| url.is_on_loopback());
        let client = match &self.proxied {
            Some(proxied) if !is_here => proxied,
            Some(_) | None => &self.direct,
        };
        client.request(method, url)
    }

    pub(super) async fn get(&self, url: &str) -> Result<ProbeAnswer, NoAnswer> {
        self.send(self.request(Method::GET, url)).await
    }

    pub(super) async fn send(&self, request: RequestBuilder) -> Result<ProbeAnswer, NoAnswer> {
        self.verifier.take_fault();
        match request.timeout(MAX_WAIT).send().await {
            Ok(response) => read(response).await.map_err(|error| NoAnswer {
                error,
                certificate: None,
            }),
            Err(error) => Err(NoAnswer {
                error: TransportError::of(&error),
                certificate: self.verifier.take_fault(),
            }),
        }
    }
}

async fn read(mut response: Response) -> Result<ProbeAnswer, TransportError> {
    let at = SystemClock.now();
    let mut body = Vec::new();
    let broken = |error| TransportError::of(&error);
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(TransportError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(ProbeAnswer {
        status: response.status(),
        headers: response.headers().clone(),
        body,
        at,
    })
}

impl ProbeAnswer {
    /// All values of a header, joined by commas (RFC 9110, section 5.3).
    pub(super) fn header(&self, name: &HeaderName) -> Option<String> {
        let values = self.headers.get_all(name).iter();
        let values: Vec<_> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// The body as a string, with bytes that are not UTF-8 replaced.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn is_html(&self) -> bool {
        let by_type = self
            .header(&http::header::CONTENT_TYPE)
            .is_some_and(|value| value.to_ascii_lowercase().contains("html"));
        by_type || self.body.trim_ascii_start().starts_with(b"<")
    }
}
