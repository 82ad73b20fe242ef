//! Calls of the store with a lost answer.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt as _, net::TcpListener};

use crate::{
    fake_store::{http, read, store},
    support::{Api, Ask, ask, forward},
};

/// A real store that loses its first answer to `operation`. `then` runs before the connection is closed.
async fn losing_an_answer<F>(
    real: &str,
    operation: &'static str,
    then: impl Fn(String, Value) -> F + Send + Sync + 'static,
) -> String
where
    F: Future<Output = ()> + Send,
{
    let (real, lost) = (real.to_owned(), Arc::new(AtomicUsize::new(0)));
    let then = Arc::new(then);
    store(move |name, input| {
        let (real, lost, then) = (real.clone(), Arc::clone(&lost), Arc::clone(&then));
        async move {
            let (status, body) = forward(&real, &name, &input).await;
            if name == operation && lost.fetch_add(1, Ordering::Relaxed) == 0 {
                then(real, input).await;
                None
            } else {
                http(status, "", &body)
            }
        }
    })
    .await
}

async fn nothing(_: String, _: Value) {}

#[tokio::test]
async fn a_write_with_a_lost_answer_is_not_a_lost_race() {
    let direct = Api::start().await;
    let api = Api::over(
        &losing_an_answer(&direct.endpoint, "PutItem", nothing).await,
        &direct.table,
        &[],
    );
    let created = api.put("alice", "a", &json!({"value": 1})).await;
    assert_eq!(
        direct.send(ask("GET", "/state/a").by("alice")).await.etag(),
        created.etag()
    );

    let api = Api::over(
        &losing_an_answer(&direct.endpoint, "UpdateItem", nothing).await,
        &direct.table,
        &[],
    );
    let put = ask("PUT", "/state/a")
        .by("alice")
        .if_match(&created.etag())
        .json(&json!({"value": 2}));
    assert_eq!(api.send(put).await.expect(200).body["version"], 2);

    let api = Api::over(
        &losing_an_answer(&direct.endpoint, "PutItem", nothing).await,
        &direct.table,
        &[],
    );
    let patch = ask("PATCH", "/state/a")
        .by("alice")
        .if_match("*")
        .body("application/merge-patch+json", r#"{"value": 3}"#);
    assert_eq!(api.send(patch).await.expect(200).body["version"], 3);

    // A deleted resource does not show who deleted it.
    let api = Api::over(
        &losing_an_answer(&direct.endpoint, "DeleteItem", nothing).await,
        &direct.table,
        &[],
    );
    api.send(ask("DELETE", "/state/a").by("alice").if_match("*"))
        .await
        .expect(503);
    direct
        .send(ask("GET", "/state/a").by("alice"))
        .await
        .expect(404);
}

#[tokio::test]
async fn a_create_is_not_repeated_over_a_delete() {
    let direct = Api::start().await;
    let delete = async |real: String, put: Value| {
        let key = json!({"TableName": put["TableName"], "Key": {"id": put["Item"]["id"]}});
        assert_eq!(forward(&real, "DeleteItem", &key).await.0, 200);
    };
    let endpoint = losing_an_answer(&direct.endpoint, "PutItem", delete).await;
    let api = Api::over(&endpoint, &direct.table, &[]);
    let put = ask("PUT", "/state/a")
        .by("alice")
        .create()
        .json(&json!({"value": 1}));
    let reply = api.send(put).await.expect(503);
    assert_eq!(reply.headers["retry-after"], "1");
    direct
        .send(ask("GET", "/state/a").by("alice"))
        .await
        .expect(404);
}

#[tokio::test]
async fn a_write_in_doubt_is_not_reported_as_throttled() {
    let direct = Api::start().await;
    for id in ["replaced", "patched", "deleted"] {
        direct.put("alice", id, &json!({"value": 1})).await;
    }
    let check = async |request: Ask| {
        let (real, full) = (direct.endpoint.clone(), Arc::new(AtomicUsize::new(0)));
        let endpoint = store(move |operation, input| {
            let (real, full) = (real.clone(), Arc::clone(&full));
            async move {
                if full.load(Ordering::Relaxed) == 1 {
                    let code = "com.amazonaws.dynamodb.v20120810#ThrottlingException";
                    return http(400, "", &json!({"__type": code}).to_string());
                }
                let (status, body) = forward(&real, &operation, &input).await;
                if operation == "GetItem" {
                    return http(status, "", &body);
                }
                full.store(1, Ordering::Relaxed);
                None
            }
        });
        let api = Api::over(&endpoint.await, &direct.table, &[]);
        api.send(request).await.expect(503);
    };
    let put = |id: &str| {
        ask("PUT", &format!("/state/{id}"))
            .by("alice")
            .json(&json!({"value": 2}))
    };
    check(put("created").create()).await;
    check(put("replaced").if_match("*")).await;
    check(
        ask("PATCH", "/state/patched")
            .by("alice")
            .if_match("*")
            .body("application/merge-patch+json", r#"{"value": 2}"#),
    )
    .await;
    check(ask("DELETE", "/state/deleted").by("alice").if_match("*")).await;
}

#[tokio::test]
async fn closed_connections_are_replaced() {
    let direct = Api::start().await;
    let real = direct.endpoint.clone();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let real = real.clone();
            tokio::spawn(async move {
                let call = read(&mut stream).await?;
                let (status, body) = forward(&real, &call.operation, &call.input).await;
                stream
                    .write_all(&http(status, "Connection: keep-alive\r\n", &body)?)
                    .await
                    .ok()
            });
        }
    });
    let api = Api::over(&endpoint, &direct.table, &[]);
    for n in 0..20 {
        api.put("alice", &format!("r{n:02}"), &json!({"value": n}))
            .await;
        api.send(
            ask("DELETE", &format!("/state/r{n:02}"))
                .by("alice")
                .if_match("*"),
        )
        .await
        .expect(204);
    }
}
