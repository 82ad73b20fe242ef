//! `cargo local why`, as the command: it reports the right cause for each reason of `docs/reasons.md` that log lines can show.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod forms;

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};
use testkit::reasons::{check_complete, reasons};

const ID: &str = "11111111-0000-4000-8000-000000000001";
const AUTHORIZER: &str = "22222222-0000-4000-8000-000000000002";
const HANDLER: &str = "33333333-0000-4000-8000-000000000003";

/// A line of the access log of a REST API with these members changed.
fn access(changes: &Value) -> Value {
    let mut line = json!({
        "requestId": ID, "requestTime": "01/Jan/2026:00:00:00 +0000", "httpMethod": "PUT", "path": "/prod/state/x",
        "resourcePath": "/state/{id}", "status": "200", "responseType": "-", "errorMessage": "-",
        "authorizeError": "-", "authorizeStatus": "-", "authorizerError": "-", "authorizerStatus": "-",
        "authorizerLatency": "-", "authorizerRequestId": "-", "principalId": "-", "integrationStatus": "-",
        "integrationError": "-", "integrationLatency": "-", "integrationRequestId": "-", "responseLatency": "9",
        "sourceIp": "203.0.113.9", "protocol": "HTTP/1.1",
    });
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            line.as_object_mut().unwrap().remove(name);
        } else {
            line[name] = value.clone();
        }
    }
    line
}

fn decision(decision: &str, reason: &str) -> Value {
    json!({
        "timestamp": "2026-01-01T00:00:00.000Z", "level": "INFO", "message": "decision", "requestId": AUTHORIZER,
        "function": "authorizer", "decision": decision, "reason": reason, "detail": "found x, expected y",
        "cache": "miss", "DurationMs": 1.0,
    })
}

fn handled(status: u16) -> Value {
    json!({
        "timestamp": "2026-01-01T00:00:00.000Z", "level": "INFO", "message": "request", "requestId": HANDLER,
        "apiRequestId": ID, "function": "api-handler", "method": "PUT", "route": "/state/{id}", "status": status,
    })
}

