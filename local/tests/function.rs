//! Functions as processes behind the Runtime API. The process is this test program itself: with `STAND_IN` in its
//! environment it is a function that does what its events ask.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::print_stdout,
    reason = "a test program without the usual harness prints what passed"
)]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use lambda_support::clock::SystemClock;
use local::lambda::function::{Function, FunctionSettings, Functions};
use local::lambda::invocation::{InvocationOutcome, Invoke};
use local::progress::PartLog;
use serde_json::{Value, json};

fn main() {
    if let Ok(kind) = std::env::var("STAND_IN") {
        stand_in(&kind);
        return;
    }
    // `cargo test` passes its arguments on: a name selects tests, and with `--list` none run.
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        answers_and_errors_are_returned().await;
        a_process_serves_one_invocation_after_another().await;
        a_process_that_crashes_is_replaced().await;
        a_process_that_times_out_is_killed_and_replaced().await;
        slow_invocations_at_once_have_a_process_each().await;
        quick_invocations_at_once_share_a_process().await;
        a_process_sees_only_its_own_environment().await;
        a_process_that_cannot_start_is_reported().await;
        an_answer_over_lambdas_limit_is_an_error().await;
        functions_are_found_by_every_name().await;
        a_process_of_a_stopped_environment_exits().await;
    });
    println!("test result: ok. 11 passed");
}

/// A minimal function with the behaviour of `lambda_runtime`. It uses a new connection for each request.
fn stand_in(kind: &str) {
    if kind == "init error" {
        request(
            "POST",
            "/2018-06-01/runtime/init/error",
            br#"{"errorType":"Init","errorMessage":"no settings"}"#,
        );
        return;
    }
    if kind == "exit" {
        std::process::exit(7);
    }
    let mut served = 0;
    loop {
        let (head, event) = request("GET", "/2018-06-01/runtime/invocation/next", b"");
        if !head.starts_with("HTTP/1.1 200") {
            return;
        }
        let header = |name: &str| {
            let line = head
                .lines()
                .find(|line| line.to_ascii_lowercase().starts_with(name))
                .unwrap();
            line.split_once(": ").unwrap().1.to_owned()
        };
        let id = header("lambda-runtime-aws-request-id");
        served += 1;
        let event: Value = serde_json::from_slice(&event).unwrap();
        let answer = match event.get("do").and_then(Value::as_str) {
            Some("crash") => std::process::exit(3),
            Some("half an answer") => {
                let head = format!(
                    "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n\"half"
                );
                let authority = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
                let mut connection = TcpStream::connect(authority).unwrap();
                connection.write_all(head.as_bytes()).unwrap();
                std::process::exit(3);
            }
            Some("sleep") => {
                std::thread::sleep(Duration::from_millis(
                    event.get("ms").unwrap().as_u64().unwrap(),
                ));
                json!({"pid": std::process::id()})
            }
            Some("fail") => {
                let error = br#"{"errorType":"Unauthorized","errorMessage":"Unauthorized"}"#;
                request(
                    "POST",
                    &format!("/2018-06-01/runtime/invocation/{id}/error"),
                    error,
                );
                continue;
            }
            Some("large") => json!("x".repeat(6 * 1024 * 1024)),
            Some("environment") => std::env::vars()
                .collect::<BTreeMap<_, _>>()
                .into_keys()
                .collect(),
            _ => json!({
                "served": served,
                "pid": std::process::id(),
                "deadline": header("lambda-runtime-deadline-ms").parse::<u64>().unwrap(),
                "arn": header("lambda-runtime-invoked-function-arn"),
            }),
        };
        request(
            "POST",
            &format!("/2018-06-01/runtime/invocation/{id}/response"),
            answer.to_string().as_bytes(),
        );
    }
}

