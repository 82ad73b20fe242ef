//! `cargo local doctor` and `cargo local smoke` against the whole stack.

#![expect(clippy::panic, reason = "a test: what goes wrong here is its verdict")]

use std::process::Output;

use serde_json::Value;
use tests::RunningStack;

/// The statuses of a report, by check, without those that passed.
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

fn remark(id: &str, status: &str) -> (String, String) {
    (id.to_owned(), status.to_owned())
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

    let web = stack.address("web");
    let redirect_uri = format!("{web}/callback.html");
    let right = Client {
        id: "web",
        redirect_uri: &redirect_uri,
        origin: web,
        scope: "openid profile offline_access state:write",
    };
    let output = right.examine(&stack, &["--token", &token]);
    let skipped = [remark("sign_in", "skip")];
    assert_eq!(
        remarks(&output),
        skipped,
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert_eq!(output.status.code(), Some(0));
    assert_no_token(&output, &[&token]);
    for (wrong, failures) in [
        (
            Client {
                id: "other",
                ..right
            },
            &[
                ("client", "fail"),
                ("client_type", "skip"),
                ("token_client", "fail"),
            ][..],
        ),
        (
            Client {
                redirect_uri: "http://127.0.0.1:1/callback.html",
                ..right
            },
            &[("client", "fail")],
        ),
        (
            Client {
                origin: "https://evil.example",
                ..right
            },
            &[("cors", "fail")],
        ),
        (
            Client {
                scope: "openid state:erase",
                ..right
            },
            &[("scopes", "fail"), ("token_scopes", "fail")],
        ),
    ] {
        let output = wrong.examine(&stack, &["--token", &token]);
        let mut expected: Vec<_> = failures
            .iter()
            .map(|(id, status)| remark(id, status))
            .collect();
        expected.extend(skipped.clone());
        assert_eq!(
            remarks(&output),
            expected,
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
    }

    let output = stack.run(&[
        "smoke",
        "--api",
        stack.address("api"),
        "--allowed",
        "GET /session",
        "--guarded",
        "PUT /state/smoke",
        "--token",
        &token,
        "--weak-token",
        &weak,
        "--expired-token",
        &expired,
        "--origin",
        web,
        "--json",
    ]);
    assert_eq!(
        remarks(&output),
        [],
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert_eq!(output.status.code(), Some(0));
    assert_no_token(&output, &[&token, &weak, &expired]);

    // Nothing was written.
    let answer = stack.get("/state/smoke", Some(&token)).await;
    assert_eq!(answer.status, 404, "{answer:?}");
}
