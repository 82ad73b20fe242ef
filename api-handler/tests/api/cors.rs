//! Which origins may read what.

use crate::support::{Api, ask};

#[tokio::test]
async fn exact_origins_get_headers_on_every_answer() {
    let api = Api::start().await;
    for (path, status) in [
        ("/session", 200),
        ("/state/none", 404),
        ("/nowhere", 404),
        ("/state?limit=x", 400),
    ] {
        for origin in ["https://app.example.com", "http://127.0.0.1:8080"] {
            let reply = api
                .send(ask("GET", path).header("Origin", origin))
                .await
                .expect(status);
            assert_eq!(reply.headers["access-control-allow-origin"], origin);
            assert_eq!(reply.headers["vary"], "Origin");
            assert!(
                !reply
                    .headers
                    .contains_key("access-control-allow-credentials")
            );
            let exposed = reply.headers["access-control-expose-headers"].to_ascii_lowercase();
            assert!(
                ["etag", "link", "location"]
                    .iter()
                    .all(|name| exposed.contains(name)),
                "{exposed}"
            );
        }
    }
}

#[tokio::test]
async fn other_origins_get_none() {
    let api = Api::start().await;
    for origin in [
        "https://app.example.com.evil.org",
        "http://app.example.com",
        "https://app.example.com:8443",
        "null",
        "https://sub.app.example.com",
    ] {
        for method in ["GET", "OPTIONS"] {
            let reply = api
                .send(ask(method, "/session").header("Origin", origin))
                .await
                .expect(200);
            assert_eq!(
                reply.headers.get("access-control-allow-origin"),
                None,
                "{origin}"
            );
            assert_eq!(reply.headers["vary"], "Origin");
        }
    }
    assert_eq!(
        api.send(ask("GET", "/session"))
            .await
            .headers
            .get("access-control-allow-origin"),
        None
    );
}

#[tokio::test]
async fn a_preflight_names_what_may_be_sent() {
    let api = Api::start().await;
    let preflight = ask("OPTIONS", "/state/a")
        .header("Origin", "https://app.example.com")
        .header("Access-Control-Request-Method", "PATCH")
        .header(
            "Access-Control-Request-Headers",
            "authorization,content-type,if-match",
        );
    let reply = api.send(preflight).await.expect(200);
    assert_eq!(reply.text, "");
    assert_eq!(
        reply.headers["access-control-allow-origin"],
        "https://app.example.com"
    );
    let headers = reply.headers["access-control-allow-headers"].to_ascii_lowercase();
    assert!(
        ["authorization", "content-type", "if-match", "if-none-match"]
            .iter()
            .all(|name| headers.contains(name)),
        "{headers}"
    );
    let methods = &reply.headers["access-control-allow-methods"];
    assert!(
        ["GET", "PUT", "PATCH", "DELETE"]
            .iter()
            .all(|name| methods.contains(name)),
        "{methods}"
    );
    assert_eq!(reply.headers["access-control-max-age"], "600");
}

#[tokio::test]
async fn without_origins_there_is_no_cors() {
    let api = Api::with(&[("ALLOWED_ORIGINS", "")]).await;
    let reply = api
        .send(ask("GET", "/session").header("Origin", "https://app.example.com"))
        .await
        .expect(200);
    assert!(
        !reply
            .headers
            .keys()
            .any(|name| name.starts_with("access-control")),
        "{reply:?}"
    );
    api.send(ask("OPTIONS", "/session").header("Origin", "https://app.example.com"))
        .await
        .expect(405);
}
