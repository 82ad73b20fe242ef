//! The forward proxy: a real proxy on loopback, and a TLS issuer whose name only the proxy can resolve.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod loopback;

use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use authorizer::issuer::http_client::{
    ConnectionError, Endpoint, Form, ForwardProxy, HttpClient, IssuerRequest, Transport,
    TransportError,
};
use loopback::tls::ROOT;
use testkit::http::{LoopbackServer, ReceivedRequest, Reply, closed_address};

/// A proxy that connects every name to one server if the credentials are correct.
struct ConnectProxy {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl ConnectProxy {
    /// Starts a proxy that requires these `Proxy-Authorization` credentials, or none.
    fn start(target: SocketAddr, credentials: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        thread::spawn(move || {
            for mut client in listener.incoming().flatten() {
                let request = ReceivedRequest::read(&mut client).unwrap();
                seen.lock().unwrap().push(request.head.clone());
                if request.header("Proxy-Authorization") != credentials {
                    let _gone =
                        client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
                    continue;
                }
                client
                    .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    .unwrap();
                let server = TcpStream::connect(target).unwrap();
                pump(client.try_clone().unwrap(), server.try_clone().unwrap());
                pump(server, client);
            }
        });
        Self { address, heads }
    }

    fn url(&self, credentials: &str) -> String {
        format!("http://{credentials}{}", self.address)
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream) {
    thread::spawn(move || {
        let _ended = std::io::copy(&mut from, &mut to);
        let _closed = to.shutdown(Shutdown::Write);
    });
}

async fn fetch(proxy: &str, no_proxy: &str, url: &str) -> Result<Vec<u8>, TransportError> {
    let proxy = proxy.parse::<ForwardProxy>().unwrap().except(no_proxy);
    let client = HttpClient::with_proxy(Some(ROOT), Some(&proxy)).unwrap();
    let endpoint: Endpoint = url.parse().unwrap();
    let form = Form {
        body: "token=secret-token".to_owned(),
        authorization: Some("Basic secret".to_owned()),
    };
    let answer = client
        .send(IssuerRequest {
            endpoint: &endpoint,
            timeout: Duration::from_secs(10),
            form: Some(form),
        })
        .await;
    answer.map(|document| document.body)
}

#[tokio::test]
async fn an_issuer_is_reached_through_the_proxy_by_its_name() {
    let proxy = ConnectProxy::start(loopback::tls::serve(rustls::ALL_VERSIONS), None);
    for (url, authority) in [
        ("https://issuer.example/keys", "issuer.example:443"),
        ("https://issuer.example:8443/keys", "issuer.example:8443"),
    ] {
        let found = fetch(&proxy.url(""), "", url).await;
        assert_eq!(found, Ok(b"{}".to_vec()));
        // The proxy sees only the host name of the request.
        let head = proxy.heads().pop().unwrap();
        assert_eq!(
            head,
            format!(
                "CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\nuser-agent: authorizer/{}",
                env!("CARGO_PKG_VERSION")
            )
        );
    }
}

#[tokio::test]
async fn the_credentials_of_the_proxy_are_decoded_and_sent_only_to_the_proxy() {
    // user:p@ss:word
    let expected = "Basic dXNlcjpwQHNzOndvcmQ=";
    let proxy = ConnectProxy::start(loopback::tls::serve(rustls::ALL_VERSIONS), Some(expected));
    let right = proxy.url("user:p%40ss%3Aword@");
    assert_eq!(
        fetch(&right, "", "https://issuer.example/keys").await,
        Ok(b"{}".to_vec())
    );
    for wrong in ["", "user:secret-password@"] {
        let found = fetch(&proxy.url(wrong), "", "https://issuer.example/keys").await;
        let fault = ConnectionError::ProxyRefused;
        assert_eq!(found, Err(TransportError::Connect(fault)));
    }
    let printed = format!("{:?}", right.parse::<ForwardProxy>().unwrap());
    assert!(!printed.contains("ss"), "{printed}");
}

#[tokio::test]
async fn tls_ends_at_the_issuer_and_not_at_the_proxy() {
    let proxy = ConnectProxy::start(loopback::tls::serve(rustls::ALL_VERSIONS), None);
    let found = fetch(&proxy.url(""), "", "https://other.example/keys").await;
    assert_eq!(
        found,
        Err(TransportError::Connect(ConnectionError::OtherName))
    );
}

#[tokio::test]
async fn hosts_on_loopback_are_reached_without_the_proxy() {
    let tls = loopback::tls::serve(rustls::ALL_VERSIONS);
    let plain = LoopbackServer::always(Reply::json("{}"));
    let proxy = ConnectProxy::start(tls, None);
    for url in [
        format!("https://localhost:{}/keys", tls.port()),
        plain.url("/keys"),
        format!("http://localhost:{}/keys", plain.address.port()),
    ] {
        assert_eq!(fetch(&proxy.url(""), "", &url).await, Ok(b"{}".to_vec()));
    }
    assert!(proxy.heads().is_empty());
}

#[tokio::test]
async fn hosts_in_no_proxy_are_reached_without_the_proxy() {
    let proxy = ConnectProxy::start(loopback::tls::serve(rustls::ALL_VERSIONS), None);
    // DNS allows no label of more than 63 bytes, so no real resolver is needed.
    let label = "a".repeat(64);
    let url = format!("https://{label}.example/keys");
    for no_proxy in ["*", "b.example, .EXAMPLE", &format!("{label}.example")] {
        let found = fetch(&proxy.url(""), no_proxy, &url).await;
        assert_eq!(found, Err(TransportError::Connect(ConnectionError::Name)));
    }
    assert!(proxy.heads().is_empty());
}

#[tokio::test]
async fn the_fault_names_a_proxy_that_cannot_be_reached() {
    let url = format!("http://user:hush@{}", closed_address());
    let found = fetch(&url, "", "https://issuer.example/keys").await;
    assert_eq!(found, Err(TransportError::Connect(ConnectionError::Proxy)));
    let text = found.unwrap_err().to_string();
    assert_eq!(
        text,
        "no connection to the issuer: the proxy of HTTPS_PROXY cannot be reached"
    );
}
