//! One call for each reason.

use std::fs;

use serde_json::{Value, json};
use testkit::http::{LoopbackServer, Reply};
use testkit::reasons::{check_complete, reasons};

use super::signer::{HEADER, claims_but, jwk_set, signed, token};
use super::whole::{CACHED_REQUEST, REQUEST, Whole, check, template};
use super::{Setup, folder, gateway, introspection, proof};

/// Reasons that this command never reports, each with the fact that prevents it.
const EXCUSED: [(&str, &str, &str); 9] = [
    (
        "authorizer",
        "token_too_long",
        "API Gateway limits the headers of a request to 10,240 bytes together, so it refuses a longer token itself",
    ),
    (
        "authorizer",
        "dpop_memory_full",
        "65,536 other proofs have to be accepted before, and one call has one proof",
    ),
    (
        "gateway",
        "unauthorized",
        "only the access log lacks the authorizer's reason, which this command has",
    ),
    (
        "gateway",
        "authorizer_failed",
        "only the access log lacks the authorizer's reason, which this command has",
    ),
    (
        "gateway",
        "policy_denies",
        "only the access log lacks the authorizer's reason, which this command has",
    ),
    (
        "gateway",
        "throttled",
        "it depends on how many calls the stage, the account and the API key have had in that second",
    ),
    (
        "gateway",
        "filtered",
        "AWS WAF decides by a web ACL, which the template of an API does not have",
    ),
    (
        "gateway",
        "integration_timeout",
        "it depends on the time that the handler takes for one call, and the decision about access is made before",
    ),
    (
        "gateway",
        "integration_failed",
        "it depends on the answer of the handler to one call, and the decision about access is made before",
    ),
];

/// Reasons with a test of their own.
const TESTED_APART: [(&str, &str); 3] = [
    ("dpop_proof_replayed", "a_proof_is_accepted_once"),
    ("keys_unavailable", "without_keys_the_authorizer_fails"),
    ("granted_to_anyone", "an_anonymous_caller_can_be_allowed"),
];

/// Each reason with a token, and the settings that differ.
fn cases() -> Vec<Case> {
    let mut all = rules();
    all.extend(forms());
    all.extend(headers());
    all.extend(keys());
    all.extend(claims());
    all.extend(clients_and_kinds_of_token());
    all
}

