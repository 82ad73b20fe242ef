//! Which callers may write a resource, and under which preconditions.

use serde_json::json;

use crate::support::{Api, Ask, ask};

#[tokio::test]
async fn a_write_without_precondition_is_a_428() {
    let api = Api::start().await;
    api.put("alice", "a", &json!({"value": 1})).await;
    let body = json!({"value": 2});
    for id in ["a", "b"] {
        let path = format!("/state/{id}");
        api.send(ask("PUT", &path).by("alice").json(&body))
            .await
            .expect(428);
        api.send(
            ask("PUT", &path)
                .by("alice")
                .header("If-None-Match", "\"x\"")
                .json(&body),
        )
        .await
        .expect(428);
        api.send(ask("DELETE", &path).by("alice")).await.expect(428);
        api.send(ask("DELETE", &path).by("alice").create())
            .await
            .expect(428);
        api.send(
            ask("PATCH", &path)
                .by("alice")
                .body("application/merge-patch+json", "{}"),
        )
        .await
        .expect(428);
    }
    assert_eq!(
        api.send(ask("GET", "/state/a").by("alice")).await.body["value"],
        1
    );
}

#[tokio::test]
async fn if_match_follows_rfc_9110() {
    let api = Api::start().await;
    let created = api.put("alice", "a", &json!({"value": 0})).await;
    let put = |if_match: &str| {
        ask("PUT", "/state/a")
            .by("alice")
            .if_match(if_match)
            .json(&json!({"value": 1}))
    };
    let current = created.etag();
    for lost in ["\"x\"", &format!("W/{current}"), "\"\"", "\"x\", \"y\""] {
        api.send(put(lost)).await.expect(412);
    }
    for malformed in ["x", "", "\"x", "*, \"x\""] {
        assert_eq!(
            api.send(put(malformed)).await.expect(400).pointers(),
            ["#/if-match"],
            "{malformed}"
        );
    }
    let second = api
        .send(put(&format!("\"x\", {current}")))
        .await
        .expect(200);
    let third = api.send(put("*")).await.expect(200);
    assert_eq!(third.body["version"], 3);
    // A repeated header is one list.
    api.send(put("\"x\"").if_match(&third.etag()))
        .await
        .expect(200);
    api.send(put(&second.etag())).await.expect(412);
    // With both headers: if `If-Match` holds, `If-None-Match: *` does not.
    api.send(put("*").create()).await.expect(412);
    api.send(put("*").header("If-None-Match", "\"x\""))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_malformed_condition_is_rejected() {
    let api = Api::start().await;
    let etag = api.put("alice", "a", &json!({"value": 1})).await.etag();
    let body = json!({"value": 2});
    let requests = [
        ask("PUT", "/state/new").create().json(&body),
        ask("PUT", "/state/a").if_match(&etag).json(&body),
        ask("DELETE", "/state/a").if_match("*"),
        ask("GET", "/state/a"),
        ask("GET", "/session"),
    ];
    for request in requests {
        for (name, pointer) in [
            ("If-Match", "#/if-match"),
            ("If-None-Match", "#/if-none-match"),
        ] {
            let request = request.clone().by("alice").header(name, "\"\u{7f}\"");
            assert_eq!(api.send(request).await.expect(400).pointers(), [pointer]);
        }
    }
    // A tag may have bytes beyond ASCII. No resource has this tag.
    let put = ask("PUT", "/state/new").create().if_match("\"\u{e9}\"");
    api.send(put.by("alice").json(&body)).await.expect(412);
    let now = api.send(ask("GET", "/state/a").by("alice")).await;
    assert_eq!(now.expect(200).etag(), etag);
    api.send(ask("GET", "/state/new").by("alice"))
        .await
        .expect(404);
}

#[tokio::test]
async fn a_matching_if_none_match_is_a_304() {
    let api = Api::start().await;
    let created = api
        .put("alice", "a", &json!({"value": 0, "visibility": "public"}))
        .await;
    let etag = created.etag();
    for method in ["GET", "HEAD"] {
        for (list, status) in [
            (etag.clone(), 304),
            (format!("W/{etag}"), 304),
            (format!("\"x\", {etag}"), 304),
            ("*".into(), 304),
            ("\"x\"".into(), 200),
        ] {
            let reply = api
                .send(ask(method, "/state/a").header("If-None-Match", &list))
                .await
                .expect(status);
            assert_eq!(reply.etag(), etag);
            assert_eq!(
                reply.text.is_empty(),
                status == 304 || method == "HEAD",
                "{method} {list}"
            );
            assert_eq!(reply.headers.contains_key("content-type"), status == 200);
        }
        api.send(ask(method, "/state/a").if_match("\"x\""))
            .await
            .expect(412);
        api.send(ask(method, "/state/a").if_match(&etag))
            .await
            .expect(200);
        assert!(
            api.send(ask(method, "/state/none").header("If-None-Match", "*"))
                .await
                .expect(404)
                .headers["content-type"]
                .contains("problem")
        );
    }
}

#[tokio::test]
async fn an_etag_is_never_reused() {
    let api = Api::start().await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..5 {
        let created = api.put("alice", "a", &json!({"value": 0})).await;
        let put = ask("PUT", "/state/a")
            .by("alice")
            .if_match("*")
            .json(&json!({"value": 0}));
        let replaced = api.send(put).await.expect(200);
        assert!(seen.insert(created.etag()) && seen.insert(replaced.etag()));
        assert_eq!(
            (&created.body["version"], &replaced.body["version"]),
            (&json!(1), &json!(2))
        );
        api.send(
            ask("DELETE", "/state/a")
                .by("alice")
                .if_match(&created.etag()),
        )
        .await
        .expect(412);
        api.send(
            ask("DELETE", "/state/a")
                .by("alice")
                .if_match(&replaced.etag()),
        )
        .await
        .expect(204);
    }
}

#[tokio::test]
async fn only_the_owner_and_admins_change_a_resource() {
    let api = Api::start().await;
    let changes = |path: &str| -> [Ask; 3] {
        [
            ask("PUT", path).if_match("*").json(&json!({"value": 9})),
            ask("PATCH", path)
                .if_match("*")
                .body("application/merge-patch+json", r#"{"value": 9}"#),
            ask("DELETE", path).if_match("*"),
        ]
    };
    for (id, visibility) in [("pub", "public"), ("grp", "group:Team"), ("prv", "private")] {
        api.put("alice", id, &json!({"value": 1, "visibility": visibility}))
            .await;
        for change in changes(&format!("/state/{id}")) {
            api.send(change.clone()).await.expect(401);
            let expected = match (id, &change) {
                ("prv", _) => None,
                _ => Some(403),
            };
            let stranger = api.send(change.clone().of("bob", &["Team"])).await;
            match expected {
                Some(status) => drop(stranger.expect(status)),
                None => assert!(matches!(stranger.status, 404 | 412)),
            }
        }
        assert_eq!(
            api.send(ask("GET", &format!("/state/{id}")).by("alice"))
                .await
                .body["version"],
            1
        );
        // An admin's change keeps the owner.
        let admin = |ask: Ask| ask.of("ada", &["Admins"]);
        let [put, patch, delete] = changes(&format!("/state/{id}"));
        assert_eq!(
            api.send(admin(put)).await.expect(200).body["owner"],
            "alice"
        );
        assert_eq!(
            api.send(admin(patch)).await.expect(200).body["owner"],
            "alice"
        );
        api.send(admin(delete)).await.expect(204);
    }
}

#[tokio::test]
async fn omitted_visibility_is_kept() {
    let api = Api::start().await;
    api.put(
        "alice",
        "a",
        &json!({"value": 1, "visibility": "group:Team"}),
    )
    .await;
    let put = |body| ask("PUT", "/state/a").by("alice").if_match("*").json(&body);
    assert_eq!(
        api.send(put(json!({"value": 2}))).await.expect(200).body["visibility"],
        "group:Team"
    );
    assert_eq!(
        api.send(put(json!({"value": 2, "visibility": "private"})))
            .await
            .expect(200)
            .body["visibility"],
        "private"
    );
    assert_eq!(
        api.send(put(json!({"value": 2}))).await.expect(200).body["visibility"],
        "private"
    );
}

#[tokio::test]
async fn an_expired_token_is_a_401_on_every_route() {
    let api = Api::start().await;
    api.pass(std::time::Duration::from_secs(3600 + 60));
    api.send(ask("GET", "/session").by("alice"))
        .await
        .expect(200);
    api.pass(std::time::Duration::from_secs(1));
    for request in [
        ask("GET", "/session"),
        ask("GET", "/state"),
        ask("GET", "/state/a"),
        ask("PUT", "/state/a").create().json(&json!({"value": 1})),
    ] {
        let reply = api.send(request.by("alice")).await.expect(401);
        assert_eq!(
            reply.headers["www-authenticate"],
            "Bearer error=\"invalid_token\""
        );
    }
}

#[tokio::test]
async fn unsupported_methods_and_media_types_are_refused() {
    let api = Api::start().await;
    let check = async |ask: Ask, status: u16, header: &str, value: &str| {
        let reply = api.send(ask).await.expect(status);
        assert_eq!(
            reply.headers.get(header).map(String::as_str),
            Some(value),
            "{reply:#?}"
        );
        assert_eq!(reply.headers["content-type"], "application/problem+json");
        assert_eq!(reply.body["status"], status);
        assert_eq!(reply.body["requestId"], "request-1");
        for member in ["type", "title", "detail"] {
            assert!(reply.body[member].is_string(), "{member}");
        }
    };
    check(ask("POST", "/session"), 405, "allow", "GET, OPTIONS").await;
    check(ask("POST", "/state"), 405, "allow", "GET, OPTIONS").await;
    check(ask("DELETE", "/state"), 405, "allow", "GET, OPTIONS").await;
    check(
        ask("POST", "/state/a"),
        405,
        "allow",
        "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
    )
    .await;
    check(ask("PUT", "/openapi.json"), 405, "allow", "GET, OPTIONS").await;
    for path in ["/session", "/state", "/state/a", "/openapi.json"] {
        let allow = api.send(ask("POST", path)).await.headers["allow"].clone();
        let options = api.send(ask("OPTIONS", path)).await.expect(200);
        assert_eq!(
            (options.headers["allow"].as_str(), options.text.as_str()),
            (allow.as_str(), "")
        );
    }
    check(ask("OPTIONS", "/nowhere"), 404, "cache-control", "no-store").await;
    check(ask("GET", "/nowhere"), 404, "cache-control", "no-store").await;
    check(
        ask("PUT", "/state/a")
            .by("alice")
            .create()
            .body("text/plain", "1"),
        415,
        "accept",
        "application/json",
    )
    .await;
    let patches = "application/merge-patch+json, application/json-patch+json";
    check(
        ask("PATCH", "/state/a")
            .by("alice")
            .if_match("*")
            .json(&json!({})),
        415,
        "accept-patch",
        patches,
    )
    .await;
    check(
        ask("GET", "/session").header("Accept", "text/html"),
        406,
        "cache-control",
        "no-store",
    )
    .await;
    check(
        ask("PUT", "/state/a").create().json(&json!({"value": 1})),
        401,
        "www-authenticate",
        "Bearer",
    )
    .await;
}

#[tokio::test]
async fn a_charset_does_not_change_the_media_type() {
    let api = Api::start().await;
    let put = ask("PUT", "/state/a")
        .by("alice")
        .create()
        .body("Application/JSON; charset=utf-8", r#"{"value": 1}"#);
    api.send(put).await.expect(201);
}
