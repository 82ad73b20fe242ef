//! The native JWT authorizer of an HTTP API: http-api-jwt-authorizer.

use std::sync::Arc;
use std::time::Duration;

use lambda_support::clock::Timestamp;
use local::gateway::jwt::{IssuerKeys, KeySetFuture, PublishedKeys};
use serde_json::{Value, json};
use testkit::http::{LoopbackServer, Reply};
use testkit::json::changed;
use testkit::signer::{Signer, mint};

use crate::support::{Api, header, text};

const TEMPLATE: &str = r#"
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Jwt
        Authorizers:
          Jwt: {JwtConfiguration: {issuer: https://issuer, audience: [api, web]}, IdentitySource: $request.header.Authorization}
          Query: {JwtConfiguration: {issuer: https://issuer, audience: [api]}, IdentitySource: $request.querystring.token}
  Handler:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: handler}}
    Properties:
      Events:
        Plain: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /plain, Method: GET}}
        Scoped: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /scoped, Method: GET, Auth: {AuthorizationScopes: [read, write]}}}
        V1: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /v1, Method: GET, PayloadFormatVersion: "1.0"}}
        Query: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /query, Method: GET, Auth: {Authorizer: Query}}}
"#;

/// An issuer with one RSA key.
#[derive(Debug)]
struct Issuer {
    down: bool,
}

impl IssuerKeys for Issuer {
    fn of<'a>(&'a self, issuer: &'a str, _: Timestamp) -> KeySetFuture<'a> {
        assert_eq!(issuer, "https://issuer");
        let keys = json!({"keys": [Signer::rsa().jwk("k")]});
        let set = serde_json::from_value(keys).unwrap();
        Box::pin(async move { Some(set).filter(|_| !self.down) })
    }
}

fn header_of_token() -> Value {
    json!({"alg": "RS256", "kid": "k"})
}

/// A token of the issuer with changes to its claims.
fn token(changes: &Value) -> String {
    mint(&header_of_token(), &claims(changes), Signer::rsa())
}

/// Claims that are accepted at the test's time, with some changed; null removes one.
fn claims(changes: &Value) -> Value {
    let claims = json!({"iss": "https://issuer", "aud": "api", "sub": "u", "exp": 1_700_000_060, "scope": "read other", "groups": ["a", "b"], "n": 5});
    changed(claims, changes)
}

fn api(issuer: Issuer) -> Api {
    let mut api = Api::of(TEMPLATE);
    api.gateway = api.gateway.with_keys(Arc::new(issuer));
    api
}

/// Sends the token with each form of the scheme and compares the whole answer.
async fn check(path: &str, token: &str, status: u16, reason: &str) {
    let api = api(Issuer { down: false });
    for prefix in ["Bearer ", "bearer ", ""] {
        let sent = format!("Authorization: {prefix}{token}");
        let response = api.send(&format!("GET {path}"), &[&sent]).await;
        let context = format!("{path} {reason} {prefix}");
        assert_eq!(response.status().as_u16(), status, "{context}");
        let challenge = header(&response, "www-authenticate");
        assert!(challenge.contains(reason), "{context}: {challenge}");
        let body = match status {
            200 => "hello",
            401 => r#"{"message":"Unauthorized"}"#,
            _ => r#"{"message":"Forbidden"}"#,
        };
        assert_eq!(text(&response), body, "{context}");
    }
}

#[tokio::test]
async fn tokens_that_are_accepted() {
    for (path, changes) in [
        ("/plain", json!({})),
        ("/plain", json!({"aud": ["x", "web"]})),
        ("/plain", json!({"aud": null, "client_id": "web"})),
        (
            "/plain",
            json!({"nbf": 1_700_000_000, "iat": 1_700_000_000}),
        ),
        // Any one of the scopes suffices, in `scp` or `scope`.
        ("/scoped", json!({})),
        ("/scoped", json!({"scope": null, "scp": ["write"]})),
    ] {
        check(path, &token(&changes), 200, "").await;
    }
}

#[tokio::test]
async fn tokens_without_a_scope_of_the_route() {
    for changes in [json!({"scope": "readonly"}), json!({"scope": null})] {
        let reason = "the token has none of the scopes of the route";
        check("/scoped", &token(&changes), 403, reason).await;
    }
}

#[tokio::test]
async fn tokens_with_a_wrong_claim() {
    let audience = "the audience does not match";
    let issuer = "the issuer does not match";
    let expired = "the token has expired";
    let early = "the token is not valid yet";
    for (changes, reason) in [
        // The client id does not replace an audience that is present and wrong.
        (json!({"aud": "x", "client_id": "web"}), audience),
        (json!({"aud": null}), audience),
        (json!({"aud": 1}), audience),
        (json!({"iss": "https://issuer/"}), issuer),
        (json!({"exp": 1_700_000_000}), expired),
        (json!({"exp": null}), expired),
        (json!({"exp": "soon"}), expired),
        (json!({"nbf": 1_700_000_001}), early),
        (json!({"iat": 1_700_000_001}), early),
        (json!({"nbf": "x"}), early),
    ] {
        check("/plain", &token(&changes), 401, reason).await;
    }
}

