//! The binary as a process behind a Runtime API: how it starts, what it survives, and how it ends.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail so")]

#[path = "../../lambda-support/tests/runtime_api/mod.rs"]
mod runtime_api;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use runtime_api::{RuntimeApi, answer, event, text};

fn authorizer() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_authorizer"));
    command.env_clear().envs([
        ("AWS_LAMBDA_FUNCTION_NAME", "authorizer"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AUDIENCE", "api://default"),
        ("ISSUER", "http://127.0.0.1:9"),
        ("JWKS_TIMEOUT_MS", "100"),
    ]);
    command
}

#[test]
fn wrong_settings_are_reported_to_lambda_and_on_standard_error() {
    let api = RuntimeApi::start(Vec::new());
    let output = authorizer()
        .env("AWS_LAMBDA_RUNTIME_API", &api.address)
        .env("ISSUER", "http://example.com")
        .env("INTROSPECTION_CLIENT_SECRET", "hush")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let written = text(&output);
    let message = written.trim_end().strip_prefix("authorizer: ").unwrap();
    assert!(message.starts_with("1 setting is wrong\n  ISSUER holds"));
    let report = api.posted();
    assert_eq!(report.path, "/2018-06-01/runtime/init/error");
    let expected = "lambda-runtime-function-error-type: runtime.configinvalid";
    assert!(report.headers.iter().any(|header| header == expected));
    assert_eq!(
        serde_json::from_str::<Value>(&report.body).unwrap(),
        json!({"errorMessage": message, "errorType": "Runtime.ConfigInvalid", "stackTrace": []})
    );
    assert!(!report.body.contains("hush"));
}

/// A Runtime API that takes the connection and says nothing: the report is given up, and the process ends.
#[test]
fn a_report_that_is_not_answered_does_not_hold_up_the_end() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let started = Instant::now();
    let output = authorizer()
        .env("AWS_LAMBDA_RUNTIME_API", address)
        .env_remove("ISSUER")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("ISSUER is not set"));
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn without_lambda_the_message_says_what_is_missing() {
    for (name, value, expected) in [
        ("AWS_LAMBDA_RUNTIME_API", None, "no AWS_LAMBDA_RUNTIME_API"),
        ("AWS_LAMBDA_RUNTIME_API", Some("/"), "no host and port"),
        (
            "AWS_LAMBDA_FUNCTION_NAME",
            None,
            "no AWS_LAMBDA_FUNCTION_NAME",
        ),
    ] {
        let mut function = authorizer();
        function.env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9");
        match value {
            Some(value) => function.env(name, value),
            None => function.env_remove(name),
        };
        let output = function.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let written = text(&output);
        assert!(
            written.contains(expected) && written.contains("cargo local"),
            "{written}"
        );
        assert_eq!(written.lines().count(), 1, "{written}");
    }
}

#[test]
fn an_answer_without_an_event_is_survived() {
    for empty in [
        answer("200 OK", "", ""),
        answer("204 No Content", "", ""),
        answer("500 Internal Server Error", "", "{}"),
        answer("200 OK", "Lambda-Runtime-Aws-Request-Id: r-0\r\n", "{}"),
    ] {
        let api = RuntimeApi::start(vec![empty.clone(), empty.clone(), event("r-1", "{}")]);
        let (posted, written) = api.run(authorizer(), 1);
        assert_eq!(
            posted[0].path, "/2018-06-01/runtime/invocation/r-1/error",
            "{empty}"
        );
        assert!(!written.contains("panic"), "{empty}: {written}");
    }
}

#[test]
fn a_runtime_api_that_is_gone_ends_the_process_with_a_message() {
    let output = authorizer()
        .env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9")
        .env("LOG_LEVEL", "error")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let written = text(&output);
    assert!(
        written.starts_with("authorizer: the Lambda Runtime API failed: "),
        "{written}"
    );
}

#[test]
fn several_invocations_are_taken_at_once_where_lambda_sends_several() {
    let ids = ["r-1", "r-2", "r-3", "r-4"];
    let script = ids.map(|id| event(id, "{}")).to_vec();
    let api = RuntimeApi::start_with(script, ids.len());
    let mut function = authorizer();
    function.env("AWS_LAMBDA_MAX_CONCURRENCY", "4");
    let (posted, written) = api.run(function, ids.len());
    let mut paths: Vec<_> = posted.into_iter().map(|posted| posted.path).collect();
    paths.sort();
    let expected = ids.map(|id| format!("/2018-06-01/runtime/invocation/{id}/error"));
    assert_eq!(paths, expected, "{written}");
}
