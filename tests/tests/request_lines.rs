//! The line about each request, on a terminal, in a file and as JSON.

#![expect(
    clippy::expect_used,
    reason = "a test: what goes wrong here is its verdict"
)]

use std::fs;
use std::io::{self, Write as _};
use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tests::{RunningStack, assert_matches, send};

/// An output of a stack, as soon as it has the lines of all requests and these strings.
async fn shown(stack: &RunningStack, output: &str, texts: &[&str]) -> String {
    let file = stack.data().join(output);
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        assert!(
            Instant::now() < until,
            "{output} lacks {texts:?} or a request"
        );
        let text = fs::read_to_string(&file).expect("the output");
        let requests = text.matches("/prod/state").count();
        if requests >= LINES.len() && texts.iter().all(|expected| text.contains(expected)) {
            return text;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Three requests: one that the handler answers, one that the gateway refuses, and one that the authorizer refuses.
async fn three_requests(stack: &RunningStack) {
    stack.get("/state", None).await;
    let put = || stack.request(Method::PUT, "/state/x").body("{}");
    send(put()).await;
    send(put().bearer_auth("a.b.c")).await;
}

/// A line of a request, without its times and its colour.
fn plain(line: &str) -> String {
    let line = line.trim_end_matches("\u{1b}[0m");
    let (line, times) = line.split_once(" (gateway ").expect("the times");
    for part in ["authorizer", "function"] {
        assert!(times.contains(&format!(" ms, {part} ")), "{times}");
    }
    line.to_owned()
}

const LINES: [&str; 3] = [
    "GET /prod/state 200 by the handler: answered",
    "PUT /prod/state/x 401 by the gateway: identity_source_missing",
    "PUT /prod/state/x 401 by the authorizer: not_base64url",
];

/// The same lines in the colours of their statuses.
const COLOURED: [&str; 3] = [
    "\u{1b}[32mGET /prod/state 200 by the handler: answered",
    "\u{1b}[33mPUT /prod/state/x 401 by the gateway: identity_source_missing",
    "\u{1b}[33mPUT /prod/state/x 401 by the authorizer: not_base64url",
];

/// The lines of requests in an output, without the name of the part before each line.
fn requests(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text
        .lines()
        .filter_map(|line| Some(line.split_once("gateway | ")?.1))
        .map(plain)
        .collect();
    // The authorizer's line may be read after the next request.
    lines.sort_by_key(|line| (line.contains("by the authorizer"), line.contains("PUT")));
    lines
}

/// The beginnings of the functions' own lines.
const OF_FUNCTIONS: [&str; 2] = [" authorizer | ", "api-handler | "];

fn shows_functions(text: &str) -> bool {
    OF_FUNCTIONS.iter().any(|start| text.contains(start))
}

#[tokio::test]
async fn a_file_has_no_colours_and_no_lines_of_functions() {
    let stack = RunningStack::start("lines-plain", &[]);
    three_requests(&stack).await;
    let text = shown(&stack, "stderr.log", &[]).await;
    assert_eq!(requests(&text), LINES, "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
    assert!(!shows_functions(&text), "{text}");
}

#[tokio::test]
async fn a_terminal_has_colours() {
    let Some(stack) = on_a_terminal("lines-coloured", "", &["--verbose"]) else {
        return;
    };
    three_requests(&stack).await;
    let text = shown(&stack, "stdout.log", &OF_FUNCTIONS).await;
    assert_eq!(requests(&text), COLOURED, "{text}");
}

#[tokio::test]
async fn no_color_is_respected() {
    let Some(stack) = on_a_terminal("lines-uncoloured", "1", &[]) else {
        return;
    };
    three_requests(&stack).await;
    let text = shown(&stack, "stdout.log", &[]).await;
    assert_eq!(requests(&text), LINES, "{text}");
    assert!(
        !text.contains('\u{1b}') && !shows_functions(&text),
        "{text}"
    );
}

#[tokio::test]
async fn the_json_of_a_request_has_every_member() {
    let stack = RunningStack::start("lines-json", &["--json"]);
    three_requests(&stack).await;
    let text = shown(&stack, "stdout.log", &[]).await;
    let mut lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("only lines of JSON"))
        .collect();
    lines.sort_by_key(|line| {
        (
            line["decidedBy"] == "authorizer",
            line["httpMethod"] == "PUT",
        )
    });
    let expected = [
        json!({
            "httpMethod": "GET", "path": "/prod/state", "resourcePath": "/state", "status": "200", "responseType": "-",
            "errorMessage": "-", "authorizeStatus": "200", "authorizerError": "-", "authorizerStatus": "200",
            "authorizerLatency": "…", "authorizerRequestId": "…-…", "principalId": "anonymous",
            "integrationStatus": "200", "integrationLatency": "…", "integrationRequestId": "…-…",
            "decidedBy": "handler", "reason": "answered",
        }),
        json!({
            "httpMethod": "PUT", "path": "/prod/state/x", "resourcePath": "/state/{id}", "status": "401",
            "responseType": "UNAUTHORIZED", "errorMessage": "Unauthorized", "authorizeStatus": "-",
            "authorizerError": "-", "authorizerStatus": "-", "authorizerLatency": "-", "authorizerRequestId": "-",
            "principalId": "-", "integrationStatus": "-", "integrationLatency": "-", "integrationRequestId": "-",
            "decidedBy": "gateway", "reason": "identity_source_missing",
        }),
        json!({
            "httpMethod": "PUT", "path": "/prod/state/x", "resourcePath": "/state/{id}", "status": "401",
            "responseType": "UNAUTHORIZED", "errorMessage": "Unauthorized", "authorizeStatus": "-",
            "authorizerError": "Unauthorized", "authorizerStatus": "401", "authorizerLatency": "…",
            "authorizerRequestId": "…-…", "principalId": "-", "integrationStatus": "-", "integrationLatency": "-",
            "integrationRequestId": "-", "decidedBy": "authorizer", "reason": "not_base64url",
        }),
    ];
    assert_eq!(lines.len(), expected.len(), "{text}");
    for (line, mut expected) in lines.iter().zip(expected) {
        let every = json!({
            "requestId": "…-…", "requestTime": "… +0000", "authorizeError": "-", "integrationError": "-",
            "responseLatency": "…", "gatewayLatency": "…", "sourceIp": "127.0.0.1", "protocol": "HTTP/1.1",
        });
        for (name, value) in every.as_object().expect("an object") {
            expected[name] = value.clone();
        }
        assert_matches("a request", line, &expected);
    }
    // The access log has only API Gateway's members.
    let logged = fs::read_to_string(stack.data().join("access.log")).expect("the access log");
    assert!(!logged.contains("decidedBy"), "{logged}");
}

/// A stack with a terminal as its output, by `script` of util-linux; none if `script` is missing.
fn on_a_terminal(name: &str, no_color: &str, flags: &[&str]) -> Option<RunningStack> {
    let version = Command::new("script").arg("--version").output();
    if !version.is_ok_and(|output| output.stdout.starts_with(b"script from util-linux")) {
        // Not with `eprintln!`, because its output is hidden if the test passes.
        let _ = writeln!(
            io::stderr(),
            "skipped: lines on a terminal, because `script` of util-linux is missing"
        );
        return None;
    }
    Some(RunningStack::start_with(name, |command| {
        command.args(["--issuer-port", "0"]).args(flags);
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let quoted: Vec<String> = words
            .map(|word| format!("'{}'", word.to_str().expect("a path in UTF-8")))
            .collect();
        let mut script = Command::new("script");
        script
            .args(["--quiet", "--flush", "--command"])
            .arg(format!("exec {}", quoted.join(" ")))
            .arg("/dev/null")
            .env("NO_COLOR", no_color)
            .env("SHELL", "/bin/sh")
            .current_dir(testkit::repository());
        *command = script;
    }))
}
