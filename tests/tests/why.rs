//! The access log of the stack, and `cargo local why` with it.

#![expect(
    clippy::expect_used,
    reason = "a test: what goes wrong here is its verdict"
)]

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{HttpAnswer, RunningStack, assert_matches, send};

/// The command's output about a request.
fn why(stack: &RunningStack, answer: &HttpAnswer) -> Value {
    let id = answer.header("x-amzn-requestid");
    let output = stack.run(&["why", id, "--json"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{id}: {error}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The same without the ids, which are new each time.
fn cause(stack: &RunningStack, answer: &HttpAnswer) -> Value {
    let mut account = why(stack, answer);
    for id in ["/requestId", "/authorizer/requestId"] {
        if let Some(id) = account.pointer_mut(id).filter(|id| id.is_string()) {
            *id = json!("id");
        }
    }
    account
}

#[tokio::test]
async fn every_request_is_logged_and_explained() {
    let stack = RunningStack::start("why", &[]);
    let bob = stack.token_for("bob", &["--scope", "openid state:read"]);
    let listed = stack.get("/state", None).await;
    requests_with_an_answer_of_the_handler_are_explained(&stack, &listed).await;
    rejected_requests_are_explained(&stack, &bob).await;

    let data = fs::read_to_string(stack.data().join("access.log")).expect("the access log");
    let lines: Vec<Value> = data
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    assert_eq!(lines.len(), 6, "one line per request: {data}");
    the_line_of_a_listing_has_every_member(&lines[0], &listed);
    the_template_logs_each_member(&lines[0]);
    assert!(
        !data.contains("a.b.c") && !data.contains(&bob),
        "a token is logged"
    );
}

async fn requests_with_an_answer_of_the_handler_are_explained(
    stack: &RunningStack,
    listed: &HttpAnswer,
) {
    assert_eq!(
        cause(stack, listed),
        json!({
            "requestId": "id", "status": 200, "decidedBy": "handler", "reason": "answered",
            "route": {"method": "GET", "path": "/state"},
            "authorizer": {"requestId": "id", "cache": null}, "advice": "",
        })
    );
    let missing = stack.get("/state/nowhere", None).await;
    let found = cause(stack, &missing);
    assert_eq!(
        (found.get("decidedBy"), found.get("reason")),
        (Some(&json!("handler")), Some(&json!("404")))
    );
}

async fn rejected_requests_are_explained(stack: &RunningStack, bob: &str) {
    let put = || stack.request(Method::PUT, "/state/x");
    let put_with = |token: &str| put().body("{}").bearer_auth(token);
    let route = json!({"method": "PUT", "path": "/state/{id}"});

    let signed_out = send(put()).await;
    assert_eq!(
        cause(stack, &signed_out),
        json!({
            "requestId": "id", "status": 401, "decidedBy": "gateway", "reason": "identity_source_missing",
            "route": route, "authorizer": {"requestId": null, "cache": null},
            "advice": "send `Authorization: Bearer …`; a token that does not match a `ValidationExpression` of the \
                       authorizer is logged in the same way",
        })
    );
    let denied = send(put_with(bob)).await;
    assert_matches(
        "denied",
        &cause(stack, &denied),
        &json!({
            "requestId": "id", "status": 403, "decidedBy": "authorizer", "reason": "route_not_granted",
            "route": route, "authorizer": {"requestId": "id", "cache": "miss"}, "advice": "…",
        }),
    );
    let again = send(put_with(bob)).await;
    assert_matches(
        "cached",
        &cause(stack, &again),
        &json!({
            "requestId": "id", "status": 403, "decidedBy": "cached_policy", "reason": "policy_denies",
            "route": route, "authorizer": {"requestId": null, "cache": "hit"}, "advice": "…",
        }),
    );
    let forged = send(put_with("a.b.c")).await;
    assert_matches(
        "forged",
        &cause(stack, &forged),
        &json!({
            "requestId": "id", "status": 401, "decidedBy": "authorizer", "reason": "not_base64url",
            "route": route, "authorizer": {"requestId": "id", "cache": "miss"},
            "advice": "send the token unchanged (…)",
        }),
    );
}

fn the_line_of_a_listing_has_every_member(line: &Value, listed: &HttpAnswer) {
    assert_matches(
        "the line of a listing",
        line,
        &json!({
            "requestId": listed.header("x-amzn-requestid"), "requestTime": "… +0000", "httpMethod": "GET",
            "path": "/prod/state", "resourcePath": "/state", "status": "200", "responseType": "-",
            "errorMessage": "-", "authorizeError": "-", "authorizeStatus": "200", "authorizerError": "-",
            "authorizerStatus": "200", "authorizerLatency": "…", "authorizerRequestId": "…-…",
            "principalId": "anonymous", "integrationStatus": "200", "integrationError": "-",
            "integrationLatency": "…", "integrationRequestId": "…-…", "responseLatency": "…",
            "sourceIp": "127.0.0.1", "protocol": "HTTP/1.1",
        }),
    );
}

fn the_template_logs_each_member(line: &Value) {
    let template =
        fs::read_to_string(testkit::repository().join("template.yaml")).expect("the template");
    let template: String = template.split_whitespace().collect();
    for (name, value) in line.as_object().expect("an object") {
        assert!(value.is_string(), "{name}: {value}");
        assert!(
            template.contains(&format!("\"{name}\":\"$context.")),
            "{name} is not in the template"
        );
    }
}
