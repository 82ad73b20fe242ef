//! How a client finds out where to sign in (RFC 9728).

use serde_json::{Value, json};

use crate::support::{Api, Reply, START, ask, caller};

const PATH: &str = "/.well-known/oauth-protected-resource";

const PUBLISHED: [(&str, &str); 2] = [
    ("PUBLIC_URL", "https://api.example.com/v1"),
    (
        "AUTHORIZATION_SERVERS",
        "https://issuer.example.com/oauth2/x",
    ),
];

async fn document(extra: &[(&str, &str)]) -> Reply {
    let api = Api::with(&[&PUBLISHED, extra].concat()).await;
    let origin = ("Origin", "https://anywhere.example");
    api.send(ask("GET", PATH).header(origin.0, origin.1)).await
}

#[tokio::test]
async fn the_document_follows_the_settings() {
    let check = async |extra: &[(&str, &str)], members: Value| {
        let mut expected = json!({
            "resource": "https://api.example.com/v1",
            "authorization_servers": ["https://issuer.example.com/oauth2/x"],
            "bearer_methods_supported": ["header"],
        });
        let members = members.as_object().unwrap().clone();
        expected.as_object_mut().unwrap().extend(members);
        let reply = document(extra).await.expect(200);
        assert_eq!(reply.body, expected);
        assert_eq!(reply.headers["content-type"], "application/json");
        assert_eq!(reply.headers["access-control-allow-origin"], "*");
    };
    check(&[], json!({})).await;
    check(
        &[
            ("SCOPES_SUPPORTED", "openid,state:write"),
            ("DPOP", "accept"),
        ],
        json!({"scopes_supported": ["openid", "state:write"]}),
    )
    .await;
    let required = json!({"dpop_bound_access_tokens_required": true});
    check(&[("DPOP", "require")], required).await;
    let servers = "https://a.example,https://b.example";
    let two = json!({"authorization_servers": ["https://a.example", "https://b.example"]});
    check(&[("AUTHORIZATION_SERVERS", servers)], two).await;
    let of_event = json!({"resource": "https://api.example.com/prod"});
    check(&[("PUBLIC_URL", "")], of_event).await;
}

#[tokio::test]
async fn every_origin_may_read_only_the_metadata_document() {
    let api = Api::with(&PUBLISHED).await;
    for path in ["/session", "/state", "/openapi.json"] {
        let request = ask("GET", path).header("Origin", "https://anywhere.example");
        let reply = api.send(request).await.expect(200);
        assert!(
            !reply.headers.contains_key("access-control-allow-origin"),
            "{path}"
        );
    }
    let allowed = ask("GET", PATH).header("Origin", "https://app.example.com");
    assert_eq!(
        api.send(allowed).await.headers["access-control-allow-origin"],
        "*"
    );
    let reply = api.send(ask("PUT", PATH)).await.expect(405);
    assert_eq!(reply.headers["allow"], "GET, OPTIONS");
}

/// API Gateway adds its request ids to the answer.
#[tokio::test]
async fn a_page_may_read_the_id_of_the_request() {
    let api = Api::with(&PUBLISHED).await;
    for (method, path, status) in [
        ("GET", "/session", 200),
        ("GET", "/state/nowhere", 404),
        ("PUT", "/session", 405),
    ] {
        let request = ask(method, path).header("Origin", "https://app.example.com");
        let reply = api.send(request).await.expect(status);
        assert_eq!(
            reply.headers["access-control-expose-headers"],
            "apigw-requestid,etag,link,location,retry-after,www-authenticate,x-amzn-requestid",
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn without_authorization_servers_there_is_no_document() {
    let api = Api::with(&[("SCOPES_SUPPORTED", "openid"), ("DPOP", "require")]).await;
    let reply = api.send(ask("GET", PATH)).await.expect(404);
    assert!(!reply.headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn a_401_has_the_url_of_the_document() {
    let mut expired = caller("alice", &[]);
    expired["exp"] = (START - 61).into();
    let check = async |settings: &[(&str, &str)], anonymous: &str, ended: &str| {
        let api = Api::with(settings).await;
        let reply = api.send(ask("DELETE", "/state/a").if_match("*")).await;
        assert_eq!(reply.expect(401).headers["www-authenticate"], anonymous);
        let request = ask("GET", "/session").context(expired.clone());
        let reply = api.send(request).await;
        assert_eq!(reply.expect(401).headers["www-authenticate"], ended);
    };
    check(&[], "Bearer", "Bearer error=\"invalid_token\"").await;
    let url = "https://api.example.com/v1/.well-known/oauth-protected-resource";
    check(
        &PUBLISHED,
        &format!("Bearer resource_metadata=\"{url}\""),
        &format!("Bearer resource_metadata=\"{url}\", error=\"invalid_token\""),
    )
    .await;
}
