//! The usual sequence of requests of a caller.

use serde_json::json;

use crate::support::{Api, ask};

#[tokio::test]
async fn a_resource_is_created_replaced_and_deleted() {
    let api = Api::start().await;
    let created = api.put("alice", "a", &json!({"value": {"n": 1}})).await;
    assert_eq!(
        created.headers["location"],
        "https://api.example.com/prod/state/a"
    );
    assert_eq!(
        created.body,
        json!({"id": "a", "owner": "alice", "visibility": "private", "value": {"n": 1}, "version": 1,
               "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z"})
    );
    let got = api
        .send(ask("GET", "/state/a").by("alice"))
        .await
        .expect(200);
    assert_eq!((&got.body, got.etag()), (&created.body, created.etag()));
    api.send(ask("GET", "/state/a").by("bob")).await.expect(404);
    api.send(ask("GET", "/state/a")).await.expect(404);

    let replace = ask("PUT", "/state/a")
        .by("alice")
        .if_match(&created.etag())
        .json(&json!({"value": 2, "visibility": "public"}));
    let replaced = api.send(replace.clone()).await.expect(200);
    assert_eq!(
        (&replaced.body["version"], &replaced.body["visibility"]),
        (&json!(2), &json!("public"))
    );
    assert_ne!(replaced.etag(), created.etag());
    api.send(replace).await.expect(412);
    let got = api.send(ask("GET", "/state/a")).await.expect(200);
    assert_eq!(got.body, replaced.body);

    let list = api.send(ask("GET", "/state")).await.expect(200);
    assert_eq!(list.body, json!({"items": [replaced.body]}));

    api.send(
        ask("DELETE", "/state/a")
            .by("alice")
            .if_match(&created.etag()),
    )
    .await
    .expect(412);
    let deleted = api
        .send(
            ask("DELETE", "/state/a")
                .by("alice")
                .if_match(&replaced.etag()),
        )
        .await
        .expect(204);
    assert_eq!(deleted.text, "");
    api.send(ask("GET", "/state/a").by("alice"))
        .await
        .expect(404);
}

#[tokio::test]
async fn the_session_describes_the_caller() {
    let api = Api::start().await;
    assert_eq!(
        api.send(ask("GET", "/session")).await.expect(200).body,
        json!({"signedIn": false})
    );
    assert_eq!(
        api.send(ask("GET", "/session").by("alice"))
            .await
            .expect(200)
            .body,
        json!({"signedIn": true, "principal": "alice", "subject": "alice@example.com", "clientId": "web",
               "scopes": ["openid", "state:write"], "groups": ["Everyone"], "expiresAt": "2026-01-01T01:00:00.000Z"})
    );
}

#[tokio::test]
async fn links_begin_with_the_public_url() {
    let api = Api::with(&[("PUBLIC_URL", "https://api.public.example/v1")]).await;
    let created = api.put("alice", "a", &json!({"value": 1})).await;
    assert_eq!(
        created.headers["location"],
        "https://api.public.example/v1/state/a"
    );
    api.put("alice", "b", &json!({"value": 1})).await;
    let list = api.send(ask("GET", "/state?limit=1").by("alice")).await;
    let link = &list.headers["link"];
    assert!(
        link.starts_with("<https://api.public.example/v1/state?limit=1&cursor="),
        "{link}"
    );
    let document = api.send(ask("GET", "/openapi.json")).await;
    assert_eq!(
        document.body["servers"],
        json!([{"url": "https://api.public.example/v1"}])
    );
}
