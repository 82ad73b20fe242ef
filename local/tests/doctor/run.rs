//! Runs the command and compares its whole verdict.

use std::process::{Output, Stdio};

use serde_json::Value;
use tokio::process::Command;

use crate::issuer::{CLIENT_ID, Issuer, ORIGIN, REDIRECT_URI};

/// The checks that need neither a token nor a user, in order.
pub(crate) const ISSUER_CHECKS: [&str; 12] = [
    "issuer_form",
    "issuer_server",
    "metadata",
    "metadata_issuer",
    "keys",
    "clock",
    "pkce",
    "public_client",
    "scopes",
    "client",
    "client_type",
    "cors",
];

/// The options with which every check of the issuer runs.
pub(crate) fn all_options(issuer: &str) -> Vec<String> {
    let options = [
        "--issuer",
        issuer,
        "--audience",
        "api://default",
        "--client-id",
        CLIENT_ID,
        "--redirect-uri",
        REDIRECT_URI,
        "--web-origin",
        ORIGIN,
        "--scope",
        "openid state:read",
    ];
    options.map(str::to_owned).to_vec()
}

pub(crate) async fn doctor(options: &[String]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_local"))
        .arg("doctor")
        .args(options)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap()
}

/// The JSON report. The exit status must fit it.
pub(crate) async fn report(options: &[String]) -> Value {
    let output = doctor(&[options, &["--json".to_owned()]].concat()).await;
    let text = String::from_utf8(output.stdout).unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    let report: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}{error}"));
    let failed = report["failed"].as_u64().unwrap();
    let checks = report["checks"].as_array().unwrap();
    let fails = checks
        .iter()
        .filter(|check| check["status"] == "fail")
        .count();
    assert_eq!(u64::try_from(fails).unwrap(), failed, "{report:#}");
    assert_eq!(
        output.status.code(),
        Some(i32::from(failed > 0)),
        "{report:#}"
    );
    report
}

pub(crate) fn check<'r>(report: &'r Value, id: &str) -> &'r Value {
    let checks = report["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["id"] == id);
    check.unwrap_or_else(|| panic!("no check {id}: {report:#}"))
}

/// Checks that all checks of the issuer pass, except those in `expected`, which have another status. The first of these
/// has `found` in its finding and `advice` in its advice.
#[track_caller]
pub(crate) fn assert_verdict(
    name: &str,
    report: &Value,
    expected: &[(&str, &str)],
    found: &str,
    advice: &str,
) {
    let status = |id: &str| {
        let listed = expected.iter().find(|(listed, _)| *listed == id);
        listed.map_or("pass", |(_, status)| *status)
    };
    let wanted: Vec<(&str, &str)> = ISSUER_CHECKS.iter().map(|id| (*id, status(id))).collect();
    let seen: Vec<(&str, &str)> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| {
            (
                check["id"].as_str().unwrap(),
                check["status"].as_str().unwrap(),
            )
        })
        .take(ISSUER_CHECKS.len())
        .collect();
    assert_eq!(seen, wanted, "{name}: {report:#}");
    if let Some((id, _)) = expected.first() {
        let check = check(report, id);
        for (member, part) in [("found", found), ("advice", advice)] {
            let text = check[member].as_str().unwrap();
            assert!(
                text.contains(part),
                "{name}: {member} lacks `{part}`: {check:#}"
            );
        }
    }
}

/// Starts an issuer and compares the verdict.
pub(crate) async fn judge(
    name: &str,
    issuer: &Issuer,
    expected: &[(&str, &str)],
    found: &str,
    advice: &str,
) {
    let report = report(&all_options(&issuer.url)).await;
    assert_verdict(name, &report, expected, found, advice);
}
