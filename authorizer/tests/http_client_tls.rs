//! TLS: which servers are believed. The certificate is for `localhost`, by a root made for these tests and thrown away;
//! the key beside it guards nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod loopback;

use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use authorizer::http_client::{
    ConnectFault, Endpoint, HttpClient, Request, Transport, TransportError,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, Stream, SupportedProtocolVersion, version};

const ROOT: &[u8] = include_bytes!("data/tls/root.pem");
const CERTIFICATE: &[u8] = include_bytes!("data/tls/localhost.pem");
const KEY: &[u8] = include_bytes!("data/tls/localhost.key.pem");

/// Answers one connection with an empty object.
fn serve(versions: &[&'static SupportedProtocolVersion]) -> u16 {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate],
            PrivateKeyDer::from_pem_slice(KEY).unwrap(),
        )
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = Stream::new(&mut connection, &mut socket);
        // A client that does not believe us goes away here.
        if loopback::server::read(&mut stream).is_ok() {
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
            let _gone = stream.write_all(answer);
        }
    });
    port
}

async fn fetch(
    host: &str,
    roots: Option<&[u8]>,
    versions: &[&'static SupportedProtocolVersion],
) -> Result<Vec<u8>, TransportError> {
    let endpoint: Endpoint = format!("https://{host}:{}/keys", serve(versions))
        .parse()
        .unwrap();
    let client = HttpClient::new(roots).unwrap();
    let timeout = Duration::from_secs(10);
    let answer = client
        .send(Request {
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
async fn a_root_that_nobody_named_is_not_trusted() {
    let found = fetch("localhost", None, rustls::ALL_VERSIONS).await;
    assert_eq!(
        found,
        Err(TransportError::Connect(ConnectFault::UnknownRoot))
    );
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let found = fetch("127.0.0.1", Some(ROOT), rustls::ALL_VERSIONS).await;
    assert_eq!(found, Err(TransportError::Connect(ConnectFault::OtherName)));
}
