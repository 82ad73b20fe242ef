//! TLS: which servers the HTTP client trusts.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod loopback;

use std::time::Duration;

use authorizer::issuer::http_client::{
    ConnectionError, Endpoint, HttpClient, IssuerRequest, Transport, TransportError,
};
use loopback::tls::{ROOT, serve};
use rustls::{SupportedProtocolVersion, version};

async fn fetch(
    host: &str,
    roots: Option<&[u8]>,
    versions: &[&'static SupportedProtocolVersion],
) -> Result<Vec<u8>, TransportError> {
    let port = serve(versions).port();
    let endpoint: Endpoint = format!("https://{host}:{port}/keys").parse().unwrap();
    let client = HttpClient::new(roots).unwrap();
    let timeout = Duration::from_secs(10);
    let answer = client
        .send(IssuerRequest {
            endpoint: &endpoint,
            timeout,
            form: None,
        })
        .await;
    answer.map(|document| document.body)
}

#[tokio::test]
async fn a_root_from_the_file_is_trusted_for_tls_1_2_and_1_3() {
    for version in [&version::TLS12, &version::TLS13] {
        assert_eq!(
            fetch("localhost", Some(ROOT), &[version]).await,
            Ok(b"{}".to_vec())
        );
    }
}

#[tokio::test]
async fn a_root_that_is_not_configured_is_not_trusted() {
    let found = fetch("localhost", None, rustls::ALL_VERSIONS).await;
    assert_eq!(
        found,
        Err(TransportError::Connect(ConnectionError::UnknownRoot))
    );
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let found = fetch("127.0.0.1", Some(ROOT), rustls::ALL_VERSIONS).await;
    assert_eq!(
        found,
        Err(TransportError::Connect(ConnectionError::OtherName))
    );
}
