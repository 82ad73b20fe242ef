//! Stores that are unreachable or slow, throttle calls, or send wrong answers.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use lambda_support::{clock::Timestamp, invocation::Invocation};
use serde_json::{Value, json};
use testkit::http::closed_address;

use crate::{
    fake_store::{http, store},
    support::{Api, Ask, Reply, START, UNHURRIED, ask, raw},
};

/// Sends every kind of request. Each must be answered with `status` in time.
async fn check(endpoint: &str, status: u16) {
    let api = Api::over(endpoint, "state", &[]);
    let requests: [(&str, Ask); 7] = [
        ("get", ask("GET", "/state/a").by("alice")),
        ("list", ask("GET", "/state").by("alice")),
        ("anonymous list", ask("GET", "/state")),
        (
            "create",
            ask("PUT", "/state/a")
                .by("alice")
                .create()
                .json(&json!({"value": 1})),
        ),
        (
            "replace",
            ask("PUT", "/state/a")
                .by("alice")
                .if_match("*")
                .json(&json!({"value": 1})),
        ),
        (
            "patch",
            ask("PATCH", "/state/a")
                .by("alice")
                .if_match("*")
                .body("application/merge-patch+json", "{}"),
        ),
        (
            "delete",
            ask("DELETE", "/state/a").by("alice").if_match("*"),
        ),
    ];
    join_all(requests.map(async |(name, request)| {
        let started = Instant::now();
        let reply = api.send(request).await;
        assert_eq!(reply.status, status, "{name}: {reply:#?}");
        assert_eq!(reply.headers["retry-after"], "1");
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{name} took {:?}",
            started.elapsed()
        );
        for detail in ["dynamo", "127.0.0.1", "Exception", "crc", "table"] {
            assert!(
                !reply.text.to_lowercase().contains(&detail.to_lowercase()),
                "{}",
                reply.text
            );
        }
    }))
    .await;
}

#[tokio::test]
async fn an_unreachable_store_is_a_503() {
    check(&format!("http://{}", closed_address()), 503).await;
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_a_503() {
    check(&store(|_, _| std::future::pending()).await, 503).await;
}

#[tokio::test]
async fn a_store_that_closes_connections_is_a_503() {
    check(&store(async |_, _| None).await, 503).await;
}

#[tokio::test]
async fn a_slow_store_is_a_503() {
    let slow = store(async |_, _| {
        tokio::time::sleep(Duration::from_secs(3)).await;
        http(200, "", "{}")
    });
    check(&slow.await, 503).await;
}

#[tokio::test]
async fn an_incomplete_answer_of_the_store_is_a_503() {
    check(
        &store(async |_, _| {
            Some(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Item\":".to_vec())
        })
        .await,
        503,
    )
    .await;
}

#[tokio::test]
async fn throttled_calls_are_a_429() {
    for code in [
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
    ] {
        let body = json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "slow down, table-1"}).to_string();
        check(
            &store(move |_, _| std::future::ready(http(400, "", &body))).await,
            429,
        )
        .await;
    }
}

#[tokio::test]
async fn errors_of_the_store_are_a_503() {
    for (status, code) in [
        (400, "ResourceNotFoundException"),
        (400, "AccessDeniedException"),
        (400, "UnrecognizedClientException"),
        (400, "ValidationException"),
        (500, "InternalServerError"),
        (503, "ServiceUnavailable"),
    ] {
        let body =
            json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "no"})
                .to_string();
        check(
            &store(move |_, _| std::future::ready(http(status, "", &body))).await,
            503,
        )
        .await;
    }
}

#[tokio::test]
async fn answers_in_other_protocols_and_formats_are_a_503() {
    for body in [
        "",
        "<html>200 OK</html>",
        "[]",
        "null",
        "{\"Item\":",
        "\0\0",
    ] {
        let body = body.to_owned();
        check(
            &store(move |_, _| std::future::ready(http(200, "", &body))).await,
            503,
        )
        .await;
    }
    check(
        &store(async |_, _| http(200, "x-amz-crc32: 1\r\n", "{}")).await,
        503,
    )
    .await;
    check(
        &store(async |_, _| http(302, "Location: /\r\n", "")).await,
        503,
    )
    .await;
    check(
        &store(async |_, _| Some(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec())).await,
        503,
    )
    .await;
}

