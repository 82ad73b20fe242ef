//! A client that knows only the API finds the issuer, as an MCP client does (RFC 9728, section 5).

use reqwest::{Client, Method};
use serde_json::json;
use tests::{RunningStack, send};

/// The URL of the API in front of a custom domain.
const PUBLIC_URL: &str = "https://api.example.com/v1";

#[tokio::test]
async fn a_client_finds_the_issuer_from_a_401() {
    let parameter = format!("PublicUrl={PUBLIC_URL}");
    let stack = RunningStack::start("discovery", &["--parameter", &parameter]);

    let refused = send(stack.request(Method::PUT, "/state/discovery")).await;
    let metadata_url = format!("{PUBLIC_URL}/.well-known/oauth-protected-resource");
    assert_eq!(refused.status, 401, "{refused:?}");
    assert_eq!(
        refused.header("www-authenticate"),
        format!("Bearer resource_metadata=\"{metadata_url}\"")
    );
    assert_eq!(
        refused.header("access-control-expose-headers"),
        "WWW-Authenticate, x-amzn-RequestId"
    );

    // The custom domain maps its base path to the stage.
    let path = metadata_url.strip_prefix(PUBLIC_URL).expect("its own path");
    let metadata = stack.get(path, None).await;
    assert_eq!(metadata.status, 200, "{metadata:?}");
    assert_eq!(metadata.header("access-control-allow-origin"), "*");
    assert_eq!(
        metadata.json(),
        json!({
            "resource": PUBLIC_URL,
            "authorization_servers": [stack.address("issuer")],
            "scopes_supported": ["state:write"],
            "bearer_methods_supported": ["header"],
        })
    );

    let issuer = format!(
        "{}/.well-known/openid-configuration",
        stack.address("issuer")
    );
    let issuer = send(Client::new().get(issuer)).await.json();
    assert_eq!(issuer["issuer"], stack.address("issuer"));
}

#[tokio::test]
async fn without_a_public_url_the_challenge_names_no_metadata() {
    let stack = RunningStack::start("discovery-without-url", &[]);
    let refused = send(stack.request(Method::PUT, "/state/discovery")).await;
    assert_eq!(
        (refused.status, refused.header("www-authenticate")),
        (401, "Bearer")
    );
    let metadata = stack
        .get("/.well-known/oauth-protected-resource", None)
        .await;
    assert_eq!(
        metadata.json()["authorization_servers"],
        json!([stack.address("issuer")])
    );
}
