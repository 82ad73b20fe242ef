//! The HTTP client against a server on loopback that violates the protocol.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod loopback;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use authorizer::issuer::http_client::{
    ConnectionError, Document, Endpoint, HttpClient, HttpClientError, IssuerRequest,
    MAX_BODY_BYTES, Transport, TransportError,
};
use testkit::http::{LoopbackServer, Reply, closed_address};

async fn fetch(url: &str, timeout: Duration) -> Result<Document, TransportError> {
    fetch_with(&HttpClient::new(None).unwrap(), url, timeout).await
}

async fn fetch_with(
    client: &HttpClient,
    url: &str,
    timeout: Duration,
) -> Result<Document, TransportError> {
    let endpoint: Endpoint = url.parse().unwrap();
    client
        .send(IssuerRequest {
            endpoint: &endpoint,
            timeout,
            form: None,
        })
        .await
}

/// Checks the outcome of one reply, and that the client sent one request.
#[track_caller]
fn check(reply: &Reply, expected: Result<&str, TransportError>) {
    // Long if an answer must come, short if none comes.
    let timeout = if expected == Err(TransportError::TimedOut) {
        100
    } else {
        10_000
    };
    let server = LoopbackServer::always(reply.clone());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let found = runtime.block_on(fetch(&server.url("/keys"), Duration::from_millis(timeout)));
    let found = found.map(|document| String::from_utf8(document.body).unwrap());
    let reply = format!("{reply:?}").chars().take(200).collect::<String>();
    assert_eq!(
        found.as_deref().map_err(|error| *error),
        expected,
        "{reply}"
    );
    assert_eq!(server.requests().len(), 1, "a second request after {reply}");
}

fn bytes(head: &str, body: &str) -> Vec<u8> {
    format!("{head}\r\n\r\n{body}").into_bytes()
}

#[test]
fn a_document_is_read() {
    check(&Reply::json("{}"), Ok("{}"));
    check(
        &Reply::Close(bytes("HTTP/1.1 200 OK\r\nConnection: close", "to the end")),
        Ok("to the end"),
    );
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked";
    check(
        &Reply::Close(bytes(chunked, "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")),
        Ok("abc"),
    );
}

#[test]
fn a_redirect_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let location = "Location: /elsewhere\r\n";
        check(
            &Reply::with(status, location, "{}"),
            Err(TransportError::Status(status)),
        );
    }
}

#[test]
fn only_200_is_an_answer() {
    for status in [201, 204, 206, 304, 400, 401, 403, 404, 429, 500, 502, 503] {
        let body = if matches!(status, 204 | 304) {
            ""
        } else {
            "{}"
        };
        check(
            &Reply::with(status, "", body),
            Err(TransportError::Status(status)),
        );
    }
}

#[test]
fn a_body_over_the_limit_is_refused() {
    let whole = "x".repeat(MAX_BODY_BYTES);
    check(&Reply::with(200, "", &whole), Ok(&whole));
    check(
        &Reply::with(200, "", &format!("{whole}x")),
        Err(TransportError::TooLarge),
    );
    let announced = format!("HTTP/1.1 200 OK\r\nContent-Length: {}", 10_000_000_000_u64);
    check(
        &Reply::Hold(bytes(&announced, "")),
        Err(TransportError::TooLarge),
    );
}

#[test]
fn a_body_without_end_is_refused() {
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000)).into_bytes();
    let head = bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", "");
    check(&Reply::Endless(head, chunk), Err(TransportError::TooLarge));
    let head = bytes("HTTP/1.1 200 OK\r\nConnection: close", "");
    check(
        &Reply::Endless(head, vec![b'x'; 4096]),
        Err(TransportError::TooLarge),
    );
}

#[test]
fn a_head_without_end_is_refused() {
    let head = b"HTTP/1.1 200 OK\r\n".to_vec();
    check(
        &Reply::Endless(head, b"X-Padding: xxxxxxxxxxxxxxxx\r\n".to_vec()),
        Err(TransportError::Broken),
    );
}

#[test]
fn a_server_that_stops_sending_causes_a_timeout() {
    check(&Reply::Hold(Vec::new()), Err(TransportError::TimedOut));
    check(
        &Reply::Hold(b"HTTP/1.1 200 OK\r\n".to_vec()),
        Err(TransportError::TimedOut),
    );
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 100";
    check(
        &Reply::Hold(bytes(head, "{")),
        Err(TransportError::TimedOut),
    );
}

