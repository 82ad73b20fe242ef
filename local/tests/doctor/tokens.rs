//! Tokens with one fault: the check for that fault fails, and only the checks that depend on it are skipped.

use std::fs::File;
use std::process::Stdio;

use serde_json::{Value, json};
use testkit::json::changed;
use testkit::signer::{self, Signer, mint_text};
use time::OffsetDateTime;
use tokio::process::Command;

use crate::issuer::{CLIENT_ID, Issuer, Page};
use crate::run::{all_options, check, doctor, report};

pub(crate) const TOKEN_CHECKS: [&str; 10] = [
    "token_form",
    "token_kind",
    "token_issuer",
    "token_key",
    "token_signature",
    "token_times",
    "token_audience",
    "token_client",
    "token_scopes",
    "token_groups",
];

pub(crate) fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

/// The claims of an Okta access token.
pub(crate) fn claims(issuer: &str) -> Value {
    json!({
        "ver": 1, "jti": "AT.1", "iss": issuer, "aud": "api://default", "iat": now() - 10, "exp": now() + 3590,
        "cid": CLIENT_ID, "uid": "00u1", "scp": ["openid", "state:read"], "auth_time": now() - 10,
        "sub": "joe@example.com", "groups": ["Everyone", "Admins"],
    })
}

pub(crate) fn header() -> Value {
    json!({"alg": "RS256", "kid": "k1"})
}

/// A token of the issuer.
pub(crate) fn mint(header: &Value, claims: &Value) -> String {
    signer::mint(header, claims, Signer::rsa())
}

/// Checks that all checks of the token pass, except those in `expected`. The first of these has this finding and advice.
async fn judge(
    name: &str,
    issuer: &Issuer,
    token: &str,
    expected: &[(&str, &str)],
    found: &str,
    advice: &str,
) {
    let options = [
        all_options(&issuer.url),
        vec!["--token".to_owned(), token.to_owned()],
    ]
    .concat();
    let report = report(&options).await;
    let status = |id: &str| {
        let listed = expected.iter().find(|(listed, _)| *listed == id);
        listed.map_or("pass", |(_, status)| *status)
    };
    let wanted: Vec<(&str, &str)> = TOKEN_CHECKS.iter().map(|id| (*id, status(id))).collect();
    let seen: Vec<(&str, &str)> = TOKEN_CHECKS
        .iter()
        .map(|id| (*id, check(&report, id)["status"].as_str().unwrap()))
        .collect();
    assert_eq!(seen, wanted, "{name}: {report:#}");
    if let Some((id, _)) = expected.first() {
        let check = check(&report, id);
        for (member, part) in [("found", found), ("advice", advice)] {
            let text = check[member].as_str().unwrap();
            assert!(
                text.contains(part),
                "{name}: {member} lacks `{part}`: {check:#}"
            );
        }
    }
    assert!(
        !report.to_string().contains(token),
        "{name}: the token is in {report:#}"
    );
}

/// The checks that are skipped for a token that cannot be parsed.
fn unreadable() -> Vec<(&'static str, &'static str)> {
    let mut expected = vec![("token_form", "fail")];
    expected.extend(TOKEN_CHECKS.iter().skip(1).map(|id| (*id, "skip")));
    expected
}

#[tokio::test]
async fn a_good_token_passes_and_its_claims_are_shown() {
    let issuer = Issuer::start(|_| {});
    let token = mint(&header(), &claims(&issuer.url));
    judge("good", &issuer, &token, &[], "", "").await;

    for (name, pasted) in [
        ("with the scheme", format!("Bearer {token}")),
        ("with blanks", format!(" {token}\n")),
    ] {
        judge(name, &issuer, &pasted, &[], "", "").await;
    }

    let options = [
        all_options(&issuer.url),
        vec!["--token".to_owned(), token.clone()],
    ]
    .concat();
    let output = doctor(&options).await;
    let text = String::from_utf8(output.stdout).unwrap();
    for line in [
        "pass  token_kind         an access token",
        &format!("pass  token_issuer       \"{}\"", issuer.url),
        "pass  token_key          `alg` \"RS256\", `kid` \"k1\"",
        "pass  token_signature    by that key",
        "pass  token_audience     \"api://default\"",
        "pass  token_client       `0oa1testclient`",
        "pass  token_scopes       openid, state:read",
        "pass  token_groups       Everyone, Admins",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "no `{line}`: {text}"
        );
    }
    assert!(!text.contains(&token), "{text}");
}

