//! `cargo local smoke` against APIs on loopback with one fault each.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod api;

use std::process::{Output, Stdio};

use serde_json::Value;
use tokio::process::Command;

use crate::api::{Api, EXPIRED, GOOD, ORIGIN, WEAK, Wrong};

const CHECKS: [&str; 14] = [
    "signed_out",
    "bad_token_401",
    "expired_token_401",
    "good_token",
    "forbidden_403",
    "second_route",
    "preflight",
    "cors_on_401",
    "cors_on_403",
    "www_authenticate",
    "encoded_path",
    "two_tokens",
    "large_headers",
    "request_id",
];

async fn smoke(api: &str, options: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_local"))
        .args([
            "smoke",
            "--api",
            api,
            "--allowed",
            "GET /session",
            "--guarded",
            "PUT /state/x",
        ])
        .args(options)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap()
}

const ALL: [&str; 8] = [
    "--token",
    GOOD,
    "--weak-token",
    WEAK,
    "--expired-token",
    EXPIRED,
    "--origin",
    ORIGIN,
];

async fn report(api: &str, options: &[&str]) -> Value {
    let output = smoke(api, &[options, &["--json"]].concat()).await;
    let text = String::from_utf8(output.stdout).unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    let report: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}{error}"));
    let fails = statuses(&report)
        .into_iter()
        .filter(|(_, status)| status == "fail")
        .count();
    assert_eq!(report["failed"], fails, "{report:#}");
    assert_eq!(
        output.status.code(),
        Some(i32::from(fails > 0)),
        "{report:#}"
    );
    for token in [GOOD, WEAK, EXPIRED] {
        assert!(
            !text.contains(token) && !error.contains(token),
            "{text}{error}"
        );
    }
    report
}

fn statuses(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let checks = report["checks"].as_array().unwrap().iter();
    checks
        .map(|check| (text(&check["id"]), text(&check["status"])))
        .collect()
}

