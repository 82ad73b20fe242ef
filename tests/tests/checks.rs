//! `cargo local doctor` and `cargo local smoke` against the whole stack.

#![expect(clippy::panic, reason = "a test: what goes wrong here is its verdict")]

use std::process::Output;

use serde_json::Value;
use tests::RunningStack;

/// The statuses of the checks of a report that did not pass.
fn remarks(output: &Output) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(&output.stdout);
    let report: Value = serde_json::from_str(&text).unwrap_or_else(|error| {
        panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr))
    });
    let member = |check: &Value, name: &str| {
        let text = check.get(name).and_then(Value::as_str);
        text.unwrap_or_else(|| panic!("no {name} in {check}"))
            .to_owned()
    };
    let checks = report.get("checks").and_then(Value::as_array);
    let checks = checks.unwrap_or_else(|| panic!("no checks in {report}"));
    checks
        .iter()
        .map(|check| (member(check, "id"), member(check, "status")))
        .filter(|(_, status)| status != "pass")
        .collect()
}

fn assert_no_token(output: &Output, tokens: &[&str]) {
    for bytes in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(bytes);
        assert!(!tokens.iter().any(|token| text.contains(token)), "{text}");
    }
}

fn assert_remarks(output: &Output, expected: &[(&str, &str)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|&(id, status)| (id.to_owned(), status.to_owned()))
        .collect();
    let report = String::from_utf8_lossy(&output.stdout);
    assert_eq!(remarks(output), expected, "{report}");
}

/// The doctor's options about the application.
#[derive(Clone, Copy)]
struct Client<'a> {
    id: &'a str,
    redirect_uri: &'a str,
    origin: &'a str,
    scope: &'a str,
}

impl Client<'_> {
    fn examine(self, stack: &RunningStack, more: &[&str]) -> Output {
        let given = [
            "doctor",
            "--issuer",
            stack.address("issuer"),
            "--audience",
            "api://default",
            "--client-id",
            self.id,
            "--redirect-uri",
            self.redirect_uri,
            "--web-origin",
            self.origin,
            "--scope",
            self.scope,
            "--json",
        ];
        stack.run(&[&given, more].concat())
    }
}

#[tokio::test]
async fn the_stack_has_no_problem() {
    let stack = RunningStack::start("checks", &[]);
    let token = stack.token("alice");
    let weak = stack.token_for("alice", &["--scope", "openid state:read"]);
    let aged = stack.issuer_control("/dev/age?seconds=7200").await;
    assert_eq!(aged.status, 200, "{aged:?}");
    let expired = stack.token("alice");

    the_doctor_finds_only_what_is_wrong(&stack, &token);
    the_smoke_test_passes(&stack, &token, &weak, &expired);

    // Nothing was written.
    let answer = stack.get("/state/smoke", Some(&token)).await;
    assert_eq!(answer.status, 404, "{answer:?}");
}

fn the_doctor_finds_only_what_is_wrong(stack: &RunningStack, token: &str) {
    let web = stack.address("web");
    let redirect_uri = format!("{web}/callback.html");
    let right = Client {
        id: "web",
        redirect_uri: &redirect_uri,
        origin: web,
        scope: "openid profile offline_access state:write",
    };
    let output = right.examine(stack, &["--token", token]);
    assert_remarks(&output, &[("sign_in", "skip")]);
    assert_eq!(output.status.code(), Some(0));
    assert_no_token(&output, &[token]);

    let check = |wrong: Client<'_>, failures: &[(&str, &str)]| {
        let output = wrong.examine(stack, &["--token", token]);
        assert_remarks(&output, &[failures, &[("sign_in", "skip")]].concat());
    };
    check(
        Client {
            id: "other",
            ..right
        },
        &[
            ("client", "fail"),
            ("client_type", "skip"),
            ("token_client", "fail"),
        ],
    );
    check(
        Client {
            redirect_uri: "http://127.0.0.1:1/callback.html",
            ..right
        },
        &[("client", "fail")],
    );
    check(
        Client {
            origin: "https://evil.example",
            ..right
        },
        &[("cors", "fail")],
    );
    check(
        Client {
            scope: "openid state:erase",
            ..right
        },
        &[("scopes", "fail"), ("token_scopes", "fail")],
    );
}

fn the_smoke_test_passes(stack: &RunningStack, token: &str, weak: &str, expired: &str) {
    let output = stack.run(&[
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
        weak,
        "--expired-token",
        expired,
        "--origin",
        stack.address("web"),
        "--json",
    ]);
    assert_remarks(&output, &[]);
    assert_eq!(output.status.code(), Some(0));
    assert_no_token(&output, &[token, weak, expired]);
}
