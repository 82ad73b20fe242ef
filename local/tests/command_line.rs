//! The commands that need no running stack.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::File;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_local"))
        .args(arguments)
        .output()
        .unwrap()
}

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Checks the exit status, the messages on standard error, and that standard output is empty.
fn check(arguments: &[&str], status: i32, messages: &[&str]) {
    let output = run(arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {error}");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "",
        "{arguments:?}"
    );
    for text in messages {
        assert!(error.contains(text), "{arguments:?}: {error}");
    }
}

/// As with `cargo local access list | head -1`.
#[test]
fn a_closed_standard_output_is_no_error() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Command::new(env!("CARGO_BIN_EXE_local"))
        .args(["access", "list"])
        .stdout(writer)
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), error.as_str()), (Some(0), ""));
}

#[test]
fn help_names_every_flag_and_command() {
    let output = run(&["--help"]);
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let flags = [
        "--web-port",
        "--api-port",
        "--database-port",
        "--issuer-port",
        "--issuer",
        "--client-id",
        "--audience",
        "--data",
        "--release",
        "--template",
        "--api",
        "--function",
        "--parameter",
    ];
    for flag in flags {
        assert!(help.contains(&format!("{flag} ")), "{flag}: {help}");
    }
    for text in [
        "Usage: cargo local",
        "token ",
        "invoke ",
        "[default: 3000]",
        "Ctrl-C stops it",
    ] {
        assert!(help.contains(text), "{text}: {help}");
    }
}

#[test]
fn invalid_flags_are_refused() {
    check(&["--api-port", "web"], 2, &["--api-port"]);
    check(
        &["--issuer", "https://example.okta.com/oauth2/default"],
        2,
        &["--client-id"],
    );
    check(&["--client-id", "x"], 2, &["--issuer"]);
    check(&["--parameter", "LogLevel"], 2, &["expected NAME=VALUE"]);
    check(&["--function", "F"], 2, &["expected LOGICAL_ID=COMMAND"]);
    check(&["--function", "F='a"], 2, &["expected a command"]);
    check(&["--function", "F="], 2, &["expected a command"]);
    check(&["--parameter", "=x"], 2, &["expected NAME=VALUE"]);
    check(&["--function", "=x"], 2, &["expected LOGICAL_ID=COMMAND"]);
    check(&["tokens"], 2, &["token"]);
    check(&["token"], 2, &["<USER>"]);
}

#[test]
fn a_port_in_use_is_reported_with_its_flag() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let data = data("taken");
    for flag in [
        "--web-port",
        "--api-port",
        "--database-port",
        "--issuer-port",
    ] {
        let mut arguments = vec!["--data", data.to_str().unwrap()];
        for other in [
            "--web-port",
            "--api-port",
            "--database-port",
            "--issuer-port",
        ] {
            arguments.extend([other, if other == flag { &port } else { "0" }]);
        }
        check(&arguments, 1, &[&format!("port {port}"), flag]);
    }
}

#[test]
fn a_missing_template_is_reported() {
    let data = data("template");
    let data = data.to_str().unwrap();
    let ports = [
        "--web-port",
        "0",
        "--api-port",
        "0",
        "--database-port",
        "0",
        "--issuer",
        "http://127.0.0.1:9/x",
        "--client-id",
        "c",
    ];
    let mut arguments = vec!["--data", data, "--template", "/nowhere/template.yaml"];
    arguments.extend(ports);
    check(&arguments, 1, &["/nowhere/template.yaml"]);
}

/// The trial run shows that the measurement works; its figures are not reliable.
#[test]
fn a_quick_run_measures_the_gateway_and_a_full_run_refuses_a_debug_build() {
    let output = run(&["bench", "--gateway", "--quick", "--json"]);
    assert!(output.status.success());
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let figures = document.get("figures").unwrap().as_array().unwrap();
    let names = figures.iter().map(|figure| figure.get("name").unwrap());
    assert_eq!(
        names.collect::<Vec<_>>(),
        [
            "gateway, REST API, cached policy",
            "gateway, REST API, authorizer called",
            "gateway, HTTP API, cached simple answer",
        ]
    );
    if cfg!(debug_assertions) {
        check(&["bench", "--gateway"], 1, &["this is a debug build"]);
    }
}

#[test]
fn standard_input_is_read_once() {
    for command in ["diff", "test"] {
        let template = testkit::repository().join("template.yaml");
        let output = Command::new(env!("CARGO_BIN_EXE_local"))
            .args(["access", command, "-", "--template", "-"])
            .stdin(File::open(template).unwrap())
            .output()
            .unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{command}: {error}");
        let expected = "standard input can be read only once";
        assert!(error.contains(expected), "{command}: {error}");
    }
}