/// Reads from a store that returns `item` for every id.
async fn read_of(item: Value) -> Reply {
    let lying = store(move |operation, input| {
        let body = match operation.as_str() {
            "GetItem" => json!({"Item": item}),
            "BatchGetItem" => json!({"Responses": {"state": [item]}}),
            "Query" if input["IndexName"].is_null() => json!({"Items": [item], "Count": 1}),
            _ => json!({"Items": [{"id": {"S": "a"}}], "Count": 1}),
        };
        async move { http(200, "", &body.to_string()) }
    });
    let api = Api::over(&lying.await, "state", &[]);
    let got = api.send(ask("GET", "/state/a").by("alice")).await;
    let listed = api.send(ask("GET", "/state").by("alice")).await;
    assert_eq!(listed.status, got.status);
    got
}

#[tokio::test]
async fn malformed_items_are_a_503() {
    let item = json!({
        "id": {"S": "a"}, "owner": {"S": "alice"}, "visibility": {"S": "private"}, "value": {"S": "{\"n\":1}"}, "version": {"N": "1"},
        "tag": {"S": "t"}, "createdAt": {"S": "2026-01-01T00:00:00.000Z"}, "updatedAt": {"S": "2026-01-01T00:00:00.000Z"}
    });
    read_of(item.clone()).await.expect(200);
    let check = async |name: &str, value: Value| {
        let mut item = item.clone();
        item[name] = value;
        read_of(item).await.expect(503);
    };
    check("id", json!({"S": "UPPER"})).await;
    check("owner", json!({"N": "1"})).await;
    check("visibility", json!({"S": "secret"})).await;
    check("value", json!({"S": "{\"n\":"})).await;
    check("value", json!({"M": {}})).await;
    check("version", json!({"N": "-1"})).await;
    check("version", json!({"S": "1"})).await;
    for name in item.as_object().unwrap().keys() {
        let mut item = item.clone();
        item.as_object_mut().unwrap().remove(name);
        read_of(item).await.expect(503);
    }
}

#[tokio::test]
async fn an_item_of_another_id_is_a_503() {
    let other = |operation: String, input: Value| async move {
        let item = json!({
            "id": {"S": "b"}, "owner": {"S": "alice"}, "visibility": {"S": "public"}, "value": {"S": "1"}, "version": {"N": "1"},
            "tag": {"S": "t"}, "createdAt": {"S": "x"}, "updatedAt": {"S": "x"}
        });
        let body = if operation == "GetItem" {
            json!({"Item": item})
        } else if input["IndexName"].is_null() {
            json!({"Items": [item]})
        } else {
            json!({"Items": [{"id": {"S": "b"}}, {"id": {"S": "a"}}]})
        };
        http(200, "", &body.to_string())
    };
    let api = Api::over(&store(other).await, "state", &[]);
    for read in [
        ask("GET", "/state/a"),
        ask("HEAD", "/state/a"),
        ask("GET", "/state"),
    ] {
        api.send(read.by("alice")).await.expect(503);
    }
}

#[tokio::test]
async fn the_deadline_of_the_function_limits_the_answer() {
    let api = Api::over(&store(|_, _| std::future::pending()).await, "state", &[]);
    let started = Instant::now();
    let answer = api
        .handler
        .answer(
            &raw(&ask("GET", "/state/a").by("alice").rest_event()),
            Invocation {
                deadline: Timestamp::from_secs(START + 1),
                ..UNHURRIED
            },
        )
        .await
        .unwrap();
    assert_eq!(serde_json::to_value(answer).unwrap()["statusCode"], 503);
    // Without the deadline the call of the store would be cancelled after 3.8 seconds.
    assert!(started.elapsed() < Duration::from_secs(3));
}