#[tokio::test]
async fn tokens_that_cannot_be_read() {
    let issuer = Issuer::start(|_| {});
    let good = mint(&header(), &claims(&issuer.url));
    let parts: Vec<&str> = good.split('.').collect();
    let with_duplicate = claims(&issuer.url)
        .to_string()
        .replace("\"ver\":1", "\"ver\":1,\"ver\":1");
    for (name, token, found) in [
        (
            "opaque",
            "00opaque-token".to_owned(),
            "an opaque token of 14 bytes, not a JWT",
        ),
        (
            "encrypted",
            "a.b.c.d.e".to_owned(),
            "an encrypted token (JWE)",
        ),
        (
            "two parts",
            format!("{}.{}", parts[0], parts[1]),
            "not three parts",
        ),
        (
            "padding",
            format!("{}=.{}.{}", parts[0], parts[1], parts[2]),
            "base64url",
        ),
        (
            "no JSON header",
            format!("bm8.{}.{}", parts[1], parts[2]),
            "the header is not a JSON object",
        ),
        (
            "no JSON payload",
            format!("{}.W10.{}", parts[0], parts[2]),
            "the payload is not a JSON object",
        ),
        (
            "a repeated member",
            mint_text(&header().to_string(), &with_duplicate, Signer::rsa()),
            "repeated member",
        ),
        (
            "a number out of range",
            mint_text(&header().to_string(), "{\"exp\":1e400}", Signer::rsa()),
            "out of range",
        ),
        (
            "too long",
            mint(
                &header(),
                &changed(claims(&issuer.url), &json!({"x": "x".repeat(9000)})),
            ),
            " bytes",
        ),
        (
            "two tokens",
            format!("{good},{good}"),
            "more than one credential",
        ),
    ] {
        judge(name, &issuer, &token, &unreadable(), found, "").await;
    }
}

/// A change to the claims of a good token, the checks that then fail, the finding and the advice.
type WrongClaim<'a> = (
    &'a str,
    Value,
    Vec<(&'static str, &'static str)>,
    &'a str,
    &'a str,
);

