//! One call for each reason of API Gateway itself.

use serde_json::{Value, json};

use super::Setup;

use super::calls::{HTTP, REST};
use super::signer::{jwk_set, token};

pub(super) struct Case {
    pub(super) reason: &'static str,
    template: String,
    call: [&'static str; 2],
    token: Option<String>,
    outcome: &'static str,
    status: Value,
}

const ITEMS: [&str; 2] = ["GET", "/items/1"];

fn case(
    reason: &'static str,
    template: &str,
    call: [&'static str; 2],
    token: Option<String>,
    outcome: &'static str,
    status: Value,
) -> Case {
    Case {
        reason,
        template: template.to_owned(),
        call,
        token,
        outcome,
        status,
    }
}

fn good() -> Option<String> {
    Some(token(&json!({})))
}

fn with_cors() -> String {
    REST.replace(
        "      StageName: prod",
        "      StageName: prod\n      Cors: \"'*'\"",
    )
}

fn open_cors() -> String {
    with_cors().replace(
        "        DefaultAuthorizer: Required",
        "        DefaultAuthorizer: Required\n        AddDefaultAuthorizerToCorsPreflight: false",
    )
}

fn validating() -> String {
    REST.replace(
        "Identity: {Header: Authorization}",
        "Identity: {Header: Authorization, ValidationExpression: \"Bearer x+\"}",
    )
}

/// Another status does not hide the cause.
fn renumbered(template: &str) -> String {
    template.replace(
        "      StageName: prod",
        "      StageName: prod\n      GatewayResponses: {UNAUTHORIZED: {StatusCode: 403}, AUTHORIZER_CONFIGURATION_ERROR: {StatusCode: 401}}",
    )
}

fn policy_for_simple() -> String {
    HTTP.replace(
        "          AUDIENCE:",
        "          HTTP_API_RESPONSE: iam\n          AUDIENCE:",
    )
}

/// API Gateway may not invoke the authorizer.
fn without_permission() -> Vec<Case> {
    let rest = REST.replace(
        "FunctionPayloadType: TOKEN,",
        "FunctionPayloadType: TOKEN, DisableFunctionDefaultPermissions: true,",
    );
    let http = HTTP.replace("            EnableFunctionDefaultPermissions: true\n", "");
    let other_function = http.replacen("Binary: authorizer", "Binary: other", 1);
    let calls = [
        (rest, ITEMS),
        (http, ["GET", "/a"]),
        (other_function, ["GET", "/a"]),
    ];
    let failed = |(template, call): (String, _)| {
        let reason = "authorizer_not_permitted";
        case(reason, &template, call, good(), "failed", json!(500))
    };
    calls.map(failed).into()
}

pub(super) fn cases() -> Vec<Case> {
    let mut all = routes();
    all.extend(without_permission());
    all.extend(identity_sources());
    all.extend(authorizers_of_an_http_api());
    all.extend(headers_that_are_too_long());
    all
}

fn routes() -> Vec<Case> {
    vec![
        case(
            "no_authorizer",
            REST,
            ["GET", "/open"],
            None,
            "allowed",
            json!(null),
        ),
        case(
            "preflight",
            &open_cors(),
            ["OPTIONS", "/open"],
            None,
            "allowed",
            json!(null),
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
    ]
}

fn identity_sources() -> Vec<Case> {
    vec![
        case(
            "identity_source_missing",
            REST,
            ITEMS,
            None,
            "unauthorized",
            json!(401),
        ),
        case(
            "identity_source_missing",
            &renumbered(REST),
            ITEMS,
            None,
            "unauthorized",
            json!(403),
        ),
        case(
            "identity_source_missing",
            &with_cors(),
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
            &validating(),
            ITEMS,
            None,
            "unauthorized",
            json!(401),
        ),
        case(
            "identity_source_not_matching",
            &validating(),
            ITEMS,
            good(),
            "unauthorized",
            json!(401),
        ),
        case(
            "identity_source_not_matching",
            &renumbered(&validating()),
            ITEMS,
            good(),
            "unauthorized",
            json!(403),
        ),
    ]
}

fn authorizers_of_an_http_api() -> Vec<Case> {
    vec![
        case(
            "authorizer_answer_malformed",
            &policy_for_simple(),
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
            json!(null),
        ),
        case(
            "jwt_not_valid",
            HTTP,
            ["GET", "/b"],
            Some("x".to_owned()),
            "unauthorized",
            json!(401),
        ),
        // A JWT authorizer accepts only the scheme `Bearer`.
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
    ]
}

fn headers_that_are_too_long() -> Vec<Case> {
    let calls = [
        (REST, ITEMS),
        (REST, ["GET", "/open"]),
        (HTTP, ["GET", "/a"]),
        (HTTP, ["GET", "/b"]),
        (HTTP, ["GET", "/none"]),
    ];
    let long = || Some("t".repeat(10_300));
    let refused = |(template, call)| {
        let status = json!(431);
        case(
            "request_not_accepted",
            template,
            call,
            long(),
            "failed",
            status,
        )
    };
    calls.map(refused).into()
}

#[test]
fn every_reason_of_the_gateway_is_explained() {
    for case in cases() {
        let setup = Setup::new("gateway", &case.template, Some(&jwk_set()));
        let mut arguments = case.call.to_vec();
        arguments.extend(case.token.iter().flat_map(|token| ["--token", token]));
        let found = setup.explained(&arguments);
        let summary = json!({
            "reason": found["reason"], "outcome": found["outcome"], "status": found["status"],
            "decidedBy": found["decidedBy"], "advised": found["advice"] != "",
        });
        let expected = json!({
            "reason": case.reason, "outcome": case.outcome, "status": case.status,
            "decidedBy": "gateway", "advised": case.outcome != "allowed",
        });
        assert_eq!(summary, expected, "{:?}: {found:#}", case.call);
    }
}

/// The preflight of a path whose default authorizer guards it, for a caller whom the authorizer allows.
#[test]
fn a_guarded_preflight_is_allowed_by_the_authorizer() {
    let cors = with_cors();
    let rules = cors.replace(
        "{\"methods\": [\"GET\"], \"path\": \"/*\", \"groups\"",
        "{\"methods\": [\"*\"], \"path\": \"/*\", \"groups\"",
    );
    assert_ne!(cors, rules);
    let setup = Setup::new("guarded-preflight", &rules, Some(&jwk_set()));
    let token = token(&json!({}));
    // The first path has a method for every verb, so SAM adds no preflight; `/open` has one.
    for path in ["/items/1", "/open"] {
        let found = setup.explained(&["OPTIONS", path, "--token", &token]);
        let summary = ["outcome", "reason", "decidedBy", "status"].map(|name| &found[name]);
        let expected = json!(["allowed", "granted", "authorizer", null]);
        assert_eq!(json!(summary), expected, "{path}");
    }
}