#[test]
fn an_answer_that_ends_too_early_is_refused() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 100";
    check(&Reply::Close(bytes(head, "{")), Err(TransportError::Broken));
    check(
        &Reply::HalfClose(bytes(head, "{")),
        Err(TransportError::Broken),
    );
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked";
    check(
        &Reply::Close(bytes(chunked, "5\r\nab")),
        Err(TransportError::Broken),
    );
    check(&Reply::HalfClose(Vec::new()), Err(TransportError::Broken));
    check(
        &Reply::Close(b"HTTP/1.1 200".to_vec()),
        Err(TransportError::Broken),
    );
}

#[test]
fn an_answer_that_is_not_http_is_refused() {
    check(
        &Reply::Close(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()),
        Err(TransportError::Broken),
    );
    check(&Reply::Close(vec![0xff; 100]), Err(TransportError::Broken));
}

#[tokio::test]
async fn a_port_where_nothing_listens_is_a_refused_connection() {
    let url = format!("http://{}/keys", closed_address());
    let found = fetch(&url, Duration::from_secs(10)).await;
    assert_eq!(
        found,
        Err(TransportError::Connect(ConnectionError::Refused))
    );
}

/// DNS allows no label of more than 63 bytes, so no real resolver is needed.
#[tokio::test]
async fn an_unknown_host_name_is_a_name_fault() {
    let url = format!("https://{}.invalid/keys?key=hush", "a".repeat(64));
    let found = fetch(&url, Duration::from_secs(10)).await;
    assert_eq!(found, Err(TransportError::Connect(ConnectionError::Name)));
    let text = found.unwrap_err().to_string();
    assert_eq!(
        text,
        "no connection to the issuer: its host name was not found"
    );
}

#[tokio::test]
async fn a_server_without_tls_is_a_tls_fault() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/keys", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .unwrap();
        // Reads until the client closes, because unread bytes would reset the connection.
        let _gone = socket.read_to_end(&mut Vec::new());
    });
    let found = fetch(&url, Duration::from_secs(10)).await;
    assert_eq!(found, Err(TransportError::Connect(ConnectionError::Tls)));
}

#[tokio::test]
async fn cache_control_and_age_are_returned() {
    for (headers, cache_control, age) in [
        (
            "Cache-Control: max-age=60\r\nCache-Control: must-revalidate\r\nAge: 5\r\n",
            Some("max-age=60,must-revalidate"),
            Some(5),
        ),
        // A byte outside ASCII in one directive does not hide the others.
        (
            "Cache-Control: no-store, by=\"\u{e9}\"\r\n",
            Some("no-store, by=\"\u{e9}\""),
            None,
        ),
        // RFC 9111, sections 1.2.2 and 5.1.
        ("Age: 99999999999999999999\r\n", None, Some(u64::MAX)),
        ("Age: 7, 9\r\n", None, Some(7)),
        ("Age: 7\r\nAge: 9\r\n", None, Some(7)),
        ("Age: -1\r\n", None, None),
        ("Age: +1\r\n", None, None),
        ("Age: old\r\n", None, None),
    ] {
        let server = LoopbackServer::always(Reply::with(200, headers, "{}"));
        let document = fetch(&server.url("/keys"), Duration::from_secs(10))
            .await
            .unwrap();
        let found = (document.cache_control.as_deref(), document.age);
        assert_eq!(found, (cache_control, age), "{headers}");
    }
}

#[tokio::test]
async fn no_connection_is_used_twice() {
    let keep_alive = bytes(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive",
        "{}",
    );
    let server = LoopbackServer::always(Reply::Hold(keep_alive));
    let client = HttpClient::new(None).unwrap();
    for _ in 0..3 {
        fetch_with(&client, &server.url("/keys"), Duration::from_secs(10))
            .await
            .unwrap();
    }
    // The server reads one request per connection, so a second request on a connection would hang.
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn only_necessary_headers_are_sent() {
    let server = LoopbackServer::always(Reply::json("{}"));
    fetch(&server.url("/keys?a=b"), Duration::from_secs(10))
        .await
        .unwrap();
    let asked = server.requests();
    let asked = asked.first().unwrap();
    assert_eq!(asked.line, "GET /keys?a=b HTTP/1.1");
    let mut names: Vec<String> = asked
        .head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect();
    names.sort();
    assert_eq!(names, ["accept", "host", "user-agent"]);
}

#[test]
fn a_root_file_without_certificates_is_refused() {
    for (pem, expected) in [
        ("", HttpClientError::NoCertificate),
        ("not PEM", HttpClientError::NoCertificate),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            HttpClientError::NotACertificate,
        ),
    ] {
        assert_eq!(
            HttpClient::new(Some(pem.as_bytes())).unwrap_err(),
            expected,
            "{pem}"
        );
    }
}
