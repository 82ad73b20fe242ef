//! The binary as a process behind a Runtime API: how it starts, what it survives, and how it ends.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail so")]

#[path = "../../lambda-support/tests/runtime_api/mod.rs"]
mod runtime_api;

use std::process::Command;

use serde_json::{Value, json};

use runtime_api::{RuntimeApi, answer, event, text};

fn handler() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_api-handler"));
    command.env_clear().envs([
        ("AWS_LAMBDA_FUNCTION_NAME", "api-handler"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("STATE_TABLE", "state"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
    ]);
    command
}

#[test]
fn wrong_settings_are_reported_to_lambda_and_on_standard_error() {
    use std::os::unix::ffi::OsStrExt;
    let api = RuntimeApi::start(Vec::new());
    let output = handler()
        .env("AWS_LAMBDA_RUNTIME_API", &api.address)
        .env_remove("STATE_TABLE")
        .env("ADMIN_GROUP", std::ffi::OsStr::from_bytes(b"Admins\xFF"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = "2 settings are wrong
  STATE_TABLE is not set: expected the name of the DynamoDB table
  ADMIN_GROUP holds a value that is not UTF-8: expected text";
    assert_eq!(text(&output), format!("api-handler: {message}\n"));
    let report = api.posted();
    assert_eq!(report.path, "/2018-06-01/runtime/init/error");
    let expected = "lambda-runtime-function-error-type: runtime.configinvalid";
    assert!(report.headers.iter().any(|header| header == expected));
    assert_eq!(
        serde_json::from_str::<Value>(&report.body).unwrap(),
        json!({"errorMessage": message, "errorType": "Runtime.ConfigInvalid", "stackTrace": []})
    );
}

#[test]
fn without_lambda_the_message_says_what_is_missing() {
    let output = handler().output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let expected = "api-handler: no AWS_LAMBDA_RUNTIME_API: this function needs Lambda, or on one machine `cargo local`\n";
    assert_eq!(text(&output), expected);
}

#[test]
fn an_answer_without_an_event_is_survived() {
    for empty in [
        answer("200 OK", "", ""),
        answer("204 No Content", "", ""),
        answer("200 OK", "Lambda-Runtime-Aws-Request-Id: r-0\r\n", "{}"),
    ] {
        let api = RuntimeApi::start(vec![empty.clone(), empty.clone(), event("r-1", "{}")]);
        let (posted, written) = api.run(handler(), 1);
        assert_eq!(
            posted[0].path, "/2018-06-01/runtime/invocation/r-1/error",
            "{empty}"
        );
        assert!(!written.contains("panic"), "{empty}: {written}");
        let body: Value = serde_json::from_str(&posted[0].body).unwrap();
        assert_eq!(body["errorType"], "UnknownEvent");
    }
}

#[test]
fn several_invocations_are_taken_at_once_where_lambda_sends_several() {
    let ids = ["r-1", "r-2", "r-3", "r-4"];
    let script = ids.map(|id| event(id, "{}")).to_vec();
    let api = RuntimeApi::start_with(script, ids.len());
    let mut function = handler();
    function.env("AWS_LAMBDA_MAX_CONCURRENCY", "4");
    let (posted, written) = api.run(function, ids.len());
    let mut paths: Vec<_> = posted.into_iter().map(|posted| posted.path).collect();
    paths.sort();
    let expected = ids.map(|id| format!("/2018-06-01/runtime/invocation/{id}/error"));
    assert_eq!(paths, expected, "{written}");
}
