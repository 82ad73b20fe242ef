//! Key sets.

use serde_json::json;

use super::{Case, check_all, remove, set};
use crate::issuer::{Issuer, Page, jwk};
use crate::run::{all_options, report};

#[tokio::test]
async fn a_key_set_that_cannot_be_used_fails() {
    check_all(&[
        Case {
            name: "junk",
            change: |script| {
                script.keys = Page::json(
                    &json!({"keys": [{"kty": "RSA"}, 5, {"kty": "oct", "k": "AA", "kid": "s"}]}),
                )
            },
            expected: vec![("keys", "fail")],
            found: "key 3 `s`: a symmetric key",
            advice: "publish an RSA key",
        },
        Case {
            name: "an empty set",
            change: |script| script.keys = Page::json(&json!({"keys": []})),
            expected: vec![("keys", "fail")],
            found: "empty set",
            advice: "jwks_uri",
        },
        Case {
            name: "a page",
            change: |script| script.keys = Page::html(200, "<html>"),
            expected: vec![("keys", "fail")],
            found: "a web page is not a key set",
            advice: "jwks_uri",
        },
        Case {
            name: "not found",
            change: |script| {
                script.keys =
                    Page::error(404, &json!({"errorCode": "E0000022", "errorSummary": "no"}))
            },
            expected: vec![("keys", "fail")],
            found: "status 404: E0000022: no",
            advice: "jwks_uri",
        },
        Case {
            name: "no address of the keys",
            change: |script| script.metadata(|document| remove(document, "jwks_uri")),
            expected: vec![("keys", "fail"), ("cors", "skip")],
            found: "no `jwks_uri`",
            advice: "JWKS_URI",
        },
        Case {
            name: "keys where nothing answers",
            change: |script| {
                script.metadata(|document| {
                    set(document, "jwks_uri", json!("http://127.0.0.1:1/keys"));
                });
            },
            expected: vec![("keys", "fail"), ("cors", "skip")],
            found: "refused",
            advice: "host and port",
        },
        Case {
            name: "keys over plain http",
            change: |script| {
                script.metadata(|document| {
                    set(document, "jwks_uri", json!("http://keys.example/keys"));
                });
            },
            expected: vec![("keys", "fail"), ("cors", "skip")],
            found: "neither https",
            advice: "https URL",
        },
    ])
    .await;
}

#[tokio::test]
async fn each_key_of_a_set_is_judged() {
    check_all(&[
        Case {
            name: "keys for another algorithm",
            change: |script| {
                let point = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
                let y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
                script.keys = Page::json(&json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "e", "x": point, "y": y}]}));
            },
            expected: vec![("keys", "fail")],
            found: "no algorithm in the settings can use it",
            advice: "ALGORITHMS",
        },
        Case {
            name: "a key that is skipped beside good ones",
            change: |script| script.keys = Page::json(&json!({"keys": [jwk("k1"), {"kty": "oct", "k": "AA", "kid": "s"}]})),
            expected: vec![],
            found: "",
            advice: "",
        },
        Case {
            name: "a private key",
            change: |script| {
                let mut private = jwk("p");
                set(&mut private, "d", json!("AQAB"));
                script.keys = Page::json(&json!({"keys": [jwk("k1"), private]}));
            },
            expected: vec![("keys", "warn")],
            found: "a private key",
            advice: "anyone can sign",
        },
    ])
    .await;
}

#[tokio::test]
async fn a_key_set_that_forbids_caching_has_a_warning() {
    check_all(&[
        Case {
            name: "max-age 0",
            change: |script| script.keys.headers = vec![("cache-control", "max-age=0".to_owned())],
            expected: vec![("keys", "warn")],
            found: "max-age 0",
            advice: "cached",
        },
        Case {
            name: "no-cache",
            change: |script| {
                script.keys.headers = vec![("cache-control", "no-cache, no-store".to_owned())]
            },
            expected: vec![("keys", "warn")],
            found: "not to be cached",
            advice: "cached",
        },
    ])
    .await;
}

#[tokio::test]
async fn a_max_age_of_forty_four_days_is_shown_without_a_warning() {
    let issuer = Issuer::start(|_| {});
    let report = report(&all_options(&issuer.url)).await;
    let keys = crate::run::check(&report, "keys");
    assert_eq!(
        keys["found"],
        "2 keys usable: `k1`, `k2`; max-age 3832304 (44 days; the authorizer keeps keys for JWKS_MAX_AGE_SECONDS at most)"
    );
}
