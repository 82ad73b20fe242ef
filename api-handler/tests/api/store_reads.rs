//! What a request reads from the store, and changes between two reads.

use serde_json::json;

use crate::{
    fake_store::{http, recording, store},
    support::{Api, Ask, ask, forward},
};

#[tokio::test]
async fn a_hidden_value_is_not_read() {
    let direct = Api::start().await;
    for (id, visibility) in [("hidden", "private"), ("shown", "public")] {
        let body = json!({"value": "secret", "visibility": visibility});
        direct.put("alice", id, &body).await;
    }
    let (endpoint, calls) = recording(&direct.endpoint).await;
    let api = Api::over(&endpoint, &direct.table, &[]);
    // The calls of the caller's request that read a value.
    let check = async |request: Ask, status: u16, values: &[&str]| {
        calls.lock().unwrap().clear();
        let name = format!("{} {status}", request.method());
        api.send(request).await.expect(status);
        let calls = calls.lock().unwrap();
        let mut read = Vec::new();
        for call in calls.iter() {
            let input = &call.input;
            let keys = match call.operation.as_str() {
                "Query" if call.is_read_of_visible() => {
                    let items = call.output["Items"].as_array().unwrap().iter();
                    items.map(|item| json!({"id": item["id"]})).collect()
                }
                "GetItem" if input["ProjectionExpression"].is_null() => json!([input["Key"]]),
                "BatchGetItem" => {
                    let table = &input["RequestItems"][direct.table.as_str()];
                    if !table["ProjectionExpression"].is_null() {
                        continue;
                    }
                    table["Keys"].clone()
                }
                _ => continue,
            };
            let ids = keys.as_array().unwrap().iter();
            read.extend(ids.map(|key| key["id"]["S"].as_str().unwrap().to_owned()));
        }
        assert_eq!(read, values, "{name}: {calls:?}");
    };
    let path = "/state/hidden";
    for by in [|ask: Ask| ask, |ask: Ask| ask.by("bob")] {
        check(by(ask("GET", path)), 404, &[]).await;
        check(by(ask("HEAD", path)), 404, &[]).await;
        check(by(ask("GET", "/state")), 200, &["shown"]).await;
    }
    let bob = |method: &str| ask(method, path).by("bob").if_match("*");
    check(bob("PUT").json(&json!({"value": 1})), 412, &[]).await;
    let patch = |ask: Ask| ask.body("application/merge-patch+json", "{}");
    check(patch(bob("PATCH")), 404, &[]).await;
    check(bob("DELETE"), 404, &[]).await;
    check(patch(bob("PATCH").to("/state/shown")), 403, &[]).await;
    check(bob("GET").to("/state/shown"), 200, &["shown"]).await;
    // A request that needs no value reads no value.
    let alice = |method: &str| ask(method, path).by("alice");
    check(alice("HEAD"), 200, &[]).await;
    check(alice("GET").header("If-None-Match", "*"), 304, &[]).await;
    check(alice("GET"), 200, &["hidden"]).await;
    check(
        alice("PUT").if_match("*").json(&json!({"value": 1})),
        200,
        &[],
    )
    .await;
    check(alice("DELETE").if_match("*"), 204, &[]).await;
}

/// A real store that reads `at_once` keys of each batch and returns the others as unprocessed.
async fn reading_few(real: &str, at_once: usize) -> String {
    let real = real.to_owned();
    store(move |operation, mut input| {
        let real = real.clone();
        async move {
            if operation != "BatchGetItem" {
                let (status, body) = forward(&real, &operation, &input).await;
                return http(status, "", &body);
            }
            let (table, keys) = input["RequestItems"]
                .as_object()
                .unwrap()
                .iter()
                .next()
                .map(|(table, keys)| (table.clone(), keys.clone()))
                .unwrap();
            let all = keys["Keys"].as_array().unwrap().clone();
            // Reads the last keys first, because a store may read keys in any order.
            let (unread, read) = all.split_at(all.len().saturating_sub(at_once));
            let mut body = json!({"Responses": {table.as_str(): []}});
            if !read.is_empty() {
                input["RequestItems"][&table]["Keys"] = json!(read);
                body = serde_json::from_str(&forward(&real, &operation, &input).await.1).unwrap();
            }
            body["UnprocessedKeys"] = if unread.is_empty() {
                json!({})
            } else {
                json!({table: {"Keys": unread}})
            };
            http(200, "", &body.to_string())
        }
    })
    .await
}

#[tokio::test]
async fn a_batch_that_is_read_in_parts_is_a_whole_page() {
    let direct = Api::start().await;
    for n in 0..7 {
        direct
            .put("alice", &format!("r{n}"), &json!({"value": n}))
            .await;
    }
    for at_once in [1, 3] {
        let api = Api::over(
            &reading_few(&direct.endpoint, at_once).await,
            &direct.table,
            &[],
        );
        let page = api
            .send(ask("GET", "/state?limit=6").by("alice"))
            .await
            .expect(200);
        assert_eq!(page.ids(), ["r0", "r1", "r2", "r3", "r4", "r5"]);
        assert!(page.body["nextCursor"].is_string());
    }
    let api = Api::over(&reading_few(&direct.endpoint, 0).await, &direct.table, &[]);
    api.send(ask("GET", "/state").by("alice")).await.expect(429);
}

/// A real store in which another writer hides `id` and changes its tag just before its value is read.
async fn hiding_between_two_reads(direct: &Api, id: &'static str) -> String {
    let (real, table) = (direct.endpoint.clone(), direct.table.clone());
    store(move |operation, input| {
        let (real, table) = (real.clone(), table.clone());
        async move {
            if operation == "GetItem" && input["ProjectionExpression"].is_null() {
                let update = json!({
                    "TableName": table,
                    "Key": {"id": {"S": id}},
                    "UpdateExpression": "SET #visibility = :private, #tag = :other",
                    "ExpressionAttributeNames": {"#visibility": "visibility", "#tag": "tag"},
                    "ExpressionAttributeValues": {":private": {"S": "private"}, ":other": {"S": "other"}},
                });
                assert_eq!(forward(&real, "UpdateItem", &update).await.0, 200);
            }
            let (status, body) = forward(&real, &operation, &input).await;
            http(status, "", &body)
        }
    })
    .await
}

#[tokio::test]
async fn a_write_between_two_reads_is_noticed() {
    let direct = Api::start().await;
    let body = json!({"value": "secret", "visibility": "public"});
    let check = async |id: &'static str, request: Ask, status: u16| {
        direct.put("alice", id, &body).await;
        let endpoint = hiding_between_two_reads(&direct, id).await;
        let api = Api::over(&endpoint, &direct.table, &[]);
        let path = format!("/state/{id}");
        api.send(request.to(&path)).await.expect(status)
    };
    // A read with a precondition is two calls.
    let get = ask("GET", "").header("If-None-Match", "\"x\"");
    check("hidden", get.clone().by("bob"), 404).await;
    let read = check("read", get.by("alice"), 200).await;
    assert_eq!(
        (read.etag(), &read.body["visibility"]),
        ("\"other\"".to_owned(), &json!("private"))
    );
    let patch = ask("PATCH", "")
        .by("alice")
        .if_match("*")
        .body("application/merge-patch+json", r#"{"value": 1}"#);
    check("patched", patch, 412).await;
    let after = direct.send(ask("GET", "/state/patched").by("alice")).await;
    assert_eq!(after.body["value"], "secret");
}
