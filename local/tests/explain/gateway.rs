//! One call for each reason of API Gateway itself.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use super::calls::{HTTP, REST};
use super::signer::{jwk_set, token};
use super::{explained, folder};

/// Reasons that no call of this command has, and why.
const NOT_REACHED: [(&str, &str); 7] = [
    ("unauthorized", "the authorizer's own reason is reported"),
    (
        "authorizer_failed",
        "the authorizer's own reason is reported",
    ),
    ("policy_denies", "the authorizer's own reason is reported"),
    ("throttled", "no call counts"),
    ("filtered", "no web ACL is read"),
    ("integration_timeout", "no function is called"),
    ("integration_failed", "no function is called"),
];

/// A call, and how it ends.
struct Case {
    reason: &'static str,
    template: String,
    call: [&'static str; 2],
    token: Option<String>,
    outcome: &'static str,
    status: Value,
}

fn cases() -> Vec<Case> {
    let good = || Some(token(&json!({})));
    let case = |reason, template: &str, call, token, outcome, status| Case {
        reason,
        template: template.to_owned(),
        call,
        token,
        outcome,
        status,
    };
    let none = || json!(null);
    let cors = REST.replace(
        "      StageName: prod",
        "      StageName: prod\n      Cors: \"'*'\"",
    );
    let open_cors = cors.replace(
        "        DefaultAuthorizer: Required",
        "        DefaultAuthorizer: Required\n        AddDefaultAuthorizerToCorsPreflight: false",
    );
    let validating = REST.replace(
        "Identity: {Header: Authorization}",
        "Identity: {Header: Authorization, ValidationExpression: \"Bearer x+\"}",
    );
    // Another status does not hide the cause.
    let renumbered = |template: &str| {
        template.replace(
            "      StageName: prod",
            "      StageName: prod\n      GatewayResponses: {UNAUTHORIZED: {StatusCode: 403}, AUTHORIZER_CONFIGURATION_ERROR: {StatusCode: 401}}",
        )
    };
    let policy_for_simple = HTTP.replace(
        "          AUDIENCE:",
        "          HTTP_API_RESPONSE: iam\n          AUDIENCE:",
    );
    let items = ["GET", "/items/1"];
    let long = || Some("t".repeat(10_300));
    vec![
        case(
            "no_authorizer",
            REST,
            ["GET", "/open"],
            None,
            "allowed",
            none(),
        ),
        case(
            "preflight",
            &open_cors,
            ["OPTIONS", "/open"],
            None,
            "allowed",
            none(),
        ),
        case(
            "no_route",
            REST,
            ["GET", "/none"],
            good(),
            "no_route",
            json!(403),
        ),
        case(
            "no_route",
            HTTP,
            ["GET", "/none"],
            None,
            "no_route",
            json!(404),
        ),
        case(
            "identity_source_missing",
            REST,
            items,
            None,
            "unauthorized",
            json!(401),
        ),
        case(
            "identity_source_missing",
            &renumbered(REST),
            items,
            None,
            "unauthorized",
            json!(403),
        ),
        case(
            "identity_source_missing",
            &cors,
            ["OPTIONS", "/open"],
            None,
            "unauthorized",
            json!(401),
        ),
        case(
            "identity_source_missing",
            HTTP,
            ["GET", "/a"],
            None,
            "unauthorized",
            json!(401),
        ),
        case(
            "identity_source_missing",
            HTTP,
            ["GET", "/b"],
            None,
            "unauthorized",
            json!(401),
        ),
        case(
            "identity_source_missing",
            &validating,
            items,
            None,
            "unauthorized",
            json!(401),
        ),
        case(
            "identity_source_not_matching",
            &validating,
            items,
            good(),
            "unauthorized",
            json!(401),
        ),
        case(
            "identity_source_not_matching",
            &renumbered(&validating),
            items,
            good(),
            "unauthorized",
            json!(403),
        ),
        case(
            "authorizer_answer_malformed",
            &policy_for_simple,
            ["GET", "/a"],
            good(),
            "failed",
            json!(500),
        ),
        case(
            "jwt_granted",
            HTTP,
            ["GET", "/b"],
            good(),
            "allowed",
            none(),
        ),
        case(
            "jwt_not_valid",
            HTTP,
            ["GET", "/b"],
            Some("x".to_owned()),
            "unauthorized",
            json!(401),
        ),
        // A JWT authorizer takes the scheme `Bearer` only.
        case(
            "jwt_not_valid",
            HTTP,
            ["GET", "/b"],
            good().map(|token| format!("DPoP {token}")),
            "unauthorized",
            json!(401),
        ),
        case(
            "jwt_scope_missing",
            HTTP,
            ["GET", "/b"],
            Some(token(&json!({"scp": []}))),
            "denied",
            json!(403),
        ),
        case(
            "request_not_accepted",
            REST,
            items,
            long(),
            "failed",
            json!(431),
        ),
        case(
            "request_not_accepted",
            REST,
            ["GET", "/open"],
            long(),
            "failed",
            json!(431),
        ),
        case(
            "request_not_accepted",
            HTTP,
            ["GET", "/a"],
            long(),
            "failed",
            json!(431),
        ),
        case(
            "request_not_accepted",
            HTTP,
            ["GET", "/b"],
            long(),
            "failed",
            json!(431),
        ),
        case(
            "request_not_accepted",
            HTTP,
            ["GET", "/none"],
            long(),
            "failed",
            json!(431),
        ),
    ]
}

#[test]
fn every_reason_of_the_gateway_is_explained() {
    let folder = folder("gateway");
    let (keys, template) = (folder.join("keys.json"), folder.join("template.yaml"));
    fs::write(&keys, jwk_set()).unwrap();
    let mut reached: BTreeSet<&str> = NOT_REACHED.iter().map(|(reason, _)| *reason).collect();
    for case in cases() {
        fs::write(&template, &case.template).unwrap();
        let files = [&template, &keys].map(|file| file.display().to_string());
        let [template, keys] = &files;
        let mut arguments = vec![
            "--template",
            template,
            "--jwks",
            keys,
            "--at",
            "2026-01-01T00:10:00Z",
        ];
        arguments.extend(case.call);
        arguments.extend(
            case.token
                .iter()
                .flat_map(|token| ["--token", token.as_str()]),
        );
        let found = explained(&folder, &arguments);
        let summary = json!({
            "reason": found["reason"], "outcome": found["outcome"], "status": found["status"],
            "decidedBy": found["decidedBy"], "advised": found["advice"] != "",
        });
        let expected = json!({
            "reason": case.reason, "outcome": case.outcome, "status": case.status,
            "decidedBy": "gateway", "advised": case.outcome != "allowed",
        });
        assert_eq!(summary, expected, "{:?}: {found:#}", case.call);
        reached.insert(case.reason);
    }
    let documented = include_str!("../../../docs/reasons.md");
    let (_, section) = documented.split_once("\n## Gateway").unwrap();
    let rows = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let documented: BTreeSet<&str> = rows.collect();
    assert_eq!(documented, reached);
}

/// The preflight of a path whose default authorizer guards it, for a caller whom the authorizer allows.
#[test]
fn a_guarded_preflight_is_allowed_by_the_authorizer() {
    let folder = folder("guarded-preflight");
    let (keys, template) = (folder.join("keys.json"), folder.join("template.yaml"));
    fs::write(&keys, jwk_set()).unwrap();
    let cors = REST.replace(
        "      StageName: prod",
        "      StageName: prod\n      Cors: \"'*'\"",
    );
    let rules = cors.replace(
        "{\"methods\": [\"GET\"], \"path\": \"/*\", \"groups\"",
        "{\"methods\": [\"*\"], \"path\": \"/*\", \"groups\"",
    );
    assert_ne!(cors, rules);
    fs::write(&template, rules).unwrap();
    let [template, keys] = [&template, &keys].map(|file| file.display().to_string());
    let token = token(&json!({}));
    let at = ["--at", "2026-01-01T00:10:00Z", "--token", &token];
    let mut arguments = vec![
        "OPTIONS",
        "/items/1",
        "--template",
        &template,
        "--jwks",
        &keys,
    ];
    arguments.extend(at);
    let found = explained(&folder, &arguments);
    let summary = (
        &found["outcome"],
        &found["reason"],
        &found["decidedBy"],
        &found["status"],
    );
    // The path has a method for every verb, and so no preflight of SAM's; `/open` has one.
    assert_eq!(
        summary,
        (
            &json!("allowed"),
            &json!("granted"),
            &json!("authorizer"),
            &json!(null)
        )
    );
    arguments[1] = "/open";
    let found = explained(&folder, &arguments);
    let summary = (
        &found["outcome"],
        &found["reason"],
        &found["decidedBy"],
        &found["status"],
    );
    assert_eq!(
        summary,
        (
            &json!("allowed"),
            &json!("granted"),
            &json!("authorizer"),
            &json!(null)
        )
    );
}
