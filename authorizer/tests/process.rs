//! The binary as a process behind a Runtime API: how it starts, which faults it survives, and how it ends.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use testkit::runtime_api::{
    FakeRuntimeApi, assert_init_error, assert_no_cpu_jitter_entropy,
    assert_survives_responses_without_an_event, assert_takes_several_invocations_at_once, written,
};

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
    let api = FakeRuntimeApi::start(Vec::new());
    let output = authorizer()
        .env("AWS_LAMBDA_RUNTIME_API", &api.address)
        .env("ISSUER", "http://example.com")
        .env("INTROSPECTION_CLIENT_SECRET", "hush")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = written(&output);
    let message = text.trim_end().strip_prefix("authorizer: ").unwrap();
    assert!(message.starts_with("1 setting is wrong\n  ISSUER holds"));
    assert_init_error(&api, message);
    assert!(!message.contains("hush"));
}

/// The Runtime API accepts the connection and does not answer. The function gives up the report and ends.
#[test]
fn an_unanswered_report_does_not_keep_the_process_running() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let started = Instant::now();
    let output = authorizer()
        .env("AWS_LAMBDA_RUNTIME_API", address)
        .env_remove("ISSUER")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(written(&output).contains("ISSUER is not set"));
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn without_lambda_the_message_names_the_missing_variable() {
    for (name, value, expected) in [
        (
            "AWS_LAMBDA_RUNTIME_API",
            None,
            "AWS_LAMBDA_RUNTIME_API is not set",
        ),
        ("AWS_LAMBDA_RUNTIME_API", Some("/"), "not a host and port"),
        (
            "AWS_LAMBDA_FUNCTION_NAME",
            None,
            "AWS_LAMBDA_FUNCTION_NAME is not set",
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
        let text = written(&output);
        assert!(
            text.contains(expected) && text.contains("cargo local"),
            "{text}"
        );
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}

#[test]
fn responses_without_an_event_do_not_end_the_process() {
    assert_survives_responses_without_an_event(authorizer);
}

#[test]
fn a_runtime_api_that_does_not_answer_ends_the_process_with_a_message() {
    let output = authorizer()
        .env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9")
        .env("LOG_LEVEL", "error")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = written(&output);
    assert!(
        text.starts_with("authorizer: the Lambda Runtime API failed: "),
        "{text}"
    );
}

#[test]
fn several_concurrent_invocations_are_accepted_if_lambda_sends_them() {
    assert_takes_several_invocations_at_once(authorizer());
}

#[test]
fn the_crypto_library_is_built_without_cpu_jitter_entropy() {
    assert_no_cpu_jitter_entropy(env!("CARGO_BIN_EXE_authorizer"));
}