/// One HTTP request to the Runtime API; a connection that fails is an answer without a status.
fn request(method: &str, path: &str, body: &[u8]) -> (String, Vec<u8>) {
    let authority = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
    let mut answer = Vec::new();
    if let Ok(mut connection) = TcpStream::connect(&authority) {
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        let _ = connection
            .write_all(head.as_bytes())
            .and_then(|()| connection.write_all(body));
        let _ = connection.read_to_end(&mut answer);
    }
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .map_or(answer.len(), |at| at + 4);
    let body = answer.split_off(end);
    (String::from_utf8(answer).unwrap(), body)
}

fn function(kind: &str, timeout: Duration) -> Function {
    let settings = FunctionSettings {
        name: "stand-in".to_owned(),
        aliases: vec!["StandInFunction".to_owned()],
        arn: "arn:aws:lambda:us-east-1:123456789012:function:stand-in".to_owned(),
        binary: std::env::current_exe().unwrap(),
        arguments: Vec::new(),
        timeout,
        environment: BTreeMap::from([("STAND_IN".to_owned(), kind.to_owned())]),
    };
    Function::new(settings, Arc::new(SystemClock), PartLog::quiet("stand-in"))
}

const LONG: Duration = Duration::from_secs(20);

async fn run(function: &Function, event: Value) -> InvocationOutcome {
    function.run(Bytes::from(event.to_string())).await
}

fn json(outcome: InvocationOutcome) -> Value {
    match outcome {
        InvocationOutcome::Success(payload) => serde_json::from_slice(&payload).unwrap(),
        InvocationOutcome::Error(error) => {
            json!({"error": serde_json::from_slice::<Value>(error.payload()).unwrap()})
        }
    }
}

fn member<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

async fn answers_and_errors_are_returned() {
    let function = function("function", LONG);
    let before = std::time::UNIX_EPOCH.elapsed().unwrap();
    let answer = json(run(&function, json!({})).await);
    assert_eq!(
        member(&answer, "/arn"),
        "arn:aws:lambda:us-east-1:123456789012:function:stand-in"
    );
    let deadline = Duration::from_millis(member(&answer, "/deadline").as_u64().unwrap());
    assert!(
        deadline >= before + LONG - Duration::from_millis(1) && deadline < before + LONG * 2,
        "{deadline:?}"
    );
    let failed = json(run(&function, json!({"do": "fail"})).await);
    assert_eq!(
        failed,
        json!({"error": {"errorType": "Unauthorized", "errorMessage": "Unauthorized"}})
    );
    println!("test answers_and_errors_are_returned ... ok");
}

async fn a_process_serves_one_invocation_after_another() {
    let function = function("function", LONG);
    function.warm_up().await.unwrap();
    for served in 1..=3 {
        assert_eq!(
            member(&json(run(&function, json!({})).await), "/served"),
            &json!(served)
        );
    }
    println!("test a_process_serves_one_invocation_after_another ... ok");
}

async fn a_process_that_crashes_is_replaced() {
    let function = function("function", LONG);
    for crash in ["crash", "half an answer"] {
        let crashed = json(run(&function, json!({"do": crash})).await);
        assert_eq!(member(&crashed, "/error/errorType"), "Runtime.ExitError");
        assert!(
            member(&crashed, "/error/errorMessage")
                .as_str()
                .unwrap()
                .contains("exit status: 3"),
            "{crashed}"
        );
        assert_eq!(member(&json(run(&function, json!({})).await), "/served"), 1);
    }
    println!("test a_process_that_crashes_is_replaced ... ok");
}

async fn a_process_that_times_out_is_killed_and_replaced() {
    let function = function("function", Duration::from_millis(200));
    let started = Instant::now();
    let late = json(run(&function, json!({"do": "sleep", "ms": 60_000})).await);
    assert!(started.elapsed() < LONG, "{:?}", started.elapsed());
    assert_eq!(member(&late, "/error/errorType"), "Sandbox.Timedout");
    assert!(
        member(&late, "/error/errorMessage")
            .as_str()
            .unwrap()
            .ends_with("Task timed out after 0.20 seconds"),
        "{late}"
    );
    assert_eq!(member(&json(run(&function, json!({})).await), "/served"), 1);
    println!("test a_process_that_times_out_is_killed_and_replaced ... ok");
}

