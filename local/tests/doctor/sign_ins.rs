//! `--sign-in`, with the test as the user and the browser.

use std::process::{Output, Stdio};

use reqwest::Url;
use serde_json::{Value, json};
use testkit::http::closed_address;
use testkit::json::changed;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use crate::issuer::{CLIENT_ID, Issuer, ORIGIN, Page, Script};
use crate::run::check;
use crate::tokens::{TOKEN_CHECKS, claims, header, mint, now};

/// A redirect URI whose port is free.
pub(crate) fn redirect_uri() -> String {
    format!("http://{}/callback.html", closed_address())
}

/// An issuer whose client has this redirect URI.
pub(crate) async fn issuer(redirect_uri: &str, change: impl FnOnce(&mut Script)) -> Issuer {
    Issuer::start(|script| {
        script.authorize = Page::redirect(redirect_uri, &[("error", "login_required")]);
        change(script);
    })
}

fn start(issuer: &Issuer, redirect_uri: &str, more: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_local"))
        .args([
            "doctor",
            "--issuer",
            &issuer.url,
            "--audience",
            "api://default",
        ])
        .args([
            "--client-id",
            CLIENT_ID,
            "--redirect-uri",
            redirect_uri,
            "--web-origin",
            ORIGIN,
        ])
        .args(["--scope", "openid state:read", "--sign-in"])
        .args(more)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// Reads lines until the URL to open. Returns the URL and the lines.
async fn url_to_open(output: &mut (impl AsyncRead + Unpin)) -> (Url, String) {
    let mut read = String::new();
    let mut lines = BufReader::with_capacity(1, output).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        read.push_str(&line);
        read.push('\n');
        if let Ok(url) = Url::parse(line.trim()) {
            return (url, read);
        }
    }
    panic!("no URL to open: {read}");
}

fn parameter(url: &Url, name: &str) -> String {
    let found = url.query_pairs().find(|(key, _)| key == name);
    found
        .unwrap_or_else(|| panic!("no {name} in {url}"))
        .1
        .into_owned()
}