/// Checks that everything passes, except the checks in `expected`. The first of these has this finding.
async fn check(wrong: Wrong, expected: &[(&str, &str)], found: &str) {
    let api = Api::start(wrong);
    let report = report(&api.url, &ALL).await;
    let status = |id: &str| {
        let listed = expected.iter().find(|(listed, _)| *listed == id);
        listed.map_or("pass", |(_, status)| *status).to_owned()
    };
    let wanted: Vec<(String, String)> = CHECKS
        .iter()
        .map(|id| ((*id).to_owned(), status(id)))
        .collect();
    assert_eq!(statuses(&report), wanted, "{wrong:?}: {report:#}");
    if let Some((id, _)) = expected.first() {
        let checks = report["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["id"] == *id).unwrap();
        assert!(
            check["found"].as_str().unwrap().contains(found),
            "{wrong:?}: {check:#}"
        );
        assert!(
            !check["advice"].as_str().unwrap().is_empty(),
            "{wrong:?}: {check:#}"
        );
    }
    assert_eq!(
        api.changes(),
        0,
        "{wrong:?}: a call without the precondition changed something"
    );
}

/// One fault of an API, and the checks that then do not pass. The first of these found `found`.
type Row = (Wrong, &'static [(&'static str, &'static str)], &'static str);

#[tokio::test]
async fn an_api_without_a_fault_passes() {
    check(Wrong::Nothing, &[], "").await;
}

#[tokio::test]
async fn apis_that_accept_or_reject_wrongly() {
    let rows: [Row; 10] = [
        (
            Wrong::AnonymousPolicy,
            &[
                ("signed_out", "warn"),
                ("cors_on_401", "skip"),
                ("www_authenticate", "skip"),
            ],
            "403 `User is not authorized to access this resource`",
        ),
        (
            Wrong::NoAuthorizer,
            &[
                ("signed_out", "fail"),
                ("bad_token_401", "fail"),
                ("expired_token_401", "fail"),
                ("forbidden_403", "fail"),
                ("cors_on_401", "skip"),
                ("cors_on_403", "skip"),
                ("www_authenticate", "skip"),
                ("encoded_path", "fail"),
                ("two_tokens", "warn"),
            ],
            "412",
        ),
        (
            Wrong::AnyTokenCounts,
            &[("bad_token_401", "fail"), ("two_tokens", "warn")],
            "412",
        ),
        (
            Wrong::BadTokenIsAnonymous,
            &[("bad_token_401", "warn")],
            "200 for the allowed one",
        ),
        (
            Wrong::BadTokenFailsThere,
            &[("bad_token_401", "fail")],
            "for the allowed one: 500",
        ),
        (
            Wrong::ExpiredCounts,
            &[("expired_token_401", "fail")],
            "412",
        ),
        (
            Wrong::GoodTokenDenied,
            &[("good_token", "fail")],
            "403 `User is not authorized to access this resource`",
        ),
        (
            Wrong::WeakAllowed,
            &[
                ("forbidden_403", "fail"),
                ("cors_on_403", "skip"),
                ("encoded_path", "fail"),
            ],
            "412",
        ),
        (
            Wrong::CachesOneRoute,
            &[("second_route", "fail")],
            "allowed then guarded: 200, 403 `User is not authorized to access this resource`; \
             guarded then allowed: 403 `User is not authorized to access this resource`, 403",
        ),
        (
            Wrong::CachesTheVerdict,
            &[("second_route", "fail")],
            "allowed then guarded: 200, 412",
        ),
    ];
    for (wrong, expected, found) in rows {
        check(wrong, expected, found).await;
    }
}

#[tokio::test]
async fn answers_that_lack_a_header() {
    let rows: [Row; 6] = [
        (Wrong::PreflightNeedsToken, &[("preflight", "fail")], "401"),
        (
            Wrong::PreflightWithoutHeader,
            &[("preflight", "fail")],
            "header `authorization`",
        ),
        (
            Wrong::NoCorsOn401,
            &[("cors_on_401", "fail")],
            "no such header",
        ),
        (
            Wrong::NoCorsOn403,
            &[("cors_on_403", "fail")],
            "no such header",
        ),
        (
            Wrong::NoWwwAuthenticate,
            &[("www_authenticate", "fail")],
            "no such header",
        ),
        (
            Wrong::RemappedWwwAuthenticate,
            &[("www_authenticate", "fail")],
            "remapped",
        ),
    ];
    for (wrong, expected, found) in rows {
        check(wrong, expected, found).await;
    }
}

#[tokio::test]
async fn apis_that_read_requests_in_another_way() {
    let rows: [Row; 6] = [
        (
            Wrong::EncodedSlashOpens,
            &[("encoded_path", "fail")],
            "`%2F`, no token: 412",
        ),
        (
            Wrong::TrailingSlashOpens,
            &[("encoded_path", "fail")],
            "slash at the end, no token: 412",
        ),
        (Wrong::FirstTokenCounts, &[("two_tokens", "warn")], "200"),
        (Wrong::LargeHeadersFail, &[("large_headers", "fail")], "500"),
        (Wrong::LargeHeadersPass, &[("large_headers", "warn")], "200"),
        (
            Wrong::NoRequestId,
            &[("request_id", "fail")],
            "no such header",
        ),
    ];
    for (wrong, expected, found) in rows {
        check(wrong, expected, found).await;
    }
}

#[tokio::test]
async fn an_authorizer_that_fails() {
    let expected = [
        ("signed_out", "fail"),
        ("bad_token_401", "fail"),
        ("expired_token_401", "fail"),
        ("good_token", "fail"),
        ("forbidden_403", "fail"),
        ("second_route", "fail"),
        ("cors_on_401", "skip"),
        ("cors_on_403", "skip"),
        ("www_authenticate", "skip"),
        ("encoded_path", "fail"),
        ("two_tokens", "fail"),
    ];
    check(Wrong::AuthorizerFails, &expected, "500").await;
}

#[tokio::test]
async fn an_http_api_is_recognised_by_its_header_and_its_403_is_not_a_failure() {
    let expected = [
        ("bad_token_401", "warn"),
        ("expired_token_401", "warn"),
        ("www_authenticate", "warn"),
    ];
    check(Wrong::IsHttpApi, &expected, "403 `Forbidden`").await;
}

#[tokio::test]
async fn a_wrong_stage_is_reported_with_advice() {
    let api = Api::start(Wrong::Nothing);
    let report = report(&api.url.replace("/prod", "/test"), &ALL).await;
    let first = &report["checks"][0];
    assert_eq!(
        first["found"], "403 `Missing Authentication Token`",
        "{report:#}"
    );
    assert!(
        first["advice"].as_str().unwrap().contains("stage"),
        "{report:#}"
    );
}

#[tokio::test]
async fn checks_without_their_token_are_skipped() {
    let api = Api::start(Wrong::Nothing);
    let report = report(&api.url, &[]).await;
    let skipped: Vec<String> = statuses(&report)
        .into_iter()
        .filter(|(_, status)| status == "skip")
        .map(|(id, _)| id)
        .collect();
    assert_eq!(
        skipped,
        [
            "expired_token_401",
            "good_token",
            "forbidden_403",
            "second_route",
            "preflight",
            "cors_on_401",
            "cors_on_403",
            "two_tokens",
        ]
    );
}

#[tokio::test]
async fn tokens_may_be_pasted_with_their_scheme() {
    let api = Api::start(Wrong::Nothing);
    let pasted = ALL.map(|argument| match argument {
        GOOD | WEAK | EXPIRED => format!(" Bearer {argument}\n"),
        _ => argument.to_owned(),
    });
    let report = report(&api.url, &pasted.each_ref().map(String::as_str)).await;
    assert_eq!(report["failed"], 0, "{report:#}");
}

#[tokio::test]
async fn an_api_that_does_not_answer() {
    let url = format!("http://{}/prod", testkit::http::closed_address());
    let report = report(&url, &ALL).await;
    assert_eq!(report["failed"], 1, "{report:#}");
    assert!(
        report["checks"][0]["found"]
            .as_str()
            .unwrap()
            .contains("refused"),
        "{report:#}"
    );
    assert_eq!(statuses(&report).len(), CHECKS.len(), "{report:#}");
}

#[tokio::test]
async fn the_text_report_has_a_table_to_paste() {
    let api = Api::start(Wrong::Nothing);
    let output = smoke(&api.url, &ALL).await;
    let text = String::from_utf8(output.stdout).unwrap();
    for line in [
        "pass  good_token         200",
        "| kind of API, by its headers | REST API |",
        "| headers of 11,000 bytes | 431 |",
        "no problem found",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "no `{line}`: {text}"
        );
    }
    assert!(
        ![GOOD, WEAK, EXPIRED]
            .iter()
            .any(|token| text.contains(token)),
        "{text}"
    );
}