async fn slow_invocations_at_once_have_a_process_each() {
    let function = function("function", LONG);
    let sleep = || run(&function, json!({"do": "sleep", "ms": 2_000}));
    let (one, other) = tokio::join!(sleep(), sleep());
    assert_ne!(member(&json(one), "/pid"), member(&json(other), "/pid"));
    println!("test slow_invocations_at_once_have_a_process_each ... ok");
}

async fn quick_invocations_at_once_share_a_process() {
    let function = function("function", LONG);
    function.warm_up().await.unwrap();
    let quick = || async { json(run(&function, json!({"do": "sleep", "ms": 20})).await) };
    let (one, two, three, four) = tokio::join!(quick(), quick(), quick(), quick());
    assert!(
        one == two && two == three && three == four,
        "{one} {two} {three} {four}"
    );
    println!("test quick_invocations_at_once_share_a_process ... ok");
}

async fn a_process_sees_only_its_own_environment() {
    let function = function("function", LONG);
    let names = json(run(&function, json!({"do": "environment"})).await);
    assert_eq!(names, json!(["AWS_LAMBDA_RUNTIME_API", "STAND_IN"]));
    println!("test a_process_sees_only_its_own_environment ... ok");
}

async fn a_process_that_cannot_start_is_reported() {
    let reported = |kind: &str| {
        let function = function(kind, LONG);
        async move { function.warm_up().await.unwrap_err().to_string() }
    };
    assert!(reported("init error").await.contains("no settings"));
    assert!(reported("exit").await.contains("exit status: 7"));
    let settings = FunctionSettings {
        name: "nothing".to_owned(),
        aliases: Vec::new(),
        arn: String::new(),
        binary: PathBuf::from("/nowhere/nothing"),
        arguments: Vec::new(),
        timeout: LONG,
        environment: BTreeMap::new(),
    };
    let missing = Function::new(settings, Arc::new(SystemClock), PartLog::quiet("nothing"));
    assert!(
        missing
            .warm_up()
            .await
            .unwrap_err()
            .to_string()
            .contains("/nowhere/nothing")
    );
    println!("test a_process_that_cannot_start_is_reported ... ok");
}

async fn an_answer_over_lambdas_limit_is_an_error() {
    let function = function("function", LONG);
    let large = json(run(&function, json!({"do": "large"})).await);
    assert_eq!(
        member(&large, "/error/errorType"),
        "Function.ResponseSizeTooLarge"
    );
    assert_eq!(member(&json(run(&function, json!({})).await), "/served"), 2);
    println!("test an_answer_over_lambdas_limit_is_an_error ... ok");
}

async fn functions_are_found_by_every_name() {
    let functions = Functions::new([function("function", LONG)]);
    assert!(functions.invoke("unknown", Bytes::new()).await.is_err());
    for (name, served) in [("stand-in", 1), ("StandInFunction", 2)] {
        let known = functions.invoke(name, Bytes::from_static(b"{}")).await;
        assert_eq!(member(&json(known.unwrap()), "/served"), served, "{name}");
    }
    println!("test functions_are_found_by_every_name ... ok");
}

async fn a_process_of_a_stopped_environment_exits() {
    use local::lambda::runtime_api::RuntimeApi;
    let runtime = RuntimeApi::listen(Arc::new(SystemClock)).await.unwrap();
    let mut process = tokio::process::Command::new(std::env::current_exe().unwrap())
        .env("STAND_IN", "function")
        .env("AWS_LAMBDA_RUNTIME_API", runtime.authority())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    runtime.initialised().await;
    drop(runtime);
    let ended = tokio::time::timeout(LONG, process.wait()).await;
    assert!(
        ended.is_ok(),
        "the process waits for events, but its environment has ended"
    );
    println!("test a_process_of_a_stopped_environment_exits ... ok");
}
