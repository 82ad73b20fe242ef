//! Issuers with one fault: the check for that fault fails, and only the checks that depend on it are skipped.

mod capabilities;
mod client;
mod connection;
mod keys;
mod metadata;

use serde_json::Value;

use crate::issuer::{CLIENT_ID, Issuer, Script};
use crate::run::{ISSUER_CHECKS, all_options, doctor, judge};

/// A fault, the verdict, and parts of the finding and of the advice.
struct Case {
    name: &'static str,
    change: fn(&mut Script),
    expected: Vec<(&'static str, &'static str)>,
    found: &'static str,
    advice: &'static str,
}

/// The checks that are skipped without the metadata of this very issuer.
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
        let issuer = Issuer::start(case.change);
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
async fn a_correct_issuer_passes_and_the_last_line_has_the_settings() {
    let issuer = Issuer::start(|_| {});
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

/// The same is true of files of other commands.
#[tokio::test]
async fn an_unreadable_file_of_roots_is_exit_1() {
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-roots.pem");
    std::fs::write(&file, "no certificate").unwrap();
    for (file, expected) in [
        ("/nowhere.pem", "/nowhere.pem: No such file"),
        (file.to_str().unwrap(), "no-roots.pem: "),
    ] {
        let options = ["--issuer", "https://x.example", "--ca-file", file];
        let output = doctor(&options.map(str::to_owned)).await;
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{file}: {error}");
        assert!(
            error.contains(expected) && output.stdout.is_empty(),
            "{error}"
        );
    }
}

#[tokio::test]
async fn wrong_usage_is_exit_2() {
    for (options, expected) in [
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
            &["--issuer", "x", "--token", "Bearer", "secret.secret.secret"],
            "without `Bearer`",
        ),
        (
            &["--issuer", "x", "--audience", "a,,b"],
            "AUDIENCE holds \"a,,b\"",
        ),
        (
            &["--issuer", "x", "--client-id", ","],
            "CLIENT_IDS holds \",\"",
        ),
    ] {
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        let output = doctor(&options).await;
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{options:?}: {error}");
        assert!(
            error.contains(expected) && !error.contains("secret") && output.stdout.is_empty(),
            "{options:?}: {error}"
        );
    }
}