/// Runs the command on lines as `aws logs tail` prints them, among lines of other requests.
fn why(name: &str, id: &str, lines: &[Value]) -> Output {
    let mut text = String::from("START RequestId: x Version: $LATEST\n");
    let other = access(&json!({"requestId": "other", "status": "404"}));
    for line in [&other].into_iter().chain(lines) {
        let _ = writeln!(
            text,
            "2026-01-01T00:00:00.000000+00:00 2026/01/01/[$LATEST]abc {line}"
        );
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("why");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{name}.log"));
    fs::write(&file, text).unwrap();
    Command::new(env!("CARGO_BIN_EXE_local"))
        .args(["why", id, "--json", "--logs"])
        .arg(&file)
        .output()
        .unwrap()
}

fn account(name: &str, id: &str, lines: &[Value]) -> Value {
    let output = why(name, id, lines);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {error}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The component that decided, the status and the reason.
fn cause(account: &Value) -> (String, u64, String) {
    let text = |name: &str| account[name].as_str().unwrap_or("null").to_owned();
    (
        text("decidedBy"),
        account["status"].as_u64().unwrap_or_default(),
        text("reason"),
    )
}

#[test]
fn the_authorizers_reasons() {
    let rows = reasons("authorizer");
    assert!(rows.len() > 45, "{rows:?}");
    for row in &rows {
        let code = row.code.as_str();
        let asked = json!({"authorizerRequestId": AUTHORIZER, "authorizerLatency": "3"});
        let with = |changes: Value| {
            let mut all = asked.clone();
            for (name, value) in changes.as_object().unwrap() {
                all[name] = value.clone();
            }
            access(&all)
        };
        let (verdict, line) = match row.rest.as_str() {
            "–" => (
                "allow",
                with(json!({"status": "201", "integrationStatus": "201", "principalId": "p"})),
            ),
            "403" => (
                "deny",
                with(json!({"status": "403", "responseType": "ACCESS_DENIED", "principalId": "p"})),
            ),
            "401" => (
                "unauthorized",
                with(json!({"status": "401", "responseType": "UNAUTHORIZED"})),
            ),
            _ => (
                "error",
                with(json!({"status": "500", "responseType": "AUTHORIZER_CONFIGURATION_ERROR"})),
            ),
        };
        let status: u64 = line["status"].as_str().unwrap().parse().unwrap();
        let found = account(code, ID, &[line, decision(verdict, code)]);
        let expected = if verdict == "allow" {
            ("handler".to_owned(), status, "answered".to_owned())
        } else {
            ("authorizer".to_owned(), status, code.to_owned())
        };
        assert_eq!(cause(&found), expected, "{code}");
        assert_eq!(
            found["authorizer"],
            json!({"requestId": AUTHORIZER, "cache": "miss"}),
            "{code}"
        );
        let advice = found["advice"].as_str().unwrap();
        if verdict != "allow" {
            assert!(
                advice.starts_with(&row.advice) && advice.contains("found x"),
                "{code}: {advice}"
            );
        }
        // Without the access log, only the reason of an allowed call is known.
        let found = account(code, AUTHORIZER, &[decision(verdict, code)]);
        assert_eq!(found["reason"], code);
    }
}

#[test]
fn the_handlers_statuses() {
    for row in reasons("handler") {
        let code = row.code.as_str();
        let status: u16 = code.parse().unwrap_or(204);
        let line = access(&json!({
            "status": status.to_string(), "integrationStatus": status.to_string(), "integrationRequestId": HANDLER,
            "principalId": "p",
        }));
        let found = account(&format!("handler-{code}"), ID, &[line, handled(status)]);
        assert_eq!(
            cause(&found),
            ("handler".to_owned(), u64::from(status), code.to_owned())
        );
        assert_eq!(
            found["authorizer"],
            json!({"requestId": null, "cache": "hit"}),
            "{code}"
        );
        let advice = row.advice.replace("nothing", "");
        assert_eq!(found["advice"], json!(advice), "{code}");
    }
}

/// Each reason of the gateway with a line that shows it, and the component that decides.
fn by_the_gateway() -> Vec<Case> {
    [
        without_an_answer_of_the_authorizer(),
        after_the_authorizer(),
        by_a_jwt_authorizer(),
        by_limits_and_integrations(),
    ]
    .concat()
}

/// The reason, the component that decides, and the members of the line.
type Case = (&'static str, &'static str, Value);

/// The line of an HTTP API with these members.
fn http(mut changes: Value) -> Value {
    changes["routeKey"] = json!("GET /b");
    for name in ["resourcePath", "authorizeError", "authorizeStatus"] {
        changes[name] = Value::Null;
    }
    changes
}

fn without_an_answer_of_the_authorizer() -> Vec<Case> {
    vec![
        ("preflight", "gateway", json!({"status": "200"})),
        (
            "no_route",
            "gateway",
            json!({"status": "403", "responseType": "MISSING_AUTHENTICATION_TOKEN"}),
        ),
        (
            "no_route",
            "gateway",
            json!({"status": "403", "resourcePath": "-"}),
        ),
        ("no_route", "gateway", http(json!({"status": "404"}))),
        (
            "identity_source_missing",
            "gateway",
            json!({"status": "401", "responseType": "UNAUTHORIZED"}),
        ),
    ]
}

const NOT_PERMITTED: &str = "API Gateway may not invoke the function";

fn after_the_authorizer() -> Vec<Case> {
    vec![
        (
            "unauthorized",
            "authorizer",
            json!({"status": "401", "responseType": "UNAUTHORIZED", "authorizerRequestId": AUTHORIZER}),
        ),
        (
            "policy_denies",
            "cached_policy",
            json!({"status": "403", "responseType": "ACCESS_DENIED", "principalId": "p"}),
        ),
        (
            "policy_denies",
            "cached_policy",
            http(json!({"status": "403", "responseType": "ACCESS_DENIED"})),
        ),
        (
            "policy_denies",
            "authorizer",
            json!({"status": "403", "responseType": "ACCESS_DENIED", "authorizerRequestId": AUTHORIZER}),
        ),
        (
            "authorizer_failed",
            "authorizer",
            json!({"status": "500", "responseType": "AUTHORIZER_FAILURE"}),
        ),
        (
            "authorizer_failed",
            "authorizer",
            http(json!({"status": "500", "authorizerRequestId": AUTHORIZER})),
        ),
        (
            "authorizer_not_permitted",
            "gateway",
            json!({"status": "500", "responseType": "AUTHORIZER_CONFIGURATION_ERROR", "authorizerError": NOT_PERMITTED}),
        ),
        (
            "authorizer_not_permitted",
            "gateway",
            http(json!({"status": "500", "authorizerError": NOT_PERMITTED})),
        ),
    ]
}

fn by_a_jwt_authorizer() -> Vec<Case> {
    vec![
        (
            "jwt_not_valid",
            "gateway",
            http(
                json!({"status": "401", "responseType": "UNAUTHORIZED", "authorizerError": "the token has expired"}),
            ),
        ),
        (
            "jwt_scope_missing",
            "gateway",
            http(
                json!({"status": "403", "responseType": "ACCESS_DENIED", "authorizerError": "scope"}),
            ),
        ),
    ]
}

fn by_limits_and_integrations() -> Vec<Case> {
    vec![
        (
            "request_not_accepted",
            "gateway",
            json!({"status": "413", "responseType": "REQUEST_TOO_LARGE"}),
        ),
        ("request_not_accepted", "gateway", json!({"status": "431"})),
        (
            "throttled",
            "gateway",
            json!({"status": "429", "responseType": "THROTTLED"}),
        ),
        (
            "filtered",
            "gateway",
            json!({"status": "403", "responseType": "WAF_FILTERED"}),
        ),
        (
            "integration_timeout",
            "gateway",
            json!({"status": "504", "responseType": "INTEGRATION_TIMEOUT", "integrationRequestId": HANDLER}),
        ),
        (
            "integration_failed",
            "gateway",
            json!({"status": "502", "responseType": "DEFAULT_5XX", "integrationRequestId": HANDLER}),
        ),
        (
            "integration_failed",
            "gateway",
            http(json!({"status": "500", "integrationRequestId": HANDLER})),
        ),
    ]
}

/// Reasons that no line shows, each with the fact that prevents it.
const EXCUSED: [(&str, &str, &str); 3] = [
    (
        "gateway",
        "no_authorizer",
        "every such call reaches the handler, whose answer is the cause: `answered`, or its status",
    ),
    (
        "gateway",
        "jwt_granted",
        "every such call reaches the handler, whose answer is the cause: `answered`, or its status",
    ),
    (
        "gateway",
        "identity_source_not_matching",
        "API Gateway logs it as a missing identity source, and has no variable for the token; the advice names both",
    ),
];

#[test]
fn every_reason_has_lines_or_cannot_have_any() {
    let by_functions = [reasons("authorizer"), reasons("handler")].concat();
    let by_functions = by_functions
        .iter()
        .map(|row| (row.decided_by.as_str(), row.code.as_str()));
    let by_gateway = by_the_gateway();
    let by_gateway = by_gateway.iter().map(|(code, ..)| ("gateway", *code));
    let malformed = [("gateway", "authorizer_answer_malformed")];
    check_complete(by_functions.chain(by_gateway).chain(malformed), &EXCUSED);
}

#[test]
fn the_gateways_reasons() {
    let cases = by_the_gateway();
    for (place, (reason, by, changes)) in cases.iter().enumerate() {
        let found = account(&format!("gateway-{place}"), ID, &[access(changes)]);
        let status: u64 = changes["status"].as_str().unwrap().parse().unwrap();
        let expected = ((*by).to_owned(), status, (*reason).to_owned());
        assert_eq!(cause(&found), expected, "{changes}");
    }
    let malformed = json!({
        "status": "500", "responseType": "AUTHORIZER_CONFIGURATION_ERROR", "authorizerRequestId": AUTHORIZER,
    });
    let found = account(
        "malformed",
        ID,
        &[access(&malformed), decision("allow", "granted")],
    );
    assert_eq!(found["reason"], "authorizer_answer_malformed");
    // API Gateway logs both in the same way.
    let unidentified = access(&json!({"status": "401", "responseType": "UNAUTHORIZED"}));
    let advice = &account("unidentified", ID, &[unidentified])["advice"];
    let expected = "send `Authorization: Bearer …`; a token that does not match a `ValidationExpression` of the authorizer \
                    is logged in the same way";
    assert_eq!(advice, expected);
}

/// AWS has no variable for the authorizer's status, latency and request id at an HTTP API.
#[test]
fn the_authorizers_line_of_an_http_api_is_found_by_the_id_of_the_request() {
    let line = |status: &str, response_type: &str, error: &str| {
        access(&http(json!({
            "status": status, "responseType": response_type, "authorizerError": error, "authorizerStatus": null,
            "authorizerLatency": null, "authorizerRequestId": null,
        })))
    };
    for (name, line, decided, by, reason) in [
        (
            "denied",
            line("403", "ACCESS_DENIED", "-"),
            "deny",
            "authorizer",
            "route_not_granted",
        ),
        (
            "refused",
            line("403", "ACCESS_DENIED", "-"),
            "unauthorized",
            "authorizer",
            "token_expired",
        ),
        (
            "failed",
            line("500", "AUTHORIZER_FAILURE", "failed"),
            "error",
            "authorizer",
            "keys_unavailable",
        ),
    ] {
        let mut decision = decision(decided, reason);
        decision["apiRequestId"] = json!(ID);
        let account = account(&format!("http-{name}"), ID, &[line, decision]);
        let status = account["status"].as_u64().unwrap();
        assert_eq!(
            cause(&account),
            (by.to_owned(), status, reason.to_owned()),
            "{name}"
        );
        let authorizer = json!({"requestId": AUTHORIZER, "cache": "miss"});
        assert_eq!(account["authorizer"], authorizer, "{name}");
    }
}

#[test]
fn a_request_is_found_by_each_of_its_ids_and_without_an_access_log() {
    let line = access(&json!({
        "status": "201", "integrationStatus": "201", "integrationRequestId": HANDLER, "principalId": "p",
        "authorizerRequestId": AUTHORIZER,
    }));
    let whole = json!({
        "requestId": ID, "status": 201, "decidedBy": "handler", "reason": "answered",
        "route": {"method": "PUT", "path": "/state/{id}"},
        "authorizer": {"requestId": AUTHORIZER, "cache": "miss"}, "advice": "",
    });
    for id in [ID, AUTHORIZER, HANDLER] {
        let found = account(
            "whole",
            id,
            &[line.clone(), decision("allow", "granted"), handled(201)],
        );
        assert_eq!(found, whole, "{id}");
    }
    let functions = account("functions", ID, &[handled(201)]);
    let mut expected = whole;
    expected["authorizer"] = json!({"requestId": null, "cache": null});
    assert_eq!(functions, expected);
    let only = |verdict: &str, reason: &str| {
        let mut line = decision(verdict, reason);
        line["apiRequestId"] = ID.into();
        let found = account(verdict, ID, &[line]);
        (
            found["decidedBy"].clone(),
            found["status"].clone(),
            found["reason"].clone(),
        )
    };
    let authorizer = json!("authorizer");
    assert_eq!(
        only("deny", "no_rule_met"),
        (authorizer.clone(), json!(403), json!("no_rule_met"))
    );
    assert_eq!(
        only("error", "keys_unavailable"),
        (authorizer.clone(), json!(500), json!("keys_unavailable"))
    );
    assert_eq!(
        only("unauthorized", "token_expired"),
        (authorizer, Value::Null, json!("token_expired"))
    );
    assert_eq!(
        only("allow", "granted"),
        (Value::Null, Value::Null, json!("granted"))
    );
}

#[test]
fn an_unknown_id_is_an_error() {
    let output = why("unknown", "nowhere", &[handled(200)]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        error.contains("no line belongs to the request nowhere"),
        "{error}"
    );
    let output = why("dash", "-", &[]);
    assert_eq!(output.status.code(), Some(1), "an unknown id fails");
}
