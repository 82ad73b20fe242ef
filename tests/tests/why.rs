//! The access log that the stack writes, and `cargo local why` on it.

#![expect(
    clippy::expect_used,
    reason = "a test: what goes wrong here is its verdict"
)]

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{HttpAnswer, RunningStack, assert_matches, send};

/// What the command prints about a request.
fn why(stack: &RunningStack, answer: &HttpAnswer) -> Value {
    let id = answer.header("x-amzn-requestid");
    let output = stack.run(&["why", id, "--json"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{id}: {error}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The same but for the ids, which are new each time.
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
    let put = |token: &str| {
        let request = stack.request(Method::PUT, "/state/x").body("{}");
        request.bearer_auth(token)
    };
    let state = json!({"method": "PUT", "path": "/state/{id}"});
    let account = |status: u16,
                   by: &str,
                   reason: &str,
                   route: Value,
                   id: Value,
                   cache: Value,
                   advice: &str| {
        json!({
            "requestId": "id", "status": status, "decidedBy": by, "reason": reason, "route": route,
            "authorizer": {"requestId": id, "cache": cache}, "advice": advice,
        })
    };
    let (null, id) = (Value::Null, json!("id"));

    let listed = stack.get("/state", None).await;
    let list = json!({"method": "GET", "path": "/state"});
    let expected = account(
        200,
        "handler",
        "answered",
        list.clone(),
        id.clone(),
        null.clone(),
        "",
    );
    assert_eq!(cause(&stack, &listed), expected);

    let signed_out = send(stack.request(Method::PUT, "/state/x")).await;
    let expected = account(
        401,
        "gateway",
        "identity_source_missing",
        state.clone(),
        null.clone(),
        null.clone(),
        "send `Authorization: Bearer …`",
    );
    assert_eq!(cause(&stack, &signed_out), expected);

    let denied = send(put(&bob)).await;
    let found = cause(&stack, &denied);
    assert_matches(
        "denied",
        &found,
        &account(
            403,
            "authorizer",
            "route_not_granted",
            state.clone(),
            id.clone(),
            json!("miss"),
            "…",
        ),
    );
    let again = send(put(&bob)).await;
    assert_matches(
        "cached",
        &cause(&stack, &again),
        &account(
            403,
            "cached_policy",
            "policy_denies",
            state.clone(),
            null.clone(),
            json!("hit"),
            "…",
        ),
    );

    let forged = send(put("a.b.c")).await;
    assert_matches(
        "forged",
        &cause(&stack, &forged),
        &account(
            401,
            "authorizer",
            "not_base64url",
            state,
            id,
            json!("miss"),
            "send the token unchanged (…)",
        ),
    );

    let missing = stack.get("/state/nowhere", None).await;
    let found = cause(&stack, &missing);
    assert_eq!(
        (&found["decidedBy"], &found["reason"]),
        (&json!("handler"), &json!("404"))
    );

    let data = fs::read_to_string(stack.data().join("access.log")).expect("the access log");
    let lines: Vec<Value> = data
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    assert_eq!(lines.len(), 6, "one line per request: {data}");
    assert_matches(
        "the line of a listing",
        &lines[0],
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
    let template =
        fs::read_to_string(testkit::repository().join("template.yaml")).expect("the template");
    let template: String = template.split_whitespace().collect();
    for (name, value) in lines[0].as_object().expect("an object") {
        assert!(value.is_string(), "{name}: {value}");
        assert!(
            template.contains(&format!("\"{name}\":\"$context.")),
            "{name} is not in the template"
        );
    }
    assert!(
        !data.contains("a.b.c") && !data.contains(&bob),
        "a token is logged"
    );
}
