//! Cross-origin requests.

use crate::support::{Api, Reply, ask};

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
async fn other_origins_get_no_cors_headers() {
    let api = Api::start().await;
    for origin in [
        "https://app.example.com.evil.org",
        "http://app.example.com",
        "https://app.example.com:8443",
        "null",
        "https://sub.app.example.com",
    ] {
        for method in ["GET", "OPTIONS"] {
            let request = ask(method, "/session")
                .header("Origin", origin)
                .header("Access-Control-Request-Method", "GET");
            let reply = api.send(request).await.expect(200);
            assert!(!has_cors(&reply), "{reply:?}");
            assert_eq!(reply.headers["vary"], "Origin");
        }
    }
    for method in ["GET", "OPTIONS"] {
        let reply = api.send(ask(method, "/session")).await.expect(200);
        assert!(!has_cors(&reply), "{reply:?}");
        assert_eq!(reply.headers["vary"], "Origin");
    }
}

fn has_cors(reply: &Reply) -> bool {
    reply
        .headers
        .keys()
        .any(|name| name.starts_with("access-control"))
}

#[tokio::test]
async fn a_preflight_lists_methods_and_headers() {
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
        [
            "authorization",
            "content-type",
            "dpop",
            "if-match",
            "if-none-match"
        ]
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
    for method in ["GET", "OPTIONS"] {
        let request = ask(method, "/session").header("Origin", "https://app.example.com");
        let reply = api.send(request).await.expect(200);
        assert!(!has_cors(&reply), "{reply:?}");
    }
}