type Case = (&'static str, Option<String>, Value);

fn plain(reason: &'static str, changes: &Value) -> Case {
    set(reason, changes, json!({}))
}

fn set(reason: &'static str, changes: &Value, settings: Value) -> Case {
    (reason, Some(token(changes)), settings)
}

fn text(reason: &'static str, text: &str) -> Case {
    (reason, Some(text.to_owned()), json!({}))
}

fn header(reason: &'static str, header: &str) -> Case {
    text(reason, &signed(header, &claims_but(&json!({}))))
}

fn key(reason: &'static str, kid: &str) -> Case {
    header(reason, &format!(r#"{{"alg": "RS256", "kid": "{kid}"}}"#))
}

fn rules() -> Vec<Case> {
    vec![
        plain("granted", &json!({})),
        plain("no_rule_met", &json!({"scp": ["other"]})),
        set(
            "route_not_granted",
            &json!({"scp": ["other"], "groups": ["Admins"]}),
            json!({}),
        ),
    ]
}

/// The token as a string, and the JSON in it.
fn forms() -> Vec<Case> {
    let good = token(&json!({}));
    let (first, _) = good.split_once('.').unwrap();
    vec![
        ("no_token", None, json!({})),
        text("malformed_bearer", "a%b"),
        text("several_tokens", "a,b"),
        text("not_three_parts", "opaque"),
        text("not_base64url", &format!("{first}=.e30.AAAA")),
        header("header_not_json_object", "[]"),
        (
            "payload_not_json_object",
            Some(signed(HEADER, "[]")),
            json!({}),
        ),
        (
            "repeated_member",
            Some(signed(HEADER, r#"{"a": 1, "a": 1}"#)),
            json!({}),
        ),
        (
            "number_out_of_range",
            Some(signed(HEADER, r#"{"exp": 1e999}"#)),
            json!({}),
        ),
    ]
}

fn headers() -> Vec<Case> {
    vec![
        header("algorithm_not_allowed", r#"{"alg": "none", "kid": "good"}"#),
        header(
            "critical_extension",
            r#"{"alg": "RS256", "kid": "good", "crit": ["x"]}"#,
        ),
        header(
            "unencoded_payload",
            r#"{"alg": "RS256", "kid": "good", "b64": true}"#,
        ),
        header(
            "type_not_allowed",
            r#"{"alg": "RS256", "kid": "good", "typ": "logout+jwt"}"#,
        ),
        header("key_id_missing", r#"{"alg": "RS256"}"#),
        key("key_id_too_long", &"k".repeat(257)),
    ]
}

/// The issuer, its keys and the signature.
fn keys() -> Vec<Case> {
    let good = token(&json!({}));
    let (body, _) = good.rsplit_once('.').unwrap();
    vec![
        plain(
            "issuer_not_trusted",
            &json!({"iss": "https://other.example"}),
        ),
        plain(
            "org_server_token",
            &json!({"iss": "https://example.okta.com"}),
        ),
        key("key_unknown", "unpublished"),
        key("key_not_for_signatures", "encryption"),
        key("key_symmetric", "symmetric"),
        key("key_private", "private"),
        key("key_rsa_too_small", "small"),
        key("key_unsupported", "unsupported"),
        key("key_malformed", "malformed"),
        key("algorithm_not_for_key", "elliptic"),
        text("wrong_signature", &format!("{body}.AAAA")),
    ]
}

fn claims() -> Vec<Case> {
    vec![
        plain("expiry_missing", &json!({"exp": null})),
        plain("time_malformed", &json!({"exp": "soon"})),
        plain("token_expired", &json!({"exp": 1_767_225_000})),
        plain("token_not_yet_valid", &json!({"nbf": 1_767_229_000})),
        plain("issued_in_future", &json!({"iat": 1_767_225_600_000_u64})),
        plain("audience_missing", &json!({"aud": null})),
        plain("audience_malformed", &json!({"aud": 5})),
        plain("audience_not_ours", &json!({"aud": "api://other"})),
        plain("subject_missing", &json!({"sub": null})),
        set(
            "principal_missing",
            &json!({}),
            json!({"PRINCIPAL_CLAIMS": "email"}),
        ),
        plain("principal_malformed", &json!({"uid": 5})),
        plain("principal_too_long", &json!({"uid": "u".repeat(600)})),
    ]
}

fn clients_and_kinds_of_token() -> Vec<Case> {
    vec![
        plain("client_not_allowed", &json!({"cid": "other"})),
        plain(
            "id_token",
            &json!({"nonce": "n", "cid": null, "scp": null, "azp": "web"}),
        ),
        set("access_token", &json!({}), json!({"TOKEN_USE": "id"})),
        set("dpop_required", &json!({}), json!({"DPOP": "require"})),
        plain(
            "bound_token",
            &json!({"cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}),
        ),
    ]
}

#[test]
fn every_reason_is_explained() {
    for (reason, token, changes) in cases() {
        let setup = Setup::new("reasons", &template(REQUEST, &changes), Some(&jwk_set()));
        let mut arguments = vec!["GET", "/a"];
        match &token {
            Some(token) => arguments.extend(["--token", token]),
            None => arguments.push("--anonymous"),
        }
        let found = setup.explained(&arguments);
        let (outcome, status) = match reason {
            "granted" => ("allowed", Value::Null),
            "route_not_granted" | "no_rule_met" => ("denied", json!(403)),
            _ => ("unauthorized", json!(401)),
        };
        let summary = json!({
            "reason": found["reason"], "outcome": found["outcome"], "status": found["status"],
            "decidedBy": found["decidedBy"],
        });
        let expected = json!({
            "reason": reason, "outcome": outcome, "status": status, "decidedBy": "authorizer",
        });
        assert_eq!(summary, expected, "{reason}: {found:#}");
        let advice = found["advice"].as_str().unwrap();
        assert_eq!(advice.is_empty(), reason == "granted", "{reason}: {advice}");
        assert!(
            token.is_none_or(|token| token.len() < 9 || !found.to_string().contains(&token)),
            "{reason}: the token is shown"
        );
    }
}

#[test]
fn every_reason_of_a_proof_is_explained() {
    for case in proof::cases() {
        check("proofs", &case, Some(&jwk_set()));
    }
}

#[test]
fn a_proof_is_for_the_api_of_the_running_stack() {
    let server = LoopbackServer::always(Reply::with(204, "", ""));
    let api = server.url("/prod");
    let stack = json!({
        "pid": 0, "api": api, "lambda": server.url(""), "database": "", "web": "", "issuer": super::signer::ISSUER,
        "issuerPid": null, "clientId": "web", "audience": "api://default",
    });
    fs::write(folder("stack").join("stack.json"), stack.to_string()).unwrap();
    let keys = jwk_set();
    check("stack", &proof::right_at(&api), Some(&keys));
    // Another domain name is another API.
    check("stack", &proof::right(), Some(&keys));
}

#[test]
fn an_anonymous_caller_can_be_allowed() {
    let case = Whole {
        reason: "granted_to_anyone",
        template: REQUEST,
        settings: json!({"ACCESS_RULES": r#"[{"methods": ["GET"], "path": "/a", "anonymous": true}]"#}),
        arguments: vec!["--anonymous".to_owned()],
        detail: String::new(),
    };
    check("anonymous", &case, Some(&jwk_set()));
}

/// API Gateway limits all headers together to the size that the authorizer accepts for a token.
#[test]
fn the_gateway_refuses_a_token_over_the_limit() {
    let setup = Setup::new("long-token", &template(REQUEST, &json!({})), None);
    let credential = "t".repeat(10_241);
    let expected = json!({
        "outcome": "failed", "status": 431, "decidedBy": "gateway", "reason": "request_not_accepted",
        "route": {"method": "ANY", "path": "/{proxy+}"}, "authorizer": "Mine", "rules": [], "advice": "send less",
    });
    let found = setup.explained(&["GET", "/a", "--token", &credential]);
    assert_eq!(found, expected);
}

/// Each run of the command is a new environment of the authorizer. In one environment a proof is accepted once, unless
/// API Gateway has the answer to it in its cache.
#[test]
fn a_proof_is_accepted_once() {
    let keys = jwk_set();
    for _ in 0..2 {
        check("replay", &proof::right(), Some(&keys));
    }
    let repeated = |case: Whole| {
        let arguments = [case.arguments, vec!["--repeat=3".to_owned()]].concat();
        Whole { arguments, ..case }
    };
    let replayed = Whole {
        reason: "dpop_proof_replayed",
        detail: "refused: the DPoP proof: a proof with this `jti` has already been used".to_owned(),
        ..repeated(proof::right())
    };
    check("replay", &replayed, Some(&keys));
    let cached = Whole {
        template: CACHED_REQUEST,
        ..repeated(proof::right())
    };
    check("replay", &cached, Some(&keys));
    let denied = Whole {
        template: CACHED_REQUEST,
        ..repeated(proof::cases().swap_remove(1))
    };
    check("replay", &denied, Some(&keys));
}

#[test]
fn every_reason_has_a_call_or_cannot_have_one() {
    let of_authorizer: Vec<&str> = cases()
        .into_iter()
        .map(|(reason, ..)| reason)
        .chain(proof::cases().into_iter().map(|case| case.reason))
        .chain(introspection::CASES.map(|(reason, ..)| reason))
        .chain(TESTED_APART.map(|(reason, _)| reason))
        .collect();
    let of_gateway = gateway::cases().into_iter().map(|case| case.reason);
    let produced = of_authorizer
        .into_iter()
        .map(|reason| ("authorizer", reason));
    let produced: Vec<_> = produced
        .chain(of_gateway.map(|reason| ("gateway", reason)))
        .collect();
    let by_handler = reasons("handler");
    let of_handler = by_handler.iter().map(|row| {
        let why =
            "the handler answers calls that were allowed, by their content and by what is stored";
        ("handler", row.code.as_str(), why)
    });
    let excused: Vec<_> = EXCUSED.into_iter().chain(of_handler).collect();
    check_complete(produced, &excused);
}

#[test]
fn without_keys_the_authorizer_fails() {
    let unreachable = json!({"JWKS_URI": "http://127.0.0.1:9/keys"});
    let setup = Setup::new("no-keys", &template(REQUEST, &unreachable), None);
    let found = setup.explained(&["GET", "/a", "--token", &token(&json!({}))]);
    assert_eq!(
        (&found["outcome"], &found["status"], &found["reason"]),
        (&json!("failed"), &json!(500), &json!("keys_unavailable"))
    );
    let advice = found["advice"].as_str().unwrap();
    assert!(
        advice.contains("JWKS_URI") && advice.contains("connection"),
        "{advice}"
    );
}
