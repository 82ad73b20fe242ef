//! The binary as a process behind a Runtime API: how it starts, which faults it survives, and how it ends.

use std::{net::TcpListener, process::Command, sync::mpsc::channel, thread};

use testkit::runtime_api::{
    FakeRuntimeApi, MAX_WAIT, assert_init_error, assert_no_cpu_jitter_entropy,
    assert_survives_responses_without_an_event, assert_takes_several_invocations_at_once, written,
};

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
        // Nothing listens on this port.
        ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9"),
    ]);
    command
}

#[test]
fn wrong_settings_are_reported_to_lambda_and_on_standard_error() {
    use std::os::unix::ffi::OsStrExt;
    let api = FakeRuntimeApi::start(Vec::new());
    let output = handler()
        .env("AWS_LAMBDA_RUNTIME_API", &api.address)
        .env_remove("STATE_TABLE")
        .env("ADMIN_GROUP", std::ffi::OsStr::from_bytes(b"Admins\xFF"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = "2 settings are wrong
  STATE_TABLE is not set: expected the name of the DynamoDB table
  ADMIN_GROUP holds a value that is not UTF-8: expected a UTF-8 string";
    assert_eq!(written(&output), format!("api-handler: {message}\n"));
    assert_init_error(&api, message);
}

#[test]
fn without_lambda_the_message_names_the_missing_variable() {
    let output = handler().output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let expected = "api-handler: AWS_LAMBDA_RUNTIME_API is not set: run this function in Lambda, or locally with `cargo local`\n";
    assert_eq!(written(&output), expected);
}

#[test]
fn a_connection_to_the_store_is_opened_before_the_first_event() {
    let api = FakeRuntimeApi::start(Vec::new());
    let store = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let endpoint = format!("http://{}", store.local_addr().unwrap());
    let (connected, connection) = channel();
    thread::spawn(move || connected.send(store.accept()));
    let mut process = handler()
        .env("AWS_LAMBDA_RUNTIME_API", &api.address)
        .env("AWS_ENDPOINT_URL_DYNAMODB", endpoint)
        .spawn()
        .unwrap();
    connection.recv_timeout(MAX_WAIT).unwrap().unwrap();
    process.kill().unwrap();
    process.wait().unwrap();
}

#[test]
fn responses_without_an_event_do_not_end_the_process() {
    assert_survives_responses_without_an_event(handler);
}

#[test]
fn several_concurrent_invocations_are_accepted_if_lambda_sends_them() {
    assert_takes_several_invocations_at_once(handler());
}

#[test]
fn the_crypto_library_is_built_without_cpu_jitter_entropy() {
    assert_no_cpu_jitter_entropy(env!("CARGO_BIN_EXE_api-handler"));
}
