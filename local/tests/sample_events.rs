//! The files in `events/` are what `cargo local event` prints.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const ALICE: &str = "Authorization: Bearer {{token:alice}}";
const BOB: &str = "Authorization: Bearer {{token:bob}}";
/// A thief has the token, but not its key.
const STOLEN: &str = "Authorization: DPoP {{bound-token:alice}}";
const JSON: &str = "Content-Type: application/json";
const BODY: &str = r#"{"value": {"greeting": "hello"}, "visibility": "private"}"#;
const CREATE: &str = "If-None-Match: *";

/// Each file with the arguments that print it.
const SAMPLES: [(&str, &[&str]); 25] = [
    (
        "authorizer/http-api-1.0-signed-in",
        &["http-1.0", "GET", "/state", "--user", "alice"],
    ),
    (
        "authorizer/http-api-2.0-signed-in",
        &["http-2.0", "PUT", "/state/home", "--user", "alice"],
    ),
    (
        "authorizer/http-api-2.0-signed-out",
        &["http-2.0", "PUT", "/state/home"],
    ),
    (
        "authorizer/http-api-2.0-bound-token",
        &["http-2.0", "GET", "/state", "--user", "alice", "--dpop"],
    ),
    (
        "authorizer/request-bound-token",
        &["request", "GET", "/state", "--user", "alice", "--dpop"],
    ),
    (
        "authorizer/request-stolen-token",
        &["request", "GET", "/state", "--header", STOLEN],
    ),
    (
        "authorizer/request-signed-in",
        &["request", "GET", "/state", "--user", "alice"],
    ),
    (
        "authorizer/request-signed-out",
        &["request", "GET", "/state"],
    ),
    (
        "authorizer/request-two-tokens",
        &[
            "request", "GET", "/state", "--header", ALICE, "--header", BOB,
        ],
    ),
    (
        "authorizer/token-admin",
        &["token", "DELETE", "/state/home", "--user", "ada"],
    ),
    (
        "authorizer/token-forged",
        &[
            "token",
            "GET",
            "/state/home",
            "--header",
            "Authorization: Bearer {{token:alice}}AAAA",
        ],
    ),
    (
        "authorizer/token-lower-case",
        &[
            "token",
            "DELETE",
            "/state/home",
            "--header",
            "Authorization: bearer {{token:ada}}",
        ],
    ),
    (
        "authorizer/token-not-a-bearer",
        &[
            "token",
            "GET",
            "/state/home",
            "--header",
            "Authorization: Basic YWxpY2U6c2VjcmV0",
        ],
    ),
    (
        "authorizer/token-read-only",
        &[
            "token",
            "PUT",
            "/state/home",
            "--user",
            "bob",
            "--scope",
            "openid state:read",
        ],
    ),
    (
        "authorizer/token-signed-in",
        &["token", "GET", "/state/home", "--user", "alice"],
    ),
    (
        "authorizer/websocket-connect",
        &["websocket", "--user", "alice"],
    ),
    (
        "api-handler/get-missing",
        &["rest", "GET", "/state/not-there", "--user", "alice"],
    ),
    (
        "api-handler/http-api-2.0-session",
        &["http", "GET", "/session", "--user", "alice"],
    ),
    ("api-handler/list-signed-out", &["rest", "GET", "/state"]),
    (
        "api-handler/put-create",
        &[
            "rest",
            "PUT",
            "/state/sample",
            "--user",
            "alice",
            "--header",
            JSON,
            "--header",
            CREATE,
            "--body",
            BODY,
        ],
    ),
    (
        "api-handler/put-signed-out",
        &[
            "rest",
            "PUT",
            "/state/sample",
            "--header",
            JSON,
            "--header",
            CREATE,
            "--body",
            BODY,
        ],
    ),
    (
        "api-handler/put-without-precondition",
        &[
            "rest",
            "PUT",
            "/state/sample",
            "--user",
            "alice",
            "--header",
            JSON,
            "--body",
            BODY,
        ],
    ),
    (
        "api-handler/session-expired",
        &["rest", "GET", "/session", "--user", "alice", "--expired"],
    ),
    (
        "api-handler/session-signed-in",
        &["rest", "GET", "/session", "--user", "alice"],
    ),
    (
        "api-handler/session-signed-out",
        &["rest", "GET", "/session"],
    ),
];

/// Not an event of API Gateway, so the command does not print it. The authorizer must fail on it.
const BY_HAND: [&str; 1] = ["authorizer/unknown-shape"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../events")
}

fn names() -> BTreeSet<String> {
    ["authorizer", "api-handler"]
        .iter()
        .flat_map(|function| {
            let files = fs::read_dir(folder().join(function)).unwrap();
            files.map(move |file| {
                let file = file.unwrap().file_name().into_string().unwrap();
                format!("{function}/{}", file.strip_suffix(".json").unwrap())
            })
        })
        .collect()
}

#[test]
fn every_sample_event_is_the_one_that_the_command_prints() {
    let listed = SAMPLES.iter().map(|(name, _)| *name).chain(BY_HAND);
    assert_eq!(names(), listed.map(str::to_owned).collect());
    for (name, arguments) in SAMPLES {
        let output = Command::new(env!("CARGO_BIN_EXE_local"))
            .arg("event")
            .args(arguments)
            // Neither the region nor a running stack changes a sample.
            .env("AWS_REGION", "eu-central-1")
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {error}");
        let file = fs::read_to_string(folder().join(format!("{name}.json"))).unwrap();
        assert_eq!(printed, file, "{name}");
    }
}

#[test]
fn wrong_arguments_are_refused() {
    for (arguments, expected) in [
        (&["sqs"][..], "http-1.0"),
        (&["rest", "GET"], "PATH"),
        (&["rest", "GET", "state"], "begins with `/`"),
        (&["rest", "GET", "/state#x"], "percent-encoded as in a URL"),
        (&["rest", "--user", "eve"], "alice, bob or ada"),
        (&["rest", "--header", "X"], "NAME: VALUE"),
        (&["request", "--dpop"], "--user"),
        (&["token", "--user", "alice", "--dpop"], "http-2.0"),
        (&["rest", "--user", "alice", "--dpop"], "http-2.0"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
        let output = command.arg("event").args(arguments).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(expected), "{arguments:?}: {error}");
    }
}
