//! The SDK's HTTP client: `hyper` over `rustls` with `aws-lc-rs` and compiled-in roots.
//!
//! The SDK's own client adds HTTP/2, proxies and the machine's certificate files, which DynamoDB does not need. This
//! client also verifies the CRC-32 of every answer, which the SDK for Rust does not do.

use std::time::Duration;

use aws_sdk_dynamodb::{
    config::{
        HttpClient, RuntimeComponents, SharedHttpClient,
        http::{HttpRequest, HttpResponse},
    },
    error::{BoxError, ConnectorError},
};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_types::body::SdkBody;
use http_body_util::{BodyExt, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector as TcpConnector},
    rt::{TokioExecutor, TokioTimer},
};

use super::open_ahead::OpenAhead;

/// The maximum time to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(700);

/// A connection that has been idle for longer is not reused, because the peer may have closed it during a freeze.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// The maximum size of a response. DynamoDB's limit is 16 MB, for `BatchGetItem`.
const MAX_ANSWER_BYTES: usize = 17 * 1024 * 1024;

/// The connection failed, so no request was sent.
#[derive(Debug, thiserror::Error)]
#[error("no connection")]
pub(super) struct ConnectError(#[source] hyper_util::client::legacy::Error);

/// Opens the connections.
pub(crate) type Connector = OpenAhead<HttpsConnector<TcpConnector>>;

/// A connector for the SDK, which is also its client.
#[derive(Debug, Clone)]
struct Sender(Client<Connector, SdkBody>);

/// Creates the client. Fails if `rustls` cannot be set up.
pub fn client() -> Result<SharedHttpClient, rustls::Error> {
    connector().map(client_over)
}

pub(super) fn connector() -> Result<Connector, rustls::Error> {
    let mut tcp = TcpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let https = HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(rustls::crypto::aws_lc_rs::default_provider())?
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    Ok(OpenAhead::new(https))
}

pub(super) fn client_over(connector: Connector) -> SharedHttpClient {
    let client = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .build(connector);
    SharedHttpClient::new(Sender(client))
}

impl HttpClient for Sender {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Sender {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = request
                .try_into_http1x()
                .map_err(|e| ConnectorError::user(e.into()))?;
            let response = client.request(request).await.map_err(|error| {
                if error.is_connect() {
                    ConnectorError::io(ConnectError(error).into())
                } else {
                    ConnectorError::io(error.into())
                }
            })?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, MAX_ANSWER_BYTES)
                .collect()
                .await
                .map_err(ConnectorError::io)?
                .to_bytes();
            check(&parts, &body).map_err(ConnectorError::io)?;
            HttpResponse::try_from(http::Response::from_parts(parts, SdkBody::from(body)))
                .map_err(|e| ConnectorError::other(e.into(), None))
        })
    }
}

/// Checks that a response is a JSON object and matches its CRC-32, as all responses of DynamoDB do. Any other response
/// must not be interpreted as a missing item.
fn check(parts: &http::response::Parts, body: &[u8]) -> Result<(), BoxError> {
    if parts.status.is_success() && !body.starts_with(b"{") {
        return Err("expected a JSON object from DynamoDB".into());
    }
    let Some(expected) = parts.headers.get("x-amz-crc32") else {
        return Ok(());
    };
    let expected: u32 = expected.to_str()?.parse()?;
    if crc32fast::hash(body) == expected {
        Ok(())
    } else {
        Err("the CRC-32 of the answer differs from its header".into())
    }
}