#[tokio::test]
async fn wrong_usage_is_exit_2() {
    for (options, expected) in [
        ("--api http://127.0.0.1:9", "--allowed"),
        ("--api x --allowed 'GET /x' --guarded 'PUT /x'", "--api"),
        (
            "--api http://127.0.0.1:9 --allowed 'GET /x' --guarded 'PUT /x' --token Bearer secret.secret.secret",
            "without `Bearer`",
        ),
        (
            "--api http://127.0.0.1:9 --allowed GET --guarded 'PUT /x'",
            "such as \"GET /session\"",
        ),
        (
            "--api http://127.0.0.1:9 --allowed 'GET x' --guarded 'PUT /x'",
            "such as \"GET /session\"",
        ),
        (
            "--api http://127.0.0.1:9 --allowed 'GET /x' --guarded 'PUT /x#y'",
            "such as \"GET /session\"",
        ),
        (
            "--api http://127.0.0.1:9 --allowed 'GET /x' --guarded 'PUT /x' --origin http://127.0.0.1:8080/",
            "such as http://127.0.0.1:8080",
        ),
        (
            "--api http://127.0.0.1:9 --allowed 'GET /x' --guarded 'PUT /x' --origin null",
            "such as http://127.0.0.1:8080",
        ),
        (
            "--api http://127.0.0.1:9 --allowed 'GET /x' --guarded 'PUT /x' --origin data:x",
            "such as http://127.0.0.1:8080",
        ),
        (
            "--api http://user:secret@127.0.0.1:9 --allowed 'GET /x' --guarded 'PUT /x'",
            "--api: expected a URL without a user name",
        ),
        (
            "--api http://127.0.0.1:9 --allowed 'get /x' --guarded 'PUT /x'",
            "such as \"GET /session\"",
        ),
        (
            "--api http://127.0.0.1:9 --allowed 'GET /x' --guarded 'PUT /x' --expired-token ''",
            "--expired-token: expected one token",
        ),
        (
            "--api http://127.0.0.1:9 --allowed 'GET /x' --guarded 'PUT /x' --weak-token 'DPoP secret.secret.secret'",
            "--weak-token: expected a bearer token",
        ),
        (
            "--api http://127.0.0.1:9 --allowed 'GET /x' --guarded 'PUT /x' --token 'secret.secret.secret x'",
            "--token: expected one token",
        ),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_local"))
            .arg("smoke")
            .args(shlex::split(options).unwrap())
            .output()
            .await
            .unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{options:?}: {error}");
        assert!(
            error.contains(expected) && !error.contains("secret"),
            "{options:?}: {error}"
        );
    }
}
