//! Every command of `cargo local` that handles a token.

use std::fs;

use tests::RunningStack;

use crate::Outputs;
use crate::known::{Kind, Secrets};

/// A word that a user may send by mistake instead of a token.
pub(crate) const MISTAKEN: &str = "correct-horse-battery-staple-91";

pub(crate) fn run_all(stack: &RunningStack, outputs: &Outputs, secrets: &mut Secrets) {
    let token = sign_in(
        stack,
        outputs,
        &[
            "alice",
            "--show-flow",
            "--scope",
            "openid offline_access state:write",
        ],
    );
    let bound = sign_in(stack, outputs, &["alice", "--show-flow", "--dpop"]);
    secrets.add(Kind::Mistaken, MISTAKEN);
    let issuer = stack.address("issuer");
    let (truncated, _) = token.split_at(token.len() - 1);
    for token in [&*token, &*bound, MISTAKEN, truncated] {
        let doctor = [
            "doctor",
            "--issuer",
            issuer,
            "--client-id",
            "web",
            "--token",
            token,
        ];
        run(stack, outputs, &doctor);
        run(stack, outputs, &[&doctor[..], &["--json"]].concat());
        for path in ["/state/home", "/nowhere"] {
            let explain = ["explain", "--token", token, "PUT", path];
            run(stack, outputs, &explain);
            run(stack, outputs, &[&explain[..], &["--json"]].concat());
        }
        let later = [
            "explain",
            "--token",
            token,
            "--at",
            "2099-01-01T00:00:00Z",
            "GET",
            "/state",
        ];
        run(stack, outputs, &later);
        let smoke = [
            "smoke",
            "--api",
            stack.address("api"),
            "--allowed",
            "GET /session",
            "--guarded",
            "PUT /state/smoke",
            "--token",
            token,
            "--weak-token",
            token,
            "--expired-token",
            token,
            "--json",
        ];
        run(stack, outputs, &smoke);
        // Each string is an event, or not JSON.
        for event in [
            format!(
                r#"{{"type": "TOKEN", "methodArn": "{token}", "authorizationToken": "Bearer {token}"}}"#
            ),
            format!(r#"{{"type": "{token}", "authorizationToken": "{token}"}}"#),
            format!(r#"{{"type": "TOKEN", "authorizationToken": "Bearer {token}""#),
            format!(r#"["{token}"]"#),
        ] {
            invoke(stack, outputs, &event);
        }
    }
    events(stack, outputs);
    access(stack, outputs, &token);
    run(stack, outputs, &["token", "carol", "--show-flow"]);
    run(
        stack,
        outputs,
        &["token", "alice", "--show-flow", "--scope", "state:erase"],
    );
}

/// Runs commands that report errors, because the issuer has ended.
pub(crate) fn run_without_issuer(stack: &RunningStack, outputs: &Outputs, secrets: &mut Secrets) {
    let token = sign_in(stack, outputs, &["bob"]);
    secrets.add(Kind::AccessToken, &token);
    stack.kill_issuer();
    run(stack, outputs, &["token", "alice", "--show-flow"]);
    run(
        stack,
        outputs,
        &["explain", "--token", &token, "GET", "/state"],
    );
    let issuer = stack.address("issuer");
    run(
        stack,
        outputs,
        &["doctor", "--issuer", issuer, "--token", &token, "--json"],
    );
}

/// Sample events, and the answers of the functions.
fn events(stack: &RunningStack, outputs: &Outputs) {
    for kind in [
        "token",
        "request",
        "http-1.0",
        "http-2.0",
        "websocket",
        "rest",
        "http",
    ] {
        let output = stack.run(&["event", kind, "--user", "alice"]);
        outputs.keep("event", &[output.stdout.clone(), output.stderr].concat());
        invoke(stack, outputs, &String::from_utf8_lossy(&output.stdout));
    }
    let bound = r#"{"type": "REQUEST", "headers": {"Authorization": "DPoP {{bound-token:alice}}", "DPoP": "{{proof:alice GET /session}}"},
        "methodArn": "arn:aws:execute-api:us-east-1:123456789012:api/prod/GET/session"}"#;
    invoke(stack, outputs, bound);
    invoke(stack, outputs, &bound.replace("GET /session", "PUT /other"));
}

fn access(stack: &RunningStack, outputs: &Outputs, token: &str) {
    for flags in [&[][..], &["--json"]] {
        run(stack, outputs, &[&["access", "list"], flags].concat());
        run(
            stack,
            outputs,
            &[&["access", "diff", "template.yaml"], flags].concat(),
        );
        let file = stack.data().join("given.json");
        let tests = format!(
            r#"[{{"caller": {{"claims": {{"scp": "{token}"}}}}, "may": ["PUT /state/x"]}}]"#
        );
        fs::write(&file, tests).expect("a file of tests");
        let test = ["access", "test", &file.display().to_string()];
        run(stack, outputs, &[&test, flags].concat());
        fs::remove_file(file).expect("the file of tests is removed");
    }
}

fn invoke(stack: &RunningStack, outputs: &Outputs, event: &str) {
    let file = std::env::temp_dir().join(format!("secrets-event-{}.json", std::process::id()));
    fs::write(&file, event).expect("an event file");
    for function in ["authorizer", "api-handler"] {
        run(
            stack,
            outputs,
            &["invoke", function, &file.display().to_string()],
        );
    }
    fs::remove_file(file).expect("the event file is removed");
}

/// Runs a command and keeps its whole output.
pub(crate) fn run(stack: &RunningStack, outputs: &Outputs, arguments: &[&str]) {
    let output = stack.run(arguments);
    outputs.keep(arguments[0], &[output.stdout, output.stderr].concat());
}

/// A token, which is the standard output of the command. Its standard error is kept.
pub(crate) fn sign_in(stack: &RunningStack, outputs: &Outputs, arguments: &[&str]) -> String {
    let output = stack.run(&[&["token"], arguments].concat());
    outputs.keep("token", &output.stderr);
    assert!(
        output.status.success(),
        "{:?}",
        String::from_utf8_lossy(&output.stderr)
    );
    let token = String::from_utf8(output.stdout).expect("ASCII");
    token.trim().to_owned()
}
