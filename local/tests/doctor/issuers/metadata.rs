//! Metadata, and the URL that leads to it.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{Case, check_all, metadata_fails, other_issuer, remove, set};
use crate::issuer::{Issuer, Page};
use crate::run::{ISSUER_CHECKS, all_options, assert_verdict, report};

#[tokio::test]
async fn metadata() {
    check_all(&[
        Case {
            name: "only the OAuth document",
            change: |script| script.openid = Page::error(404, &json!({"errorCode": "E0000022"})),
            expected: vec![],
            found: "",
            advice: "",
        },
        Case {
            name: "only the OpenID document",
            change: |script| script.oauth = Page::error(404, &json!({"errorCode": "E0000022"})),
            expected: vec![],
            found: "",
            advice: "",
        },
        Case {
            name: "the OpenID document lacks members that the OAuth document has",
            change: |script| {
                let mut document = serde_json::from_str(&script.openid.body).unwrap();
                remove(&mut document, "code_challenge_methods_supported");
                script.openid.body = document.to_string();
            },
            expected: vec![],
            found: "",
            advice: "",
        },
        Case {
            name: "no such authorization server",
            change: |script| {
                let page = Page::error(
                    404,
                    &json!({"errorCode": "E0000007",
                        "errorSummary": "Not found: Resource not found: aus1 (AuthorizationServer)"}),
                );
                (script.openid, script.oauth) = (page.clone(), page);
            },
            expected: metadata_fails(),
            found: "status 404: E0000007",
            advice: "no authorization server with this id",
        },
        Case {
            name: "no API Access Management licence",
            change: |script| {
                let page = Page::error(
                    401,
                    &json!({"errorCode": "E0000015",
                        "errorSummary": "You do not have permission to access the feature you are requesting"}),
                );
                (script.openid, script.oauth) = (page.clone(), page);
            },
            expected: metadata_fails(),
            found: "status 401: E0000015",
            advice: "API Access Management",
        },
        Case {
            name: "HTML for JSON",
            change: |script| script.openid = Page::html(200, "<html><body>Sign in</body></html>"),
            expected: metadata_fails(),
            found: "a web page, not JSON",
            advice: "issuer URI",
        },
        Case {
            name: "JSON of another kind",
            change: |script| script.openid = Page::json(&json!(["issuer"])),
            expected: metadata_fails(),
            found: "not a JSON object",
            advice: "open the address in a browser",
        },
        Case {
            name: "a redirect",
            change: |script| script.openid = Page::redirect("https://login.example.com/oauth2/default", &[]),
            expected: metadata_fails(),
            found: "status 302",
            advice: "https://login.example.com/oauth2/default",
        },
        Case {
            name: "a server that fails",
            change: |script| script.openid = Page::html(503, "<h1>Unavailable</h1>"),
            expected: metadata_fails(),
            found: "status 503",
            advice: "status.okta.com",
        },
    ])
    .await;
}

#[tokio::test]
async fn metadata_of_another_issuer_is_refused() {
    check_all(&[
        Case {
            name: "metadata of another issuer",
            change: |script| {
                script.metadata(|document| set(document, "issuer", json!("https://dev-1.okta.com")))
            },
            expected: other_issuer(),
            found: "`https://dev-1.okta.com`",
            advice: "use https://dev-1.okta.com as the issuer",
        },
        Case {
            name: "an issuer with a slash at the end",
            change: |script| {
                script.metadata(|document| {
                    let issuer = document["issuer"].as_str().unwrap();
                    set(document, "issuer", json!(format!("{issuer}/")));
                });
            },
            expected: other_issuer(),
            found: "/oauth2/default/`",
            advice: "only the slash at the end differs",
        },
    ])
    .await;
}

#[tokio::test]
async fn an_org_server_behind_a_custom_domain() {
    let issuer = Issuer::start_at("", |script| {
        script.metadata(|document| {
            let issuer = document["issuer"].as_str().unwrap().to_owned();
            set(
                document,
                "authorization_endpoint",
                json!(format!("{issuer}/oauth2/v1/authorize")),
            );
        });
    });
    let report = report(&["--issuer".to_owned(), issuer.url.clone()]).await;
    let org = crate::run::check(&report, "issuer_server");
    assert_eq!(org["status"], "fail", "{report:#}");
    assert!(
        org["advice"].as_str().unwrap().contains("/oauth2/default"),
        "{org:#}"
    );
    assert_eq!(report["failed"], 1, "{report:#}");
}

#[tokio::test]
async fn nothing_is_sent_to_a_malformed_issuer_url() {
    let url = "https://dev-1-admin.okta.com/oauth2/default/";
    let started = Instant::now();
    let found = report(&all_options(url)).await;
    let mut expected = vec![("issuer_form", "fail")];
    expected.extend(ISSUER_CHECKS.iter().skip(1).map(|id| (*id, "skip")));
    assert_verdict(
        "-admin",
        &found,
        &expected,
        "Admin Console",
        "use https://dev-1.okta.com/oauth2/default",
    );
    assert!(started.elapsed() < Duration::from_secs(5));
}