#[tokio::test]
async fn tokens_with_a_wrong_header_or_signature() {
    let form = "the token is not a JWT";
    let algorithm = "the algorithm is not RS256";
    for (header, reason) in [
        (
            json!({"alg": "RS256", "kid": "x"}),
            "the issuer publishes no key with that id",
        ),
        (json!({"alg": "RS256"}), form),
        (json!({"alg": "RS512", "kid": "k"}), algorithm),
        (json!({"alg": "none", "kid": "k"}), algorithm),
        (json!({"alg": "HS256", "kid": "k"}), algorithm),
    ] {
        let token = mint(&header, &claims(&json!({})), Signer::rsa());
        check("/plain", &token, 401, reason).await;
    }
    let forged = mint(&header_of_token(), &claims(&json!({})), Signer::other_rsa());
    check("/plain", &forged, 401, "the signature is not valid").await;
    for token in ["opaque", "a.b.c"] {
        check("/plain", token, 401, form).await;
    }
}

#[tokio::test]
async fn missing_and_repeated_tokens_and_missing_keys_are_401() {
    let token = token(&json!({}));
    let api = api(Issuer { down: true });
    for headers in [&[][..], &["Authorization: "], &["Authorization: Bearer "]] {
        let response = api.send("GET /plain", headers).await;
        assert_eq!(response.status(), 401, "{headers:?}");
    }
    let sent = format!("Authorization: Bearer {token}");
    let response = api.send("GET /plain", &["Authorization: x", &sent]).await;
    let challenge = header(&response, "www-authenticate");
    assert!(challenge.contains("is not a JWT"), "{challenge}");
    let response = api.send("GET /plain", &[&sent]).await;
    assert_eq!(response.status(), 401);
    let challenge = header(&response, "www-authenticate");
    assert!(challenge.contains("keys cannot be fetched"), "{challenge}");
    assert_eq!(api.invoked("handler"), 0);
}

#[tokio::test]
async fn the_claims_reach_the_integration_as_strings() {
    let token = token(&json!({}));
    let api = api(Issuer { down: false });
    let sent = format!("Authorization: Bearer {token}");
    let claims = json!({"iss": "https://issuer", "aud": "api", "sub": "u", "exp": "1700000060", "scope": "read other", "groups": "[a b]", "n": "5"});
    api.send("GET /plain", &[&sent]).await;
    assert_eq!(
        api.last_event("handler")["requestContext"]["authorizer"],
        json!({"jwt": {"claims": claims, "scopes": null}})
    );
    api.send("GET /scoped", &[&sent]).await;
    assert_eq!(
        api.last_event("handler")["requestContext"]["authorizer"]["jwt"]["scopes"],
        json!(["read"])
    );
    api.send("GET /v1", &[&sent]).await;
    assert_eq!(
        api.last_event("handler")["requestContext"]["authorizer"],
        json!({"claims": claims, "scopes": null})
    );
    let response = api.send(&format!("GET /query?token={token}"), &[]).await;
    assert_eq!(response.status(), 200);
}

/// The issuer's keys come from its metadata and are used for two hours. A malformed key does not affect the others.
#[tokio::test]
async fn published_keys_are_fetched_and_cached() {
    const KEYS: &str = "/oauth2/default/v1/keys";

    let server = LoopbackServer::with_origin(|origin| {
        let issuer = format!("{origin}/oauth2/default");
        let keys = format!("{issuer}/v1/keys");
        let metadata = json!({ "issuer": issuer, "jwks_uri": keys }).to_string();
        let set = json!({"keys": [
            5,
            {"kty": "RSA", "kid": "k"},
            {"kty": "RSA", "kid": "k", "n": "AQAB", "e": "AQAB"},
        ]});
        move |request| match request.path() {
            "/oauth2/default/.well-known/openid-configuration" => Reply::json(&metadata),
            KEYS => Reply::json(&set.to_string()),
            other => Reply::with(404, "", other),
        }
    });
    let issuer = server.url("/oauth2/default");
    let published = PublishedKeys::default();
    let start = Timestamp::from_secs(1_700_000_000);
    for (hours, fetched) in [(0, 1), (1, 1), (2, 2)] {
        let now = start.plus(Duration::from_hours(hours));
        let set = published.of(&issuer, now).await.unwrap();
        assert!(set.find("k").is_some(), "{hours}");
        let fetches = server.paths().into_iter().filter(|path| path == KEYS);
        assert_eq!(fetches.count(), fetched, "{hours}");
    }
    let later = start.plus(Duration::from_hours(4));
    assert!(
        PublishedKeys::default()
            .of("http://127.0.0.1:1", later)
            .await
            .is_none()
    );
}
