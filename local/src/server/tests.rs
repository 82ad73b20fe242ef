//! Requests over the wire, byte for byte.

use std::time::Duration;

use lambda_support::clock::SystemClock;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::*;
use crate::lambda::invocation::{InvocationOutcome, InvokeFuture};
use crate::progress::PartLog;
use crate::template::{Given, Template};

const TEMPLATE: &str = r#"
Resources:
  Api: {Type: AWS::Serverless::HttpApi}
  Function:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: function}}
    Properties:
      Events:
        Any: {Type: HttpApi, Properties: {ApiId: !Ref Api}}
"#;

/// A function that answers `hello`, and to `/slow` only after a signal.
#[derive(Debug, Default)]
struct Hello {
    called: Notify,
    continued: Notify,
    answered: Notify,
}

impl Invoke for Hello {
    fn invoke<'a>(&'a self, _: &'a str, event: Bytes) -> InvokeFuture<'a> {
        Box::pin(async move {
            if String::from_utf8_lossy(&event).contains(r#""rawPath":"/slow""#) {
                self.called.notify_one();
                self.continued.notified().await;
                self.answered.notify_one();
            }
            Ok(InvocationOutcome::Success(Bytes::from_static(b"\"hello\"")))
        })
    }

    fn knows(&self, _: &str) -> bool {
        true
    }
}

/// A server in front of the function. It ends with the test's runtime.
async fn served(function: Arc<Hello>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let api = Template::read(TEMPLATE, &Given::default()).unwrap().api;
    let gateway = Gateway::new(
        api,
        "us-east-1".to_owned(),
        function.clone(),
        Arc::new(SystemClock),
        PartLog::quiet("gateway"),
    );
    let server = Server {
        gateway: Arc::new(gateway),
        functions: function,
    };
    tokio::spawn(server.serve(listener));
    address
}

/// The status and the body of the answer to these bytes.
async fn sent(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap();
    format!("{status} {body}")
}

/// Longer than the answer takes.
const LONG: Duration = Duration::from_secs(20);

const TARGET: &str =
    r#"400 {"message":"Bad Request: expected a request target that begins with a slash"}"#;
const METHOD: &str = r#"400 {"message":"Bad Request: expected another method than CONNECT"}"#;
const HOSTS: &str =
    r#"400 {"message":"Bad Request: expected one header Host with a host and a port"}"#;
const BODY: &str =
    r#"400 {"message":"Bad Request: the body is incomplete or its chunks are malformed"}"#;

#[tokio::test]
async fn requests_that_no_api_receives() {
    async fn check(request: &str, expected: &str) {
        let request = request.replace('\n', "\r\n");
        let address = served(Arc::default()).await;
        assert_eq!(sent(address, &request).await, expected, "{request}");
    }
    let end = "Host: a\nConnection: close\n\n";
    check(&format!("GET /x HTTP/1.1\n{end}"), "200 hello").await;
    check(&format!("GET http://b/x HTTP/1.1\n{end}"), "200 hello").await;
    check(&format!("OPTIONS * HTTP/1.1\n{end}"), TARGET).await;
    check(&format!("GET * HTTP/1.1\n{end}"), TARGET).await;
    check(&format!("CONNECT a:1 HTTP/1.1\n{end}"), METHOD).await;
    check(&format!("CONNECT /x HTTP/1.1\n{end}"), METHOD).await;
    let hosts = [
        ("Host: a\n", "200 hello"),
        ("Host: a:1\n", "200 hello"),
        ("Host: [::1]:1\n", "200 hello"),
        ("", HOSTS),
        ("Host:\n", HOSTS),
        ("Host: a\nHost: a\n", HOSTS),
        ("Host: a b\n", HOSTS),
        ("Host: a/b\n", HOSTS),
        ("Host: user@a\n", HOSTS),
    ];
    for (hosts, expected) in hosts {
        let request = format!("GET /x HTTP/1.1\n{hosts}Connection: close\n\n");
        check(&request, expected).await;
    }
    check("GET /x HTTP/1.0\n\n", "200 hello").await;
}

#[tokio::test]
async fn bodies_that_end_too_early_are_not_too_large() {
    async fn check(body: &str, expected: &str) {
        let head = "POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
        let address = served(Arc::default()).await;
        let answer = sent(address, &format!("{head}{body}")).await;
        assert_eq!(answer, expected, "{body}");
    }
    let chunked = "Transfer-Encoding: chunked\r\n\r\n";
    check(&format!("{chunked}3\r\nabc\r\n0\r\n\r\n"), "200 hello").await;
    check(&format!("{chunked}zz\r\nabc\r\n0\r\n\r\n"), BODY).await;
    check(&format!("{chunked}3\r\nabcX0\r\n\r\n"), BODY).await;
    let large = "x".repeat(MAX_BODY + 1);
    check(
        &format!("Content-Length: {}\r\n\r\n{large}", large.len()),
        r#"413 {"message":"Request Entity Too Large"}"#,
    )
    .await;
}

#[tokio::test]
async fn a_function_runs_on_if_its_caller_leaves() {
    let function = Arc::new(Hello::default());
    let address = served(function.clone()).await;
    let mut caller = TcpStream::connect(address).await.unwrap();
    let request = b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";
    caller.write_all(request).await.unwrap();
    function.called.notified().await;
    drop(caller);
    // The server has noticed that by the time it answers another caller.
    let other = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    assert_eq!(sent(address, other).await, "200 hello");
    function.continued.notify_one();
    let answered = tokio::time::timeout(LONG, function.answered.notified());
    answered.await.expect("the answer of the function");
}
