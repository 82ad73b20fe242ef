//! The answers for a resource that does not exist and for a resource that is hidden from the caller are the same.

use serde_json::json;

use crate::support::{Api, Ask, ask};

/// Sends the same request for a resource that is hidden from bob and for one that does not exist, and compares the
/// answers.
async fn pair(request: impl Fn(&str) -> Ask) {
    let api = Api::start().await;
    let etag = api
        .put("alice", "hidden", &json!({"value": "secret"}))
        .await
        .etag();
    api.put(
        "alice",
        "grouped",
        &json!({"value": "secret", "visibility": "group:Team"}),
    )
    .await;
    for ask in [|a: Ask| a.by("bob"), |a: Ask| a] {
        let absent = api.send(ask(request("absent"))).await;
        for id in ["hidden", "grouped"] {
            let hidden = api.send(ask(request(id))).await;
            assert_eq!(hidden.status, absent.status);
            assert_eq!(hidden.headers, absent.headers);
            assert_eq!(hidden.text, absent.text);
        }
    }
    let after = api.send(ask("GET", "/state/hidden").by("alice")).await;
    assert_eq!(
        (after.etag(), &after.body["value"]),
        (etag, &json!("secret"))
    );
}

#[tokio::test]
async fn reads_do_not_reveal_a_hidden_resource() {
    pair(|id| ask("GET", &format!("/state/{id}"))).await;
    pair(|id| ask("HEAD", &format!("/state/{id}"))).await;
    pair(|id| ask("GET", &format!("/state/{id}")).header("If-None-Match", "*")).await;
    pair(|id| ask("GET", &format!("/state/{id}")).if_match("*")).await;
}

#[tokio::test]
async fn writes_do_not_reveal_a_hidden_resource() {
    for if_match in ["*", "\"x\""] {
        pair(|id| {
            ask("PUT", &format!("/state/{id}"))
                .if_match(if_match)
                .json(&json!({"value": 1}))
        })
        .await;
        pair(|id| ask("DELETE", &format!("/state/{id}")).if_match(if_match)).await;
        pair(|id| {
            ask("PATCH", &format!("/state/{id}"))
                .if_match(if_match)
                .body("application/merge-patch+json", r#"{"value": 1}"#)
        })
        .await;
        let test = r#"[{"op": "test", "path": "/value", "value": "secret"}]"#;
        pair(|id| {
            ask("PATCH", &format!("/state/{id}"))
                .if_match(if_match)
                .body("application/json-patch+json", test)
        })
        .await;
    }
}

#[tokio::test]
async fn an_invalid_id_does_not_exist() {
    let api = Api::start().await;
    let absent = api
        .send(ask("GET", "/state/absent").by("alice"))
        .await
        .expect(404);
    for id in ["UPPER", "a%2Fb", "%00", "-a", &"a".repeat(129)] {
        assert_eq!(
            api.send(ask("GET", &format!("/state/{id}")).by("alice"))
                .await
                .expect(404)
                .text,
            absent.text
        );
        let put = ask("PUT", &format!("/state/{id}"))
            .by("alice")
            .create()
            .json(&json!({"value": 1}));
        assert_eq!(api.send(put).await.expect(400).pointers(), ["#/id"]);
    }
}

#[tokio::test]
async fn a_taken_id_is_the_same_412_for_every_owner() {
    let api = Api::start().await;
    for (id, owner, visibility) in [
        ("own", "bob", "private"),
        ("hidden", "alice", "private"),
        ("shown", "alice", "public"),
    ] {
        api.put(owner, id, &json!({"value": 1, "visibility": visibility}))
            .await;
    }
    let replies = ["own", "hidden", "shown"].map(|id| {
        ask("PUT", &format!("/state/{id}"))
            .by("bob")
            .create()
            .json(&json!({"value": 2}))
    });
    let mut texts = std::collections::BTreeSet::new();
    for reply in replies {
        let reply = api.send(reply).await.expect(412);
        texts.insert((reply.text, reply.headers));
    }
    assert_eq!(texts.len(), 1);
}

#[tokio::test]
async fn a_hidden_resource_leaves_every_list() {
    let api = Api::start().await;
    api.put("alice", "a", &json!({"value": 1, "visibility": "public"}))
        .await;
    assert_eq!(api.send(ask("GET", "/state")).await.ids(), ["a"]);
    let put = ask("PUT", "/state/a")
        .by("alice")
        .if_match("*")
        .json(&json!({"value": 1, "visibility": "group:Team"}));
    api.send(put).await.expect(200);
    assert_eq!(api.send(ask("GET", "/state")).await.ids(), [""; 0]);
    assert_eq!(
        api.send(ask("GET", "/state").by("bob")).await.ids(),
        [""; 0]
    );
    assert_eq!(
        api.send(ask("GET", "/state").of("bob", &["Team"]))
            .await
            .ids(),
        ["a"]
    );
    assert_eq!(
        api.send(ask("GET", "/state").by("alice")).await.ids(),
        ["a"]
    );
    api.send(ask("GET", "/state/a")).await.expect(404);
}
