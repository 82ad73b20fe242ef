//! The events of REST and HTTP APIs.

use serde_json::{Value, json};

use crate::support::{Api, START, UNHURRIED, ask, caller, raw};

/// A payload 2.0 event.
fn http_event(method: &str, path: &str, query: &str, authorizer: &Value) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": "abc.example.com", "x-forwarded-proto": "https", "if-none-match": "*", "content-type": "application/json"},
        "requestContext": {
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.9", "userAgent": "test"},
            "requestId": "request-2", "stage": "$default", "domainName": "abc.example.com", "authorizer": authorizer
        },
        "body": "eyJ2YWx1ZSI6MX0=",
        "isBase64Encoded": true
    })
}

fn typed(principal: &str) -> Value {
    json!({"lambda": {"signedIn": true, "principal": principal, "sub": "s", "exp": START + 60, "groups": "[\"Team\"]", "scope": "a b"}})
}

#[tokio::test]
async fn http_apis_may_send_a_typed_context() {
    let api = Api::start().await;
    let created = api
        .event(http_event("PUT", "/state/a", "", &typed("alice")))
        .await
        .expect(201);
    assert_eq!(
        created.headers["location"],
        "https://abc.example.com/state/a"
    );
    assert_eq!(created.body["owner"], "alice");
    let session = api
        .event(http_event("GET", "/session", "", &typed("alice")))
        .await
        .expect(200);
    assert_eq!(
        session.body,
        json!({"signedIn": true, "principal": "alice", "subject": "s", "scopes": ["a", "b"], "groups": ["Team"], "expiresAt": "2026-01-01T00:01:00.000Z"})
    );
    let list = api
        .event(http_event(
            "GET",
            "/state",
            "owner=me&limit=1",
            &typed("alice"),
        ))
        .await
        .expect(200);
    assert_eq!(list.ids(), ["a"]);
    // The same context in a member where an HTTP API never sends it.
    let session = api
        .event(http_event("GET", "/session", "", &typed("alice")["lambda"]))
        .await
        .expect(200);
    assert_eq!(session.body, json!({"signedIn": false}));
    for anonymous in [
        json!(null),
        json!({}),
        json!({"lambda": null}),
        json!({"lambda": {"signedIn": false}}),
        json!({"jwt": {"claims": {"principal": "alice"}}}),
    ] {
        assert_eq!(
            api.event(http_event("GET", "/session", "", &anonymous))
                .await
                .expect(200)
                .body,
            json!({"signedIn": false})
        );
    }
}

#[tokio::test]
async fn only_the_context_identifies_the_caller() {
    let api = Api::start().await;
    let request = ask("GET", "/session")
        .header(
            "Authorization",
            "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.",
        )
        .header("X-Principal", "alice")
        .header("signedIn", "true")
        .header("Cookie", "principal=alice");
    for context in [
        json!(null),
        json!({}),
        json!({"principalId": "alice"}),
        json!({"lambda": caller("alice", &[])}),
        json!({"claims": caller("alice", &[])}),
    ] {
        assert_eq!(
            api.send(request.clone().context(context))
                .await
                .expect(200)
                .body,
            json!({"signedIn": false})
        );
    }
}

#[tokio::test]
async fn a_catch_all_route_without_an_authorizer_is_a_404() {
    let api = Api::start().await;
    api.put("alice", "a", &json!({"value": 1, "visibility": "public"}))
        .await;
    let rest = |method: &str, path: &str, context: Value| {
        let mut event = ask(method, path)
            .header("Authorization", "Bearer bad")
            .context(context)
            .rest_event();
        event["resource"] = "/{proxy+}".into();
        event
    };
    let http = |method: &str, path: &str, context: Value| {
        let mut event = http_event(method, path, "", &context);
        event["routeKey"] = "ANY /{proxy+}".into();
        event
    };
    for anonymous in [json!(null), json!({}), json!({"claims": null})] {
        for path in [
            "/session",
            "/%73ession",
            "/state",
            "/stat%65",
            "/state/",
            "/state/a",
            "/state/a/",
            "//state",
            "/state/a/b",
            "/openapi.json",
        ] {
            for method in ["GET", "PUT", "POST", "OPTIONS"] {
                for event in [
                    rest(method, path, anonymous.clone()),
                    http(method, path, anonymous.clone()),
                ] {
                    api.event(event).await.expect(404);
                }
            }
        }
    }
    // An API may have only this route, with the authorizer.
    api.event(rest("GET", "/state/a", caller("alice", &[])))
        .await
        .expect(200);
    api.event(http("GET", "/session", typed("alice")))
        .await
        .expect(200);
}

#[tokio::test]
async fn an_unknown_event_is_an_error() {
    let api = Api::start().await;
    for event in [
        json!({}),
        json!(null),
        json!({"type": "TOKEN", "methodArn": "arn", "authorizationToken": "x"}),
    ] {
        assert!(api.handler.answer(&raw(&event), UNHURRIED).await.is_err());
        let line = api.log.last();
        assert_eq!(
            (&line["level"], &line["Faults"]),
            (&json!("ERROR"), &json!(1))
        );
    }
}

/// Emulators leave out API Gateway's id. The answer then has Lambda's id, so that its log line can be found.
#[tokio::test]
async fn the_request_id_of_an_answer_is_in_the_log() {
    let api = Api::over("http://127.0.0.1:9", "state", &[("LOG_LEVEL", "info")]);
    let with_id = ask("GET", "/nowhere").rest_event();
    let mut without_id = with_id.clone();
    without_id["requestContext"]
        .as_object_mut()
        .unwrap()
        .remove("requestId");
    for (event, in_answer, api_id) in [
        (with_id, "request-1", json!("request-1")),
        (without_id, "r-1", json!(null)),
    ] {
        let reply = api.event(event).await.expect(404);
        assert_eq!(reply.body["requestId"], in_answer);
        let line = api.log.last();
        assert_eq!(line["requestId"], "r-1");
        assert_eq!(line["apiRequestId"], api_id);
    }
}
