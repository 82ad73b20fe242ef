//! The clock, and the capabilities in the metadata.

use std::time::Duration;

use serde_json::json;

use super::{Case, check_all, remove, set};

#[tokio::test]
async fn clock_pkce_public_clients_and_scopes() {
    check_all(&[
        Case {
            name: "a wrong clock",
            change: |script| script.clock_off = Duration::from_secs(300),
            expected: vec![("clock", "fail")],
            found: "ahead of the issuer's",
            advice: "NTP",
        },
        Case {
            name: "no S256",
            change: |script| {
                script.metadata(|document| {
                    set(
                        document,
                        "code_challenge_methods_supported",
                        json!(["plain"]),
                    )
                });
            },
            expected: vec![("pkce", "fail")],
            found: "plain",
            advice: "S256",
        },
        Case {
            name: "nothing about PKCE",
            change: |script| {
                script.metadata(|document| remove(document, "code_challenge_methods_supported"))
            },
            expected: vec![("pkce", "warn")],
            found: "does not say",
            advice: "PKCE",
        },
        Case {
            name: "no public clients",
            change: |script| {
                script.metadata(|document| {
                    set(
                        document,
                        "token_endpoint_auth_methods_supported",
                        json!(["client_secret_basic"]),
                    );
                });
            },
            expected: vec![("public_client", "fail")],
            found: "client_secret_basic",
            advice: "Single-Page App",
        },
        Case {
            name: "nothing about public clients",
            change: |script| {
                script
                    .metadata(|document| remove(document, "token_endpoint_auth_methods_supported"))
            },
            expected: vec![("public_client", "warn")],
            found: "does not say",
            advice: "public clients",
        },
        Case {
            name: "a scope that is missing",
            change: |script| {
                script.metadata(|document| set(document, "scopes_supported", json!(["openid"])))
            },
            expected: vec![("scopes", "fail")],
            found: "not listed: state:read",
            advice: "Include in public metadata",
        },
        Case {
            name: "no list of scopes",
            change: |script| script.metadata(|document| remove(document, "scopes_supported")),
            expected: vec![("scopes", "warn")],
            found: "does not list",
            advice: "Scopes",
        },
    ])
    .await;
}
