//! Issuers that are wrong in one way: the check of that way fails, and only what depends on it is skipped.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::issuer::{CLIENT_ID, Issuer, ORIGIN, Page, Script, jwk};
use crate::run::{ISSUER_CHECKS, all_options, assert_verdict, doctor, judge, report};
use crate::tls::{Chain, Wrong};

/// A way to be wrong, the verdict, and parts of what was found and of the advice.
struct Case {
    name: &'static str,
    change: fn(&mut Script),
    expected: Vec<(&'static str, &'static str)>,
    found: &'static str,
    advice: &'static str,
}

/// What is skipped without the metadata of this very issuer.
fn without_metadata<'a>(first: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    const NEED_IT: [&str; 7] = [
        "keys",
        "pkce",
        "public_client",
        "scopes",
        "client",
        "client_type",
        "cors",
    ];
    let mut expected = first.to_vec();
    expected.extend(NEED_IT.map(|id| (id, "skip")));
    expected
}

fn metadata_fails() -> Vec<(&'static str, &'static str)> {
    without_metadata(&[("metadata", "fail"), ("metadata_issuer", "skip")])
}

fn other_issuer() -> Vec<(&'static str, &'static str)> {
    without_metadata(&[("metadata_issuer", "fail")])
}

/// Without an answer there is no `Date` either.
fn unreachable() -> Vec<(&'static str, &'static str)> {
    without_metadata(&[
        ("metadata", "fail"),
        ("metadata_issuer", "skip"),
        ("clock", "skip"),
    ])
}

async fn check_all(cases: &[Case]) {
    for case in cases {
        let issuer = Issuer::start(case.change).await;
        judge(case.name, &issuer, &case.expected, case.found, case.advice).await;
    }
}

fn set(document: &mut Value, name: &str, value: Value) {
    document[name] = value;
}

fn remove(document: &mut Value, name: &str) {
    document.as_object_mut().unwrap().remove(name);
}

