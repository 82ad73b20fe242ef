//! The fuzz target of whole events and their answers, with a store that has one resource.

use std::{
    ffi::OsString,
    io,
    net::TcpListener as StdTcpListener,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use lambda_support::{
    clock::{ManualClock, Timestamp},
    invocation::Invocation,
    log::{Log, Sink},
    settings::Source,
};
use serde_json::{Value, json, value::RawValue};
use testkit::http::{ReceivedRequest, response};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
};

use crate::{config::Settings, handler::Handler};

/// 2026-01-01T00:00:00Z.
const NOW: u64 = 1_767_225_600;

/// The largest answer: the largest value with its metadata.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// Every answer is well-formed and not a 500. Only a caller with the context of a verified token causes a write. White
/// space around the event does not change the result.
pub(super) fn handler_event(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else {
        return;
    };
    if serde_json::from_str::<&RawValue>(text).is_err() {
        return;
    }
    let before = WRITES.load(Ordering::SeqCst);
    let found = answer(text);
    let wrote = WRITES.load(Ordering::SeqCst) > before;
    assert!(!wrote || is_signed_in(text), "an anonymous caller writes");
    let padded = answer(&format!("\n {text}\t"));
    assert_eq!(
        padded.is_some(),
        found.is_some(),
        "white space changes the result"
    );
    let (Some(found), Some(padded)) = (found, padded) else {
        return;
    };
    assert_eq!(padded["statusCode"], found["statusCode"]);
    assert!(found.to_string().len() <= MAX_ANSWER_BYTES);
    check(&found);
}

fn check(answer: &Value) {
    let status = answer["statusCode"].as_u64().unwrap();
    assert!((200..600).contains(&status) && status != 500, "{answer}");
    assert_eq!(answer["isBase64Encoded"], false);
    let headers = answer["headers"].as_object().unwrap();
    assert!(headers.values().all(Value::is_string));
    assert_eq!(headers["x-content-type-options"], "nosniff");
    let body = answer["body"].as_str().unwrap();
    if body.is_empty() {
        return;
    }
    let body: Value = serde_json::from_str(body).unwrap();
    let is_problem = headers["content-type"] == "application/problem+json";
    assert_eq!(is_problem, status >= 400, "{answer}");
    assert!(!is_problem || body["status"] == status, "{answer}");
}

/// Whether the event has a context that the authorizer writes for a verified token.
fn is_signed_in(event: &str) -> bool {
    // This library refuses an event with a lone surrogate, so the property is not checked for it.
    let Ok(event) = serde_json::from_str::<Value>(event) else {
        return true;
    };
    let context = &event["requestContext"]["authorizer"];
    [context, &context["lambda"]]
        .into_iter()
        .any(|context| context["signedIn"] == true || context["signedIn"] == "true")
}

/// The answer; `None` if the event is not one of API Gateway's.
fn answer(event: &str) -> Option<Value> {
    static HANDLER: LazyLock<Handler> = LazyLock::new(handler);
    thread_local! {
        static RUNTIME: Runtime = runtime();
    }
    let event = RawValue::from_string(event.to_owned()).unwrap();
    let invocation = Invocation {
        request_id: "r-1",
        deadline: Timestamp::from_secs(0),
    };
    let answer = RUNTIME.with(|runtime| runtime.block_on(HANDLER.answer(&event, invocation)));
    Some(serde_json::to_value(answer.ok()?).unwrap())
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn handler() -> Handler {
    let listener = StdTcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    listener.set_nonblocking(true).unwrap();
    // One thread for all connections: the leak detector of the fuzzer can overlook the stacks of new threads.
    thread::spawn(move || {
        runtime().block_on(async {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream));
            }
        });
    });
    let settings = Settings::from_source(&Variables { endpoint }).unwrap();
    let clock = Arc::new(ManualClock::at(Timestamp::from_secs(NOW)));
    let log = Log::new(settings.log_level, Arc::new(NoLog));
    Handler::new(settings, clock, log, "api-handler".to_owned()).unwrap()
}

struct Variables {
    endpoint: String,
}

impl Source for Variables {
    fn variable(&self, name: &str) -> Option<OsString> {
        let value = match name {
            "STATE_TABLE" => "state",
            "ALLOWED_ORIGINS" => "https://app.example.com",
            "ADMIN_GROUP" => "Admins",
            "AWS_REGION" => "eu-west-1",
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "local",
            "AWS_ENDPOINT_URL_DYNAMODB" => &self.endpoint,
            _ => return None,
        };
        Some(value.into())
    }

    fn file(&self, _: &str) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

#[derive(Debug)]
struct NoLog;

impl Sink for NoLog {
    fn write(&self, _: &[u8]) {}
}

/// The number of calls that would write.
static WRITES: AtomicUsize = AtomicUsize::new(0);

/// The one resource, in the form of every kind of answer.
static REPLY: LazyLock<String> = LazyLock::new(|| {
    let metadata = json!({
        "id": {"S": "a"}, "owner": {"S": "alice"}, "visibility": {"S": "public"}, "version": {"N": "1"},
        "tag": {"S": "t"}, "createdAt": {"S": "2026-01-01T00:00:00.000Z"},
        "updatedAt": {"S": "2026-01-01T00:00:00.000Z"}, "value": {"S": "{\"x\":1}"},
    });
    let body = json!({
        "Item": metadata, "Items": [metadata], "Attributes": metadata, "Responses": {"state": [metadata]},
        "UnprocessedKeys": {}, "Count": 1, "ScannedCount": 1,
    });
    let headers = "Content-Type: application/x-amz-json-1.0\r\n";
    response("200 OK", headers, &body.to_string())
});

/// Answers every call with the one resource, until the client closes the connection.
async fn serve(mut stream: TcpStream) -> io::Result<()> {
    let mut received = Vec::new();
    while stream.read_buf(&mut received).await? > 0 {
        let Some(request) = ReceivedRequest::parse(&received) else {
            continue;
        };
        received.clear();
        let operation = request.header("X-Amz-Target").unwrap_or_default();
        if ["PutItem", "UpdateItem", "DeleteItem"]
            .iter()
            .any(|write| operation.ends_with(write))
        {
            WRITES.fetch_add(1, Ordering::SeqCst);
        }
        stream.write_all(REPLY.as_bytes()).await?;
    }
    Ok(())
}