async fn judge_claims(issuer: &Issuer, rows: &[WrongClaim<'_>]) {
    for (name, changes, expected, found, advice) in rows {
        let token = mint(&header(), &changed(claims(&issuer.url), changes));
        judge(name, issuer, &token, expected, found, advice).await;
    }
}

fn one(id: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![(id, "fail")]
}

#[tokio::test]
async fn tokens_of_a_wrong_form_or_kind() {
    let issuer = Issuer::start(|_| {});
    judge_claims(
        &issuer,
        &[
            (
                "no subject",
                json!({"sub": null}),
                one("token_form"),
                "no subject",
                "RFC 9068",
            ),
            (
                "a uid that is no string",
                json!({"uid": 5}),
                one("token_form"),
                "",
                "RFC 9068",
            ),
            (
                "an ID token",
                json!({"nonce": "n"}),
                one("token_kind"),
                "an ID token",
                "`access_token`",
            ),
            (
                "an ID token by its jti",
                json!({"jti": "ID.1"}),
                one("token_kind"),
                "an ID token",
                "`access_token`",
            ),
            (
                "a binding to something that is no thumbprint",
                json!({"cnf": {"jkt": "x"}}),
                one("token_kind"),
                r#"not bound to one key (`cnf` {"jkt":"x"})"#,
                "43 characters",
            ),
            (
                "a binding to no key",
                json!({"cnf": {}}),
                one("token_kind"),
                "not bound to one key (`cnf` {})",
                "`jkt` only",
            ),
            (
                "a binding to a key and to a certificate",
                json!({"cnf": {"jkt": THUMBPRINT, "x5t#S256": "x"}}),
                one("token_kind"),
                "not bound to one key",
                "certificate is not supported",
            ),
        ],
    )
    .await;
}

/// The `jkt` of RFC 9449, section 6.1.
const THUMBPRINT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

#[tokio::test]
async fn a_bound_token_is_checked_as_a_bound_token() {
    let issuer = Issuer::start(|_| {});
    let bound = changed(claims(&issuer.url), &json!({"cnf": {"jkt": THUMBPRINT}}));
    let token = mint(&header(), &bound);
    judge("bound", &issuer, &token, &[], "", "").await;

    let options = [
        all_options(&issuer.url),
        vec!["--token".to_owned(), format!("DPoP {token}")],
    ]
    .concat();
    let kind = check(&report(&options).await, "token_kind").clone();
    let found = kind["found"].as_str().unwrap();
    assert!(
        found.contains(THUMBPRINT) && found.contains("DPoP"),
        "{found}"
    );
    let text = String::from_utf8(doctor(&options).await.stdout).unwrap();
    let closing: Vec<&str> = text.lines().rev().take(2).collect();
    assert!(closing[0].ends_with(" DPOP=accept"), "{text}");
    assert!(closing[1].ends_with(" --parameter Dpop=accept"), "{text}");
}

#[tokio::test]
async fn tokens_of_another_issuer() {
    let issuer = Issuer::start(|_| {});
    let url = &issuer.url;
    let origin = url.strip_suffix("/oauth2/default").unwrap();
    let of_another = [
        ("token_issuer", "fail"),
        ("token_key", "skip"),
        ("token_signature", "skip"),
    ];
    judge_claims(
        &issuer,
        &[
            (
                "no issuer",
                json!({"iss": null}),
                of_another.to_vec(),
                "missing",
                "ISSUER",
            ),
            (
                "another issuer",
                json!({"iss": "https://evil.example"}),
                of_another.to_vec(),
                "evil.example",
                "ISSUER",
            ),
            (
                "a slash at the end",
                json!({"iss": format!("{url}/")}),
                of_another.to_vec(),
                "/oauth2/default/",
                "slash",
            ),
            (
                "an org server's token",
                json!({"iss": origin}),
                of_another.to_vec(),
                "Okta's org authorization server",
                "custom server",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn tokens_with_wrong_times() {
    let issuer = Issuer::start(|_| {});
    judge_claims(
        &issuer,
        &[
            (
                "no expiry",
                json!({"exp": null}),
                one("token_times"),
                "no expiry time",
                "seconds",
            ),
            (
                "expired",
                json!({"exp": now() - 7200}),
                one("token_times"),
                "expired 72",
                "fresh token",
            ),
            (
                "not yet valid",
                json!({"nbf": now() + 600}),
                one("token_times"),
                "not valid for",
                "clock",
            ),
            (
                "issued in the future",
                json!({"iat": now() + 600}),
                one("token_times"),
                "in the future",
                "clock",
            ),
            (
                "exp in milliseconds",
                json!({"exp": (now() + 60) * 1000}),
                one("token_times"),
                "`exp` is in milliseconds",
                "seconds",
            ),
            (
                "all times in milliseconds",
                json!({"exp": (now() + 60) * 1000, "iat": now() * 1000}),
                one("token_times"),
                "`iat` is in milliseconds",
                "seconds",
            ),
            (
                "a string for exp",
                json!({"exp": "soon"}),
                one("token_times"),
                "not a number",
                "numbers of seconds",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn tokens_for_another_audience_or_client_or_without_a_scope() {
    let issuer = Issuer::start(|_| {});
    judge_claims(
        &issuer,
        &[
            (
                "no audience",
                json!({"aud": null}),
                one("token_audience"),
                "no audience: missing",
                "AUDIENCE",
            ),
            (
                "an empty audience",
                json!({"aud": []}),
                one("token_audience"),
                "no audience",
                "AUDIENCE",
            ),
            (
                "another audience",
                json!({"aud": "api://other"}),
                one("token_audience"),
                "api://other",
                "AUDIENCE",
            ),
            (
                "an audience of the wrong type",
                json!({"aud": 5}),
                one("token_audience"),
                "5",
                "AUDIENCE",
            ),
            (
                "another client",
                json!({"cid": "0oaOther"}),
                one("token_client"),
                "`0oaOther`",
                "CLIENT_IDS",
            ),
            (
                "no client",
                json!({"cid": null}),
                one("token_client"),
                "none",
                "CLIENT_IDS",
            ),
            (
                "a scope missing",
                json!({"scp": ["openid"]}),
                one("token_scopes"),
                "missing: state:read",
                "access policy",
            ),
            (
                "no scopes",
                json!({"scp": null}),
                one("token_scopes"),
                "missing: state:read",
                "access policy",
            ),
            (
                "no groups",
                json!({"groups": null}),
                vec![("token_groups", "warn")],
                "no claim",
                "Claims",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn tokens_with_a_wrong_header_or_signature() {
    let issuer = Issuer::start(|_| {});
    let no_key = vec![("token_key", "fail"), ("token_signature", "skip")];
    for (name, changes, expected, found, advice) in [
        (
            "HMAC",
            json!({"alg": "HS256"}),
            no_key.clone(),
            "\"HS256\"",
            "HMAC",
        ),
        (
            "none",
            json!({"alg": "none"}),
            no_key.clone(),
            "\"none\"",
            "never",
        ),
        (
            "an algorithm that is not allowed",
            json!({"alg": "RS512"}),
            no_key.clone(),
            "\"RS512\"",
            "ALGORITHMS",
        ),
        (
            "no key id",
            json!({"kid": null}),
            no_key.clone(),
            "`kid` missing",
            "`keys`",
        ),
        (
            "a key id that is too long",
            json!({"kid": "k".repeat(300)}),
            no_key.clone(),
            "300 bytes",
            "`keys`",
        ),
        (
            "an unknown key",
            json!({"kid": "k9"}),
            no_key.clone(),
            "`kid` \"k9\"",
            "rotated",
        ),
        (
            "crit",
            json!({"crit": ["exp"]}),
            vec![("token_form", "fail")],
            "critical",
            "RFC 9068",
        ),
        (
            "b64",
            json!({"b64": false}),
            vec![("token_form", "fail")],
            "unencoded",
            "RFC 9068",
        ),
        (
            "another type",
            json!({"typ": "dpop+jwt"}),
            vec![("token_kind", "fail")],
            "dpop+jwt",
            "access token",
        ),
        (
            "the type of an org server",
            json!({"typ": "application/okta-internal-at+jwt"}),
            vec![("token_kind", "fail")],
            "an access token of an Okta org server",
            "custom",
        ),
    ] {
        let token = mint(&changed(header(), &changes), &claims(&issuer.url));
        judge(name, &issuer, &token, &expected, found, advice).await;
    }
    let forged = signer::mint(&header(), &claims(&issuer.url), Signer::other_rsa());
    let wrong = [("token_signature", "fail")];
    judge(
        "forged",
        &issuer,
        &forged,
        &wrong,
        "wrong signature",
        "forged",
    )
    .await;
}

#[tokio::test]
async fn without_keys_every_other_check_runs() {
    let issuer = Issuer::start(|script| script.keys = Page::html(200, "<html>"));
    let token = mint(&header(), &claims(&issuer.url));
    let skipped = [("token_key", "skip"), ("token_signature", "skip")];
    judge(
        "no keys",
        &issuer,
        &token,
        &skipped,
        "",
        "needs `keys` to pass",
    )
    .await;
}

#[tokio::test]
async fn with_a_wrong_issuer_url_the_token_is_checked_without_it() {
    let token = mint(&header(), &claims("https://dev-1.okta.com/oauth2/default"));
    let issuer = Issuer {
        url: "https://dev-1.okta.com/oauth2/default/".to_owned(),
    };
    let skipped = [
        ("token_issuer", "skip"),
        ("token_key", "skip"),
        ("token_signature", "skip"),
    ];
    judge(
        "a slash",
        &issuer,
        &token,
        &skipped,
        "",
        "needs `issuer_form` to pass",
    )
    .await;
}

#[tokio::test]
async fn checks_without_an_option_are_skipped_and_show_the_values_of_the_token() {
    let issuer = Issuer::start(|_| {});
    let token = mint(&header(), &claims(&issuer.url));
    let options = ["--issuer", &issuer.url, "--token", &token].map(str::to_owned);
    let report = report(&options).await;
    for (id, advice) in [
        (
            "token_audience",
            "needs --audience; the token has \"api://default\"",
        ),
        (
            "token_client",
            "needs --client-id; the token has `0oa1testclient`",
        ),
        (
            "token_scopes",
            "needs --scope; the token has openid, state:read",
        ),
    ] {
        let check = check(&report, id);
        assert_eq!(
            (&check["status"], &check["advice"]),
            (&json!("skip"), &json!(advice))
        );
    }
    assert_eq!(check(&report, "token_signature")["status"], "pass");
}

#[tokio::test]
async fn a_token_from_standard_input() {
    let issuer = Issuer::start(|_| {});
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("token.txt");
    std::fs::write(&file, mint(&header(), &claims(&issuer.url)) + "\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_local"))
        .args(["doctor", "--issuer", &issuer.url, "--token", "-", "--json"])
        .stdin(Stdio::from(File::open(&file).unwrap()))
        .output()
        .await
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        check(&report, "token_signature")["status"],
        "pass",
        "{report:#}"
    );
}