#[tokio::test]
async fn a_right_issuer_passes_and_the_last_line_has_the_settings() {
    let issuer = Issuer::start(|_| {}).await;
    judge("right", &issuer, &[], "", "").await;

    let output = doctor(&all_options(&issuer.url)).await;
    let text = String::from_utf8(output.stdout).unwrap();
    let url = &issuer.url;
    let last = format!(
        "no problem found; set ISSUER={url} AUDIENCE=api://default CLIENT_IDS={CLIENT_ID} JWKS_URI={url}/v1/keys"
    );
    assert_eq!(text.lines().last(), Some(&*last), "{text}");
    let ids: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_whitespace().nth(1))
        .collect();
    assert_eq!(ids[..ISSUER_CHECKS.len()], ISSUER_CHECKS, "{text}");
}

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
            name: "the OpenID document leaves out what the OAuth document says",
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
        Case {
            name: "metadata of another issuer",
            change: |script| script.metadata(|document| set(document, "issuer", json!("https://dev-1.okta.com"))),
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
async fn an_org_server_behind_a_domain_of_ones_own() {
    let issuer = Issuer::start_at("", |script| {
        script.metadata(|document| {
            let issuer = document["issuer"].as_str().unwrap().to_owned();
            set(
                document,
                "authorization_endpoint",
                json!(format!("{issuer}/oauth2/v1/authorize")),
            );
        });
    })
    .await;
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
async fn a_wrong_url_is_not_asked_for_anything() {
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

#[tokio::test]
async fn keys() {
    check_all(&[
        Case {
            name: "junk",
            change: |script| script.keys = Page::json(&json!({"keys": [{"kty": "RSA"}, 5, {"kty": "oct", "k": "AA", "kid": "s"}]})),
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
            found: "a web page is no key set",
            advice: "jwks_uri",
        },
        Case {
            name: "not found",
            change: |script| script.keys = Page::error(404, &json!({"errorCode": "E0000022", "errorSummary": "no"})),
            expected: vec![("keys", "fail")],
            found: "status 404: E0000022: no",
            advice: "jwks_uri",
        },
        Case {
            name: "no address of the keys",
            change: |script| script.metadata(|document| remove(document, "jwks_uri")),
            expected: vec![("keys", "fail")],
            found: "no `jwks_uri`",
            advice: "JWKS_URI",
        },
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
        Case {
            name: "max-age 0",
            change: |script| script.keys.headers = vec![("cache-control", "max-age=0".to_owned())],
            expected: vec![("keys", "warn")],
            found: "max-age 0",
            advice: "cached",
        },
        Case {
            name: "no-cache",
            change: |script| script.keys.headers = vec![("cache-control", "no-cache, no-store".to_owned())],
            expected: vec![("keys", "warn")],
            found: "not to be cached",
            advice: "cached",
        },
    ])
    .await;
}

#[tokio::test]
async fn forty_four_days_are_shown_and_not_warned_of() {
    let issuer = Issuer::start(|_| {}).await;
    let report = report(&all_options(&issuer.url)).await;
    let keys = crate::run::check(&report, "keys");
    assert_eq!(
        keys["found"],
        "2 keys usable: `k1`, `k2`; max-age 3832304 (44 days; the authorizer keeps keys for JWKS_MAX_AGE_SECONDS at most)"
    );
}

#[tokio::test]
async fn clock_pkce_public_clients_and_scopes() {
    check_all(&[
        Case {
            name: "a clock that is off",
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

#[tokio::test]
async fn the_client() {
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
            name: "a page although none was wanted",
            change: |script| script.authorize = Page::redirect("http://127.0.0.1:9/signin", &[]),
            expected: vec![("client", "fail")],
            found: "another address",
            advice: "--sign-in",
        },
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
            name: "an application of type Web, in other words",
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
            found: "never gave out",
            advice: "mock",
        },
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
                    page.headers.push(("access-control-allow-origin", ORIGIN.replace("127.0.0.1", "localhost")));
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
    })
    .await;
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

#[tokio::test]
async fn certificates() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (name, wrong, trusted, expected, found, advice) in [
        ("right", Wrong::Nothing, true, Vec::new(), "", ""),
        (
            "expired",
            Wrong::Expired,
            true,
            unreachable(),
            "`CN=localhost` is valid until 2021-01-01T00:00:00Z",
            "renew",
        ),
        (
            "no intermediate",
            Wrong::NoIntermediate,
            true,
            unreachable(),
            "`CN=Test Intermediate`, which the server does not send",
            "let the server send the intermediate certificate `CN=Test Intermediate`",
        ),
        (
            "unknown root",
            Wrong::Nothing,
            false,
            unreachable(),
            "ends at `CN=Test Root`",
            "--ca-file",
        ),
        (
            "another name",
            Wrong::OtherName,
            true,
            unreachable(),
            "`CN=other.example`",
            "host name",
        ),
    ] {
        let chain = Chain::new(wrong);
        let issuer = Issuer::start_tls(&chain).await;
        let mut options = all_options(&issuer.url);
        if trusted {
            let file = folder.join(format!("{name}.pem"));
            std::fs::write(&file, &chain.root_pem).unwrap();
            options.extend(["--ca-file".to_owned(), file.to_str().unwrap().to_owned()]);
        }
        assert_verdict(name, &report(&options).await, &expected, found, advice);
    }
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_costs_five_seconds() {
    let issuer = Issuer::start(|script| script.silent = true).await;
    let started = Instant::now();
    judge(
        "silent",
        &issuer,
        &unreachable(),
        "within 5 seconds",
        "proxy",
    )
    .await;
    let waited = started.elapsed();
    assert!(
        waited >= Duration::from_secs(5) && waited < Duration::from_secs(9),
        "{waited:?}"
    );
}

#[tokio::test]
async fn nothing_listens() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/oauth2/default", listener.local_addr().unwrap());
    drop(listener);
    judge(
        "nothing",
        &Issuer { url },
        &unreachable(),
        "refused",
        "host and port",
    )
    .await;
}

#[tokio::test]
async fn wrong_usage_is_exit_2() {
    for (options, said) in [
        (&["--issuer"][..], "--issuer"),
        (&["--client-id", "x"], "--issuer"),
        (
            &["--issuer", "x", "--web-origin", "http://127.0.0.1:8080/"],
            "such as http://127.0.0.1:8080",
        ),
        (
            &["--issuer", "x", "--redirect-uri", "callback.html"],
            "absolute URL",
        ),
        (
            &["--issuer", "x", "--ca-file", "/nowhere.pem"],
            "/nowhere.pem",
        ),
    ] {
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        let output = doctor(&options).await;
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{options:?}: {error}");
        assert!(
            error.contains(said) && output.stdout.is_empty(),
            "{options:?}: {error}"
        );
    }
}