async fn browse(redirect_uri: &str, parameters: &[(&str, &str)]) -> (u16, String) {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let url = Url::parse_with_params(redirect_uri, parameters).unwrap();
    let answer = reqwest::get(url).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// Returns to the redirect URI with these parameters and the right state.
async fn come_back(
    mut child: Child,
    redirect_uri: &str,
    parameters: &[(&str, &str)],
) -> (Output, (u16, String)) {
    let mut error = child.stderr.take().unwrap();
    let (url, mut read) = url_to_open(&mut error).await;
    let state = parameter(&url, "state");
    let page = browse(redirect_uri, &[parameters, &[("state", &*state)]].concat()).await;
    let output = child.wait_with_output().await.unwrap();
    error.read_to_string(&mut read).await.unwrap();
    let output = Output {
        stderr: read.into_bytes(),
        ..output
    };
    (output, page)
}

/// Signs in at a doctor with a text report, and returns its whole output.
pub(crate) async fn people_sign_in(mut child: Child, redirect_uri: &str) -> String {
    let mut output = child.stdout.take().unwrap();
    let (url, mut text) = url_to_open(&mut output).await;
    let state = parameter(&url, "state");
    browse(redirect_uri, &[("code", "c"), ("state", &state)]).await;
    output.read_to_string(&mut text).await.unwrap();
    text
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

pub(crate) fn tokens(access_token: &str) -> Value {
    json!({"token_type": "Bearer", "expires_in": 3600, "access_token": access_token, "scope": "openid state:read"})
}

#[tokio::test]
async fn the_token_of_a_sign_in_is_checked_and_never_shown() {
    let redirect_uri = redirect_uri();
    let mut token = String::new();
    let issuer = issuer(&redirect_uri, |script| {
        token = mint(&header(), &claims(&script.issuer));
        script.redeemed = Page::json(&tokens(&token));
    })
    .await;
    let child = start(&issuer, &redirect_uri, &["--json"]);
    let (output, (status, page)) =
        come_back(child, &redirect_uri, &[("code", "secret-code")]).await;
    let report = report(&output);
    for id in TOKEN_CHECKS.iter().chain(&["sign_in"]) {
        assert_eq!(check(&report, id)["status"], "pass", "{report:#}");
    }
    assert_eq!(
        check(&report, "sign_in")["found"],
        "signed in as \"joe@example.com\""
    );
    assert_eq!((status, output.status.code()), (200, Some(0)), "{page}");
    assert!(page.contains("<h1>Signed in</h1>"), "{page}");

    let hops = String::from_utf8(output.stderr).unwrap();
    for part in [
        "GET",
        "callback.html?code=…&state=…",
        "POST",
        "200  access_token",
        "expires_in 3600",
    ] {
        assert!(hops.contains(part), "no `{part}`: {hops}");
    }
    for text in [&hops, &page, &String::from_utf8(output.stdout).unwrap()] {
        assert!(
            !text.contains(&token) && !text.contains("secret-code"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn the_url_and_the_redirects_are_on_standard_output() {
    let redirect_uri = redirect_uri();
    let issuer = issuer(&redirect_uri, |script| {
        script.redeemed = Page::json(&tokens(&mint(&header(), &claims(&script.issuer))));
    })
    .await;
    let mut child = start(&issuer, &redirect_uri, &[]);
    let mut output = child.stdout.take().unwrap();
    let (url, mut text) = url_to_open(&mut output).await;
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("redirect_uri", &redirect_uri),
        ("scope", "openid state:read"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(parameter(&url, name), value);
    }
    assert_eq!(parameter(&url, "code_challenge").len(), 43);
    assert!(!parameter(&url, "nonce").is_empty());
    let state = parameter(&url, "state");

    // Any page can send a browser here, but without the right state this has no effect.
    for forged in [
        &[("code", "c"), ("state", "x")][..],
        &[("error", "access_denied")],
    ] {
        let (status, page) = browse(&redirect_uri, forged).await;
        assert!(
            status == 400 && page.contains("belongs to no sign-in"),
            "{page}"
        );
    }
    let other = redirect_uri.replace("callback", "favicon");
    assert_eq!(browse(&other, &[]).await.0, 404);

    browse(&redirect_uri, &[("code", "c"), ("state", &state)]).await;
    output.read_to_string(&mut text).await.unwrap();
    assert!(child.wait().await.unwrap().success(), "{text}");
    for part in [
        "pass  token_form ",
        "pass  sign_in            signed in as",
        "\nno problem found; set ISSUER=",
    ] {
        assert!(text.contains(part), "no `{part}`: {text}");
    }
    // The settings are the last line.
    assert!(
        text.lines()
            .last()
            .unwrap()
            .contains("AUDIENCE=api://default"),
        "{text}"
    );
}

#[tokio::test]
async fn each_answer_of_the_issuer_is_reported_with_advice() {
    for (name, parameters, found, advice) in [
        (
            "not assigned",
            &[
                ("error", "access_denied"),
                (
                    "error_description",
                    "User is not assigned to the client application.",
                ),
            ][..],
            "access_denied: User is not assigned",
            "Assignments",
        ),
        (
            "no policy",
            &[
                ("error", "access_denied"),
                (
                    "error_description",
                    "Policy evaluation failed for this request, please check the policy configurations.",
                ),
            ],
            "Policy evaluation failed",
            "Access Policies",
        ),
        (
            "another issuer",
            &[("code", "c"), ("iss", "https://evil.example")],
            "another issuer",
            "again",
        ),
        ("no code", &[], "no code", "again"),
        (
            "an error of another kind",
            &[("error", "server_error")],
            "server_error",
            "System Log",
        ),
    ] {
        let redirect_uri = redirect_uri();
        let issuer = issuer(&redirect_uri, |_| {}).await;
        let child = start(&issuer, &redirect_uri, &["--json"]);
        let (output, (status, page)) = come_back(child, &redirect_uri, parameters).await;
        judge_failure(name, &output, found, advice);
        assert_eq!(status, 400, "{name}: {page}");
        assert!(page.contains("did not end in a token"), "{name}: {page}");
    }
}

/// Checks that `sign_in` fails, and that the checks of the missing token are skipped.
fn judge_failure(name: &str, output: &Output, found: &str, advice: &str) {
    let report = report(output);
    let sign_in = check(&report, "sign_in");
    assert_eq!(sign_in["status"], "fail", "{name}: {report:#}");
    for (member, part) in [("found", found), ("advice", advice)] {
        assert!(
            sign_in[member].as_str().unwrap().contains(part),
            "{name}: {sign_in:#}"
        );
    }
    for id in TOKEN_CHECKS {
        let check = check(&report, id);
        let skipped = (&check["status"], &check["advice"]);
        assert_eq!(
            skipped,
            (&json!("skip"), &json!("needs `sign_in` to pass")),
            "{name}"
        );
    }
    assert_eq!(
        (report["failed"].as_u64(), output.status.code()),
        (Some(1), Some(1)),
        "{name}"
    );
}

#[tokio::test]
async fn each_answer_of_the_token_endpoint_is_reported_with_advice() {
    let id_token = |nonce: &str| mint(&header(), &json!({"nonce": nonce}));
    let secret = "opaque-secret-token";
    for (name, page, found, advice) in [
        (
            "a secret wanted",
            Page::error(
                401,
                &json!({"error": "invalid_client", "error_description": "No client credentials found."}),
            ),
            "invalid_client: No client credentials found.",
            "Single-Page App",
        ),
        (
            "PKCE",
            Page::error(
                401,
                &json!({"error": "invalid_client", "error_description":
                    "Browser requests to the token endpoint must use Proof Key for Code Exchange."}),
            ),
            "Proof Key",
            "Single-Page App",
        ),
        (
            "a server error",
            Page::html(502, "<h1>Bad Gateway</h1>"),
            "Bad Gateway",
            "System Log",
        ),
        (
            "no access token",
            Page::json(&json!({"id_token": id_token("x")})),
            "without `access_token`",
            "RFC 6749",
        ),
        (
            "a body that is no JSON object",
            Page::json(&json!(secret)),
            "without `access_token`",
            "RFC 6749",
        ),
        (
            "another nonce",
            Page::json(&json!({"access_token": secret, "id_token": id_token("x")})),
            "nonce",
            "again",
        ),
    ] {
        let redirect_uri = redirect_uri();
        let issuer = issuer(&redirect_uri, |script| script.redeemed = page).await;
        let child = start(&issuer, &redirect_uri, &["--json"]);
        let (output, _) = come_back(child, &redirect_uri, &[("code", "c")]).await;
        judge_failure(name, &output, found, advice);
        for text in [&output.stdout, &output.stderr] {
            assert!(!String::from_utf8_lossy(text).contains(secret), "{name}");
        }
    }
}

#[tokio::test]
async fn a_wrong_token_of_a_sign_in_fails_the_check_of_its_fault() {
    let redirect_uri = redirect_uri();
    let issuer = issuer(&redirect_uri, |script| {
        let wrong = changed(claims(&script.issuer), &json!({"aud": "api://other"}));
        script.redeemed = Page::json(&tokens(&mint(&header(), &wrong)));
    })
    .await;
    let (output, _) = come_back(
        start(&issuer, &redirect_uri, &["--json"]),
        &redirect_uri,
        &[("code", "c")],
    )
    .await;
    let judged = report(&output);
    assert_eq!(judged["failed"], 1, "{judged:#}");
    assert_eq!(check(&judged, "token_audience")["status"], "fail");

    // With `--token` too, the list is about that token, and the sign-in has its own verdict.
    let good = mint(
        &header(),
        &changed(claims(&issuer.url), &json!({"exp": now() + 60})),
    );
    let child = start(&issuer, &redirect_uri, &["--json", "--token", &good]);
    let (output, _) = come_back(child, &redirect_uri, &[("code", "c")]).await;
    let both = report(&output);
    assert_eq!(both["failed"], 1, "{both:#}");
    let sign_in = check(&both, "sign_in");
    assert!(
        sign_in["found"]
            .as_str()
            .unwrap()
            .contains("the token that it returned fails token_audience"),
        "{both:#}"
    );
}

#[tokio::test]
async fn a_redirect_uri_that_cannot_be_listened_on() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = format!("http://{}/callback.html", listener.local_addr().unwrap());
    for (redirect_uri, found, advice) in [
        (&*taken, "cannot listen on 127.0.0.1:", "cargo local"),
        (
            "https://app.example.com/callback.html",
            "is not on this machine",
            "--redirect-uri",
        ),
    ] {
        let issuer = issuer(redirect_uri, |_| {}).await;
        let output = start(&issuer, redirect_uri, &["--json"])
            .wait_with_output()
            .await
            .unwrap();
        judge_failure(redirect_uri, &output, found, advice);
    }
    drop(listener);
}

#[tokio::test]
async fn no_browser_is_opened_for_a_client_that_cannot_sign_in() {
    let redirect_uri = redirect_uri();
    let issuer = issuer(&redirect_uri, |script| {
        script.authorize =
            Page::okta_page("The 'redirect_uri' parameter must be a Login redirect URI");
    })
    .await;
    let output = start(&issuer, &redirect_uri, &["--json"])
        .wait_with_output()
        .await
        .unwrap();
    let report = report(&output);
    assert_eq!(
        check(&report, "sign_in")["advice"],
        "needs `client` to pass",
        "{report:#}"
    );
    assert_eq!(report["failed"], 1, "{report:#}");
}
