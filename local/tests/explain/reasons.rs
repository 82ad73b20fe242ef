//! One call for each reason.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::signer::{HEADER, claims_but, jwk_set, signed, token};
use super::{explained, folder};

/// A REST API whose authorizer is asked about every call. `ENVIRONMENT` is replaced.
const TEMPLATE: &str = r#"
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth:
        DefaultAuthorizer: Mine
        Authorizers:
          Mine: {FunctionPayloadType: REQUEST, FunctionArn: !GetAtt Authorizer.Arn, Identity: {ReauthorizeEvery: 0}}
  Authorizer:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: authorizer}}
    Properties:
      Environment: {Variables: ENVIRONMENT}
  Handler:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: api-handler}}
    Properties:
      Events:
        Any: {Type: Api, Properties: {RestApiId: !Ref Api, Path: "/{proxy+}", Method: ANY}}
"#;

const RULES: &str = r#"[{"methods": ["GET"], "path": "/a", "scopes": ["state:write"]},
  {"methods": ["PUT"], "path": "/a", "groups": ["Admins"]}]"#;

/// Reasons that no call of this command has, and why.
const NOT_REACHED: [(&str, &str); 8] = [
    ("token_too_long", "API Gateway answers 431 before"),
    ("keys_unavailable", "tested without --jwks, below"),
    ("granted_to_anyone", "tested below"),
    ("token_revoked", "introspection needs a network"),
    ("token_not_bound", "the command sends no scheme `DPoP`"),
    ("introspection_mismatch", "introspection needs a network"),
    ("introspection_unavailable", "introspection needs a network"),
    ("unknown_event", "the gateway makes no such event"),
];

/// Each reason with a token, and the settings that differ.
fn cases() -> Vec<(&'static str, Option<String>, Value)> {
    let plain = |reason, changes: Value| (reason, Some(token(&changes)), json!({}));
    let header = |reason, header: &str| {
        let token = signed(header, &claims_but(&json!({})));
        (reason, Some(token), json!({}))
    };
    let key = |reason, kid: &str| {
        let text = format!(r#"{{"alg": "RS256", "kid": "{kid}"}}"#);
        let token = signed(&text, &claims_but(&json!({})));
        (reason, Some(token), json!({}))
    };
    let text = |reason, text: &str| (reason, Some(text.to_owned()), json!({}));
    let set = |reason, changes: Value, settings| (reason, Some(token(&changes)), settings);
    let good = token(&json!({}));
    let (body, _) = good.rsplit_once('.').unwrap();
    let (first, _) = body.split_once('.').unwrap();
    vec![
        plain("granted", json!({})),
        plain("no_rule_met", json!({"scp": ["other"]})),
        set(
            "route_not_granted",
            json!({"scp": ["other"], "groups": ["Admins"]}),
            json!({}),
        ),
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
        plain(
            "issuer_not_trusted",
            json!({"iss": "https://other.example"}),
        ),
        plain(
            "org_server_token",
            json!({"iss": "https://example.okta.com"}),
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
        plain("expiry_missing", json!({"exp": null})),
        plain("time_malformed", json!({"exp": "soon"})),
        plain("token_expired", json!({"exp": 1_767_225_000})),
        plain("token_not_yet_valid", json!({"nbf": 1_767_229_000})),
        plain("issued_in_future", json!({"iat": 1_767_225_600_000_u64})),
        plain("audience_missing", json!({"aud": null})),
        plain("audience_malformed", json!({"aud": 5})),
        plain("audience_not_ours", json!({"aud": "api://other"})),
        plain("subject_missing", json!({"sub": null})),
        set(
            "principal_missing",
            json!({}),
            json!({"PRINCIPAL_CLAIMS": "email"}),
        ),
        plain("principal_malformed", json!({"uid": 5})),
        plain("principal_too_long", json!({"uid": "u".repeat(600)})),
        plain("client_not_allowed", json!({"cid": "other"})),
        plain(
            "id_token",
            json!({"nonce": "n", "cid": null, "scp": null, "azp": "web"}),
        ),
        set("access_token", json!({}), json!({"TOKEN_USE": "id"})),
        set("dpop_required", json!({}), json!({"DPOP": "require"})),
        plain(
            "bound_token",
            json!({"cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}),
        ),
    ]
}

fn settings(changes: &Value) -> Value {
    let mut settings = json!({
        "ISSUER": super::signer::ISSUER, "AUDIENCE": "api://default", "CLIENT_IDS": "web", "ACCESS_RULES": RULES,
    });
    for (name, value) in changes.as_object().unwrap() {
        settings[name] = value.clone();
    }
    settings
}

fn template(folder: &Path, changes: &Value) -> String {
    let file = folder.join("template.yaml");
    let text = TEMPLATE.replace("ENVIRONMENT", &settings(changes).to_string());
    fs::write(&file, text).unwrap();
    file.display().to_string()
}

#[test]
fn every_reason_is_explained() {
    let folder = folder("reasons");
    let keys = folder.join("keys.json");
    fs::write(&keys, jwk_set()).unwrap();
    let keys = keys.display().to_string();
    let mut reached: BTreeSet<&str> = NOT_REACHED.iter().map(|(reason, _)| *reason).collect();
    for (reason, token, changes) in cases() {
        let template = template(&folder, &changes);
        let mut arguments = vec!["GET", "/a", "--template", &template, "--jwks", &keys];
        arguments.extend(["--at", "2026-01-01T00:10:00Z"]);
        match &token {
            Some(token) => arguments.extend(["--token", token]),
            None => arguments.push("--anonymous"),
        }
        let found = explained(&folder, &arguments);
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
        reached.insert(reason);
    }
    let documented = include_str!("../../../docs/reasons.md");
    let section = documented
        .split("\n## ")
        .find(|part| part.starts_with("Authorizer"))
        .unwrap();
    let documented: BTreeSet<&str> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        // The command sends no proof of possession. Only `dpop_required` is about other tokens.
        .filter(|code| !code.starts_with("dpop_") || *code == "dpop_required")
        .collect();
    let missing: Vec<_> = documented.difference(&reached).collect();
    assert!(
        missing.is_empty() && documented.len() > 45,
        "no case for {missing:?}"
    );
}

#[test]
fn without_keys_the_authorizer_fails() {
    let folder = folder("no-keys");
    let template = template(&folder, &json!({"JWKS_URI": "http://127.0.0.1:9/keys"}));
    let token = token(&json!({}));
    let at = ["--at", "2026-01-01T00:10:00Z"];
    let mut arguments = vec!["GET", "/a", "--template", &template, "--token", &token];
    arguments.extend(at);
    let found = explained(&folder, &arguments);
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
