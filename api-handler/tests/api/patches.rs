//! Merge patches and JSON patches.

use serde_json::{Value, json};

use crate::support::{Api, Reply, ask};

async fn patch(api: &Api, media_type: &str, etag: &str, patch: &Value) -> Reply {
    let media_type = format!("application/{media_type}+json");
    api.send(
        ask("PATCH", "/state/a")
            .by("alice")
            .if_match(etag)
            .body(&media_type, &patch.to_string()),
    )
    .await
}

#[tokio::test]
async fn a_patch_creates_a_new_version() {
    let api = Api::start().await;
    let first = api
        .put("alice", "a", &json!({"value": {"n": 1, "old": true}}))
        .await;
    let second = patch(
        &api,
        "merge-patch",
        &first.etag(),
        &json!({"value": {"n": 2, "old": null}, "visibility": "public"}),
    )
    .await
    .expect(200);
    assert_eq!(
        (
            &second.body["value"],
            &second.body["visibility"],
            &second.body["version"]
        ),
        (&json!({"n": 2}), &json!("public"), &json!(2))
    );
    assert_eq!(api.send(ask("GET", "/state")).await.ids(), ["a"]);
    patch(&api, "merge-patch", &first.etag(), &json!({"value": 0}))
        .await
        .expect(412);
    let steps = json!([{"op": "test", "path": "/value/n", "value": 2}, {"op": "replace", "path": "/value/n", "value": 3}, {"op": "copy", "from": "/visibility", "path": "/value/v"}]);
    let third = patch(&api, "json-patch", &second.etag(), &steps)
        .await
        .expect(200);
    assert_eq!(third.body["value"], json!({"n": 3, "v": "public"}));
    assert_eq!(api.send(ask("GET", "/state/a")).await.etag(), third.etag());
}

#[tokio::test]
async fn a_patch_that_fails_changes_nothing() {
    let api = Api::start().await;
    let created = api.put("alice", "a", &json!({"value": {"n": 1}})).await;
    let check = async |media_type: &str, body: Value, status: u16, pointer: Option<&str>| {
        let reply = patch(&api, media_type, "*", &body).await.expect(status);
        if let Some(pointer) = pointer {
            assert_eq!(reply.pointers(), [pointer], "{body}");
        }
    };
    let set = json!({"op": "add", "path": "/value/m", "value": 1});
    check(
        "json-patch",
        json!([set, {"op": "test", "path": "/value/n", "value": 2}]),
        409,
        Some("#/1"),
    )
    .await;
    check(
        "json-patch",
        json!([set, {"op": "remove", "path": "/value/x"}]),
        409,
        Some("#/1"),
    )
    .await;
    check(
        "json-patch",
        json!([set, {"op": "nothing", "path": ""}]),
        400,
        Some("#/1"),
    )
    .await;
    check("json-patch", json!({"value": 1}), 400, Some("#")).await;
    check(
        "json-patch",
        json!([set, {"op": "remove", "path": "/value"}]),
        422,
        Some("#/value"),
    )
    .await;
    check(
        "json-patch",
        json!([set, {"op": "add", "path": "/owner", "value": "bob"}]),
        422,
        Some("#/owner"),
    )
    .await;
    check(
        "json-patch",
        json!([set, {"op": "replace", "path": "", "value": 1}]),
        422,
        Some("#"),
    )
    .await;
    check(
        "json-patch",
        json!([{"op": "replace", "path": "/visibility", "value": "everyone"}]),
        422,
        Some("#/visibility"),
    )
    .await;
    check("merge-patch", json!({"value": null}), 422, Some("#/value")).await;
    check(
        "merge-patch",
        json!({"visibility": null}),
        422,
        Some("#/visibility"),
    )
    .await;
    check("merge-patch", json!({"owner": "bob"}), 422, Some("#/owner")).await;
    check("merge-patch", json!(null), 422, Some("#")).await;
    check(
        "merge-patch",
        json!({"value": "x".repeat(256 * 1024)}),
        413,
        None,
    )
    .await;
    let after = api.send(ask("GET", "/state/a").by("alice")).await;
    assert_eq!((after.etag(), after.body), (created.etag(), created.body));
}

#[tokio::test]
async fn unchanged_numbers_stay_exact() {
    let api = Api::start().await;
    let text = r#"{"value": {"big": 18446744073709551615, "small": 5e-324, "n": 0}}"#;
    let put = ask("PUT", "/state/a")
        .by("alice")
        .create()
        .body("application/json", text);
    api.send(put).await.expect(201);
    let reply = patch(&api, "merge-patch", "*", &json!({"value": {"n": 1}}))
        .await
        .expect(200);
    assert!(
        reply.text.contains("18446744073709551615") && reply.text.contains("5e-324"),
        "{}",
        reply.text
    );
}
