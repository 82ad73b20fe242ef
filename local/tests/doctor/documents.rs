//! The documents quote the commands' real output, and name only checks and reasons that exist.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use serde_json::json;
use testkit::json::changed;
use tokio::process::Command;

use crate::issuer::{CLIENT_ID, Issuer, ORIGIN, Page};
use crate::sign_ins::{issuer, people_sign_in, redirect_uri, tokens};
use crate::tokens::{claims, header, mint};

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    fs::read_to_string(root.join(path)).unwrap()
}

/// Whether `text` is `pattern` with each `…` filled by something.
fn matches(text: &str, pattern: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('…') else {
        return text == pattern;
    };
    text.strip_prefix(head).is_some_and(|tail| {
        let ends = tail.char_indices().map(|(at, _)| at).chain([tail.len()]);
        ends.into_iter().any(|at| matches(&tail[at..], rest))
    })
}

/// The lines of the blocks that quote the doctor.
fn quoted(page: &str) -> Vec<&str> {
    let mut inside = false;
    let mut lines = Vec::new();
    for line in page.lines() {
        match (inside, line) {
            (false, "```text") => inside = true,
            (true, "```") => inside = false,
            (true, line) => lines.push(line),
            (false, _) => {}
        }
    }
    lines
}

#[tokio::test]
async fn every_line_that_the_okta_page_quotes_is_printed() {
    const SCOPE: &str = "openid profile offline_access state:write";
    let redirect_uri = redirect_uri();
    let issuer: Issuer = issuer(&redirect_uri, |script| {
        let scopes: Vec<&str> = SCOPE.split(' ').collect();
        let claims = changed(claims(&script.issuer), &json!({"scp": scopes}));
        script.redeemed = Page::json(&tokens(&mint(&header(), &claims)));
    })
    .await;
    let doctor = Command::new(env!("CARGO_BIN_EXE_local"))
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
            &redirect_uri,
            "--web-origin",
            ORIGIN,
        ])
        .args(["--scope", SCOPE, "--sign-in"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let printed = people_sign_in(doctor, &redirect_uri).await;
    let printed = printed.replace(&issuer.url, "https://dev-1.okta.com/oauth2/default");
    let page = read("docs/okta.md");
    let quoted = quoted(&page);
    assert!(quoted.len() > 25, "{quoted:?}");
    for line in quoted {
        assert!(
            printed.lines().any(|printed| matches(printed, line)),
            "`{line}` is not in {printed}"
        );
    }
    // Each check that passes proves a step of the page.
    for line in printed
        .lines()
        .filter_map(|line| line.strip_prefix("pass  "))
    {
        let id = line.split_whitespace().next().unwrap();
        assert!(
            page.contains(&format!("pass  {id} ")),
            "docs/okta.md has no proof by `{id}`"
        );
    }
}

#[test]
fn every_check_and_reason_that_the_trouble_page_names_exists() {
    let sources = [
        "local/src/commands/doctor/issuer.rs",
        "local/src/commands/doctor/discovery.rs",
        "local/src/commands/doctor/keys.rs",
        "local/src/commands/doctor/clock.rs",
        "local/src/commands/doctor/capabilities.rs",
        "local/src/commands/doctor/client.rs",
        "local/src/commands/doctor/cors.rs",
        "local/src/commands/doctor/sign_in.rs",
        "local/src/commands/doctor/token/checks.rs",
        "local/src/commands/doctor/token/times.rs",
        "local/src/commands/smoke/refusals.rs",
        "local/src/commands/smoke/permissions.rs",
        "local/src/commands/smoke/browser.rs",
        "authorizer/src/refusal.rs",
        "authorizer/src/refusal/jws.rs",
        "authorizer/src/error.rs",
        "authorizer/src/authorizer/decision.rs",
    ]
    .map(read)
    .join("\n");
    let page = read("docs/trouble.md");
    let rows: Vec<&str> = page
        .lines()
        .filter(|line| {
            line.starts_with("| ") && !line.starts_with("| message") && !line.starts_with("| ---")
        })
        .collect();
    assert!(rows.len() > 35, "{rows:?}");
    for row in rows {
        let check = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let names: Vec<&str> = check.split('`').skip(1).step_by(2).collect();
        assert!(
            !names.is_empty() || check.starts_with("not visible from outside: "),
            "no check: {row}"
        );
        for name in names {
            assert!(
                sources.contains(&format!("\"{name}\"")),
                "`{name}` does not exist: {row}"
            );
        }
    }
}
