//! The application: Okta's own error texts.

use serde_json::json;

use super::{Case, check_all, remove, set};
use crate::issuer::{Issuer, ORIGIN, Page};
use crate::run::report;

#[tokio::test]
async fn the_authorization_endpoint() {
    check_all(&[
        Case {
            name: "an unknown client id",
            change: |script| {
                script.authorize = Page::okta_page("Invalid value for &#39;client_id&#39; parameter.");
                script.token = Page::error(
                    401,
                    &json!({"errorCode": "invalid_client", "errorSummary": "Invalid value for 'client_id' parameter."}),
                );
            },
            expected: vec![("client", "fail"), ("client_type", "skip")],
            found: "Invalid value for 'client_id' parameter",
            advice: "copy the client id",
        },
        Case {
            name: "a redirect URI that is not registered",
            change: |script| {
                script.authorize = Page::okta_page(
                    "The 'redirect_uri' parameter must be a Login redirect URI in the client app settings: \
                     https://dev-1-admin.okta.com/admin/app/oidc_client/instance/0oa1#tab-general",
                );
            },
            expected: vec![("client", "fail")],
            found: "must be a Login redirect URI",
            advice: "Sign-in redirect URIs",
        },
        Case {
            name: "a user who is not assigned",
            change: |script| {
                script.authorize_error("access_denied", "User is not assigned to the client application.");
            },
            expected: vec![("client", "fail")],
            found: "access_denied: User is not assigned",
            advice: "Assignments",
        },
        Case {
            name: "no access policy",
            change: |script| {
                script.authorize_error(
                    "access_denied",
                    "Policy evaluation failed for this request, please check the policy configurations.",
                );
            },
            expected: vec![("client", "fail")],
            found: "Policy evaluation failed",
            advice: "Access Policies",
        },
        Case {
            name: "PKCE is off",
            change: |script| {
                script.authorize_error("invalid_request", "PKCE is not supported for this application.");
            },
            expected: vec![("client", "fail")],
            found: "PKCE",
            advice: "Single-Page App",
        },
        Case {
            name: "the grant is off",
            change: |script| {
                script.authorize_error(
                    "unauthorized_client",
                    "The client is not authorized to use the provided grant type. Configured grant types: [refresh_token].",
                );
            },
            expected: vec![("client", "fail")],
            found: "unauthorized_client",
            advice: "Authorization Code",
        },
        Case {
            name: "a page, although no page may be shown",
            change: |script| script.authorize = Page::redirect("http://127.0.0.1:9/signin", &[]),
            expected: vec![("client", "fail")],
            found: "another address",
            advice: "--sign-in",
        },
    ])
    .await;
}

#[tokio::test]
async fn the_type_of_the_client() {
    check_all(&[
        Case {
            name: "an application of type Web",
            change: |script| {
                script.token_error(
                    401,
                    "invalid_client",
                    "Client authentication failed. Either the client or the client credentials are invalid.",
                );
            },
            expected: vec![("client_type", "fail")],
            found: "Client authentication failed",
            advice: "Single-Page App",
        },
        Case {
            name: "an application of type Web, with another message",
            change: |script| script.token_error(401, "invalid_client", "No client credentials found."),
            expected: vec![("client_type", "fail")],
            found: "No client credentials found",
            advice: "Single-Page App",
        },
        Case {
            name: "an application that demands DPoP",
            change: |script| script.token_error(400, "invalid_dpop_proof", "The DPoP proof JWT header is missing."),
            expected: vec![("client_type", "warn")],
            found: "DPoP",
            advice: "DPOP=accept",
        },
        Case {
            name: "a mock that takes any code",
            change: |script| script.token = Page::json(&json!({"access_token": "made.up.token"})),
            expected: vec![("client_type", "fail")],
            found: "never issued",
            advice: "mock",
        },
    ])
    .await;
}

#[tokio::test]
async fn endpoints_that_cannot_be_used() {
    check_all(&[
        Case {
            name: "no authorization endpoint",
            change: |script| script.metadata(|document| remove(document, "authorization_endpoint")),
            expected: vec![("client", "fail")],
            found: "no `authorization_endpoint`",
            advice: "https URL",
        },
        Case {
            name: "a token endpoint over plain http",
            change: |script| {
                script.metadata(|document| {
                    set(
                        document,
                        "token_endpoint",
                        json!("http://tokens.example/token"),
                    );
                });
            },
            expected: vec![("client_type", "fail"), ("cors", "skip")],
            found: "`token_endpoint` in the metadata",
            advice: "https URL",
        },
    ])
    .await;
}

#[tokio::test]
async fn the_trusted_origins() {
    check_all(&[
        Case {
            name: "no Trusted Origin",
            change: |script| script.trusted_origins.clear(),
            expected: vec![("cors", "fail")],
            found: "key set: no such header; token endpoint: no such header",
            advice: "Trusted Origins",
        },
        Case {
            name: "another Trusted Origin",
            change: |script| {
                script.trusted_origins.clear();
                for page in [&mut script.keys, &mut script.token] {
                    page.headers.push((
                        "access-control-allow-origin",
                        ORIGIN.replace("127.0.0.1", "localhost"),
                    ));
                }
            },
            expected: vec![("cors", "fail")],
            found: "key set: `http://localhost:8080`",
            advice: "Trusted Origins",
        },
    ])
    .await;
}

#[tokio::test]
async fn an_unknown_client_id_is_found_at_the_token_endpoint_too() {
    let issuer = Issuer::start(|script| {
        let body = json!({"errorCode": "invalid_client", "errorSummary": "Invalid value for 'client_id' parameter."});
        script.token = Page::error(401, &body);
    });
    let options = ["--issuer", &issuer.url, "--client-id", "0oaOther"].map(str::to_owned);
    let report = report(&options).await;
    let client_type = crate::run::check(&report, "client_type");
    assert_eq!(client_type["status"], "fail", "{report:#}");
    assert!(
        client_type["advice"]
            .as_str()
            .unwrap()
            .contains("copy the client id"),
        "{report:#}"
    );
    assert_eq!(
        crate::run::check(&report, "client")["advice"],
        "needs --redirect-uri"
    );
}
