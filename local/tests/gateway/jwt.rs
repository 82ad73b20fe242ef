//! The native JWT authorizer of an HTTP API: http-api-jwt-authorizer.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use local::gateway::jwt::{Fetched, IssuerKeys, PublishedKeys};
use serde_json::{Value, json};
use time::OffsetDateTime;

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
    key: RsaKeyPair,
    down: bool,
}

impl IssuerKeys for Issuer {
    fn of<'a>(&'a self, issuer: &'a str, _: OffsetDateTime) -> Fetched<'a> {
        assert_eq!(issuer, "https://issuer");
        let public = self.key.public_key();
        let modulus = public.modulus().big_endian_without_leading_zero();
        let exponent = public.exponent().big_endian_without_leading_zero();
        let jwk = json!({
            "kty": "RSA",
            "kid": "k",
            "n": URL_SAFE_NO_PAD.encode(modulus),
            "e": URL_SAFE_NO_PAD.encode(exponent),
        });
        let set = serde_json::from_value(json!({ "keys": [jwk] })).unwrap();
        Box::pin(async move { Some(set).filter(|_| !self.down) })
    }
}

impl Issuer {
    fn new() -> Self {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        Self { key, down: false }
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        let random = SystemRandom::new();
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &random,
                message.as_bytes(),
                &mut signature,
            )
            .unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn header_of_token() -> Value {
    json!({"alg": "RS256", "kid": "k"})
}

/// Claims that are accepted at the test's time, with some changed; null removes one.
fn claims(changes: &Value) -> Value {
    let mut claims = json!({"iss": "https://issuer", "aud": "api", "sub": "u", "exp": 1_700_000_060, "scope": "read other", "groups": ["a", "b"], "n": 5});
    let members = claims.as_object_mut().unwrap();
    members.extend(changes.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    claims
}

fn api(issuer: Issuer) -> Api {
    let mut api = Api::of(TEMPLATE);
    api.gateway = api.gateway.with_keys(Arc::new(issuer));
    api
}

#[tokio::test]
async fn tokens_that_are_accepted_and_rejected() {
    let issuer = Issuer::new();
    let good = |changes: Value| issuer.token(&header_of_token(), &claims(&changes));
    let with_header = |header: Value| issuer.token(&header, &claims(&json!({})));
    let other_key = Issuer::new().token(&header_of_token(), &claims(&json!({})));
    let rows = [
        ("/plain", good(json!({})), 200, ""),
        ("/plain", good(json!({"aud": ["x", "web"]})), 200, ""),
        (
            "/plain",
            good(json!({"aud": null, "client_id": "web"})),
            200,
            "",
        ),
        (
            "/plain",
            good(json!({"nbf": 1_700_000_000, "iat": 1_700_000_000})),
            200,
            "",
        ),
        // any one of the scopes suffices; `scp` as well as `scope`
        ("/scoped", good(json!({})), 200, ""),
        (
            "/scoped",
            good(json!({"scope": null, "scp": ["write"]})),
            200,
            "",
        ),
        (
            "/scoped",
            good(json!({"scope": "readonly"})),
            403,
            "the token has none of the scopes of the route",
        ),
        (
            "/scoped",
            good(json!({"scope": null})),
            403,
            "the token has none of the scopes of the route",
        ),
        // an audience that is present and wrong is not made up for by the client id
        (
            "/plain",
            good(json!({"aud": "x", "client_id": "web"})),
            401,
            "the audience is another one",
        ),
        (
            "/plain",
            good(json!({"aud": null})),
            401,
            "the audience is another one",
        ),
        (
            "/plain",
            good(json!({"aud": 1})),
            401,
            "the audience is another one",
        ),
        (
            "/plain",
            good(json!({"iss": "https://issuer/"})),
            401,
            "the issuer is another one",
        ),
        (
            "/plain",
            good(json!({"exp": 1_700_000_000})),
            401,
            "the token has expired",
        ),
        (
            "/plain",
            good(json!({"exp": null})),
            401,
            "the token has expired",
        ),
        (
            "/plain",
            good(json!({"exp": "soon"})),
            401,
            "the token has expired",
        ),
        (
            "/plain",
            good(json!({"nbf": 1_700_000_001})),
            401,
            "the token is not valid yet",
        ),
        (
            "/plain",
            good(json!({"iat": 1_700_000_001})),
            401,
            "the token is not valid yet",
        ),
        (
            "/plain",
            good(json!({"nbf": "x"})),
            401,
            "the token is not valid yet",
        ),
        (
            "/plain",
            with_header(json!({"alg": "RS256", "kid": "x"})),
            401,
            "the issuer publishes no key of that id",
        ),
        (
            "/plain",
            with_header(json!({"alg": "RS256"})),
            401,
            "the token is not a JWT",
        ),
        (
            "/plain",
            with_header(json!({"alg": "RS512", "kid": "k"})),
            401,
            "the algorithm is not RS256",
        ),
        (
            "/plain",
            with_header(json!({"alg": "none", "kid": "k"})),
            401,
            "the algorithm is not RS256",
        ),
        (
            "/plain",
            with_header(json!({"alg": "HS256", "kid": "k"})),
            401,
            "the algorithm is not RS256",
        ),
        ("/plain", other_key, 401, "the signature is not valid"),
        ("/plain", "opaque".to_owned(), 401, "the token is not a JWT"),
        ("/plain", "a.b.c".to_owned(), 401, "the token is not a JWT"),
    ];
    let api = api(Issuer {
        key: issuer.key,
        down: false,
    });
    for (path, token, status, reason) in rows {
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
}

#[tokio::test]
async fn a_missing_token_and_missing_keys_are_401() {
    let issuer = Issuer::new();
    let token = issuer.token(&header_of_token(), &claims(&json!({})));
    let api = api(Issuer {
        key: issuer.key,
        down: true,
    });
    for headers in [&[][..], &["Authorization: "], &["Authorization: Bearer "]] {
        let response = api.send("GET /plain", headers).await;
        assert_eq!(response.status(), 401, "{headers:?}");
    }
    let sent = format!("Authorization: Bearer {token}");
    let response = api.send("GET /plain", &[&sent]).await;
    assert_eq!(response.status(), 401);
    let challenge = header(&response, "www-authenticate");
    assert!(challenge.contains("keys cannot be fetched"), "{challenge}");
    assert_eq!(api.invoked("handler"), 0);
}

#[tokio::test]
async fn the_claims_reach_the_integration_as_strings() {
    let issuer = Issuer::new();
    let token = issuer.token(&header_of_token(), &claims(&json!({})));
    let api = api(issuer);
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

/// The issuer's keys come from its metadata, are used for two hours, and a malformed key does not hide the others.
#[tokio::test]
async fn published_keys_are_fetched_and_cached() {
    use std::sync::atomic::{AtomicUsize, Ordering};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}/oauth2/default", listener.local_addr().unwrap());
    let keys = format!("{issuer}/v1/keys");
    let fetches = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&fetches);
    let metadata = json!({ "issuer": issuer, "jwks_uri": keys }).to_string();
    let set = json!({"keys": [
        5,
        {"kty": "RSA", "kid": "k"},
        {"kty": "RSA", "kid": "k", "n": "AQAB", "e": "AQAB"},
    ]});
    let router = axum::Router::new()
        .route(
            "/oauth2/default/.well-known/openid-configuration",
            axum::routing::get(async move || metadata),
        )
        .route(
            "/oauth2/default/v1/keys",
            axum::routing::get(async move || {
                counter.fetch_add(1, Ordering::Relaxed);
                set.to_string()
            }),
        );
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let published = PublishedKeys::default();
    let start = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
    for (hours, fetched) in [(0, 1), (1, 1), (2, 2)] {
        let now = start + time::Duration::hours(hours);
        let set = published.of(&issuer, now).await.unwrap();
        assert!(set.find("k").is_some(), "{hours}");
        assert_eq!(fetches.load(Ordering::Relaxed), fetched, "{hours}");
    }
    server.abort();
    let later = start + time::Duration::hours(4);
    assert!(
        PublishedKeys::default()
            .of("http://127.0.0.1:1", later)
            .await
            .is_none()
    );
}
