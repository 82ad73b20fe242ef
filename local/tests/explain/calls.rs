//! Whole explanations: routes, rules and the decisions of API Gateway itself.

use serde_json::{Value, json};

use super::signer::{jwk_set, token};
use super::{Setup, explain};

pub(super) const REST: &str = r#"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Group: {Type: String, Default: Admins}
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth:
        DefaultAuthorizer: Required
        Authorizers:
          Required: {FunctionPayloadType: TOKEN, FunctionArn: !GetAtt Authorizer.Arn, Identity: {Header: Authorization}}
  Authorizer:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: authorizer}}
    Properties:
      Environment:
        Variables:
          ISSUER: https://example.okta.com/oauth2/default
          AUDIENCE: api://default
          ACCESS_RULES: !Sub |
            [{"methods": ["GET"], "path": "/open", "anonymous": true},
             {"methods": ["*"], "path": "/items/*", "scopes": ["a", "state:write", "b"], "groups": ["${Group}"]},
             {"methods": ["PUT"], "path": "/items/*", "claims": {"dept": ["x", {"like": "y*"}]}, "acr": ["mfa"]},
             {"methods": ["GET"], "path": "/*", "groups": ["Everyone"]}]
  Handler:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: api-handler}}
    Properties:
      Events:
        Items: {Type: Api, Properties: {RestApiId: !Ref Api, Path: "/items/{id}", Method: ANY}}
        Open: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /open, Method: GET, Auth: {Authorizer: NONE}}}
"#;

pub(super) const HTTP: &str = r#"
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Simple
        Authorizers:
          Simple:
            FunctionArn: !GetAtt Authorizer.Arn
            AuthorizerPayloadFormatVersion: "2.0"
            EnableSimpleResponses: true
            EnableFunctionDefaultPermissions: true
            Identity: {Headers: [Authorization], ReauthorizeEvery: 0}
          Jwt:
            IdentitySource: $request.header.Authorization
            JwtConfiguration: {issuer: "https://example.okta.com/oauth2/default", audience: ["api://default"]}
  Authorizer:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: authorizer}}
    Properties:
      Environment:
        Variables:
          ISSUER: https://example.okta.com/oauth2/default
          AUDIENCE: api://default
          ACCESS_RULES: '[{"methods": ["GET"], "path": "/a", "scopes": ["state:write"]}]'
  Handler:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: api-handler}}
    Properties:
      Events:
        A: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /a, Method: ANY}}
        B: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /b, Method: GET, Auth: {Authorizer: Jwt, AuthorizationScopes: [state:write]}}}
"#;

/// Compares the whole explanation of a call to the template's API.
fn check(name: &str, template: &str, arguments: &[&str], expected: &Value) {
    let setup = Setup::new(name, template, Some(&jwk_set()));
    assert_eq!(&setup.explained(arguments), expected, "{arguments:?}");
}

fn by_gateway(
    outcome: &str,
    status: Option<u16>,
    reason: &str,
    route: &Value,
    authorizer: Option<&str>,
    advice: &str,
) -> Value {
    json!({
        "outcome": outcome, "status": status, "decidedBy": "gateway", "reason": reason,
        "route": route, "authorizer": authorizer, "rules": [], "advice": advice,
    })
}

fn good() -> String {
    token(&json!({}))
}

fn admin() -> String {
    token(&json!({"scp": ["a", "b", "state:write"], "groups": ["Admins"]}))
}

fn items() -> Value {
    json!({"method": "ANY", "path": "/items/{id}"})
}

/// The route with the JWT authorizer.
fn b() -> Value {
    json!({"method": "GET", "path": "/b"})
}

#[test]
fn decisions_by_the_rules_of_a_rest_api() {
    check(
        "rest-rules",
        REST,
        &["PUT", "/items/1?x=y", "--token", &good()],
        &json!({
            "outcome": "denied", "status": 403, "decidedBy": "authorizer", "reason": "route_not_granted",
            "route": items(), "authorizer": "Required",
            "rules": [
                {"index": 1, "met": false, "missing": ["scope \"a\"", "scope \"b\"", "group \"Admins\""]},
                {"index": 2, "met": false, "missing": ["claim \"dept\": \"x\" or like \"y*\"", "acr \"mfa\""]},
            ],
            "advice": "the caller needs scope \"a\" and scope \"b\" and group \"Admins\" (rule 1), or \
                       claim \"dept\": \"x\" or like \"y*\" and acr \"mfa\" (rule 2)",
        }),
    );
    check(
        "rest-rules",
        REST,
        &[
            "DELETE",
            "/items/1",
            "--token",
            &format!("Bearer {}", admin()),
        ],
        &json!({
            "outcome": "allowed", "status": null, "decidedBy": "authorizer", "reason": "granted",
            "route": items(), "authorizer": "Required",
            "rules": [{"index": 1, "met": true, "missing": []}], "advice": "",
        }),
    );
    check(
        "rest-rules",
        REST,
        &[
            "DELETE",
            "/items/1",
            "--token",
            &admin(),
            "--parameter",
            "Group=Owners",
        ],
        &json!({
            "outcome": "denied", "status": 403, "decidedBy": "authorizer", "reason": "route_not_granted",
            "route": items(), "authorizer": "Required",
            "rules": [{"index": 1, "met": false, "missing": ["group \"Owners\""]}],
            "advice": "the caller needs group \"Owners\" (rule 1)",
        }),
    );
}

/// A rule for each member that a rule may have.
const MEMBERS: &str = r#"
            [{"methods": ["GET"], "path": "/items/*", "issuers": ["https://example.okta.com/oauth2/default"], "scopes": ["b"]},
             {"methods": ["GET"], "path": "/items/*", "groups": ["Admins", "Owners"]},
             {"methods": ["GET"], "path": "/items/*", "clients": ["cli"]},
             {"methods": ["GET"], "path": "/items/*", "claims": {"/address/country": ["NL"], "level": [2]}},
             {"methods": ["GET"], "path": "/items/*", "notClaims": {"dept": ["ext", {"like": "*ternal"}]}},
             {"methods": ["GET"], "path": "/items/*", "acr": ["phr", "phrh"]},
             {"methods": ["GET"], "path": "/items/*", "maxAgeSeconds": 300}]
"#;

#[test]
fn a_caller_that_does_not_meet_a_member_of_a_rule() {
    let (before, rest) = REST.split_once("            [{").unwrap();
    let (_, after) = rest.split_once("  Handler:").unwrap();
    let template = format!(
        "{before}{}  Handler:{after}",
        MEMBERS.trim_start_matches('\n')
    );
    let rows = |met: bool| -> Value {
        let missing = [
            json!(["scope \"b\""]),
            json!(["group \"Admins\" or \"Owners\""]),
            json!(["client \"cli\""]),
            json!(["claim \"/address/country\": \"NL\"", "claim \"level\": 2"]),
            json!(["no claim \"dept\": \"ext\" or like \"*ternal\""]),
            json!(["acr \"phr\" or \"phrh\""]),
            json!(["sign-in at most 300 s ago"]),
        ];
        let row = |(index, missing)| json!({"index": index, "met": met, "missing": if met { json!([]) } else { missing }});
        missing.into_iter().enumerate().map(row).collect()
    };
    let call = |claims: &Value| {
        [
            "GET".to_owned(),
            "/items/1".to_owned(),
            "--token".to_owned(),
            token(claims),
        ]
    };
    let explanation =
        |outcome: &str, status: Option<u16>, reason: &str, met: bool, advice: &str| {
            json!({
                "outcome": outcome, "status": status, "decidedBy": "authorizer", "reason": reason,
                "route": items(), "authorizer": "Required", "rules": rows(met), "advice": advice,
            })
        };
    let all = json!({
        "scp": ["b"], "groups": ["Owners"], "cid": "cli", "address": {"country": "NL"}, "level": 2.0, "dept": "sales",
        "acr": "phrh", "auth_time": 1_767_226_000_u64,
    });
    let none =
        json!({"dept": "internal", "acr": "PHR", "auth_time": 1_767_225_000_u64, "level": "2"});
    let advice = "the caller needs scope \"b\" (rule 0), or group \"Admins\" or \"Owners\" (rule 1), or client \"cli\" (rule 2), \
                  or claim \"/address/country\": \"NL\" and claim \"level\": 2 (rule 3), \
                  or no claim \"dept\": \"ext\" or like \"*ternal\" (rule 4), or acr \"phr\" or \"phrh\" (rule 5), \
                  or sign-in at most 300 s ago (rule 6)";
    for (claims, expected) in [
        (all, explanation("allowed", None, "granted", true, "")),
        (
            none,
            explanation("denied", Some(403), "no_rule_met", false, advice),
        ),
    ] {
        let call = call(&claims);
        let call: Vec<&str> = call.iter().map(String::as_str).collect();
        check("members", &template, &call, &expected);
    }
}

#[test]
fn decisions_of_a_rest_api_itself() {
    check(
        "rest-itself",
        REST,
        &["GET", "/items/1", "--anonymous"],
        &by_gateway(
            "unauthorized",
            Some(401),
            "identity_source_missing",
            &items(),
            Some("Required"),
            "send `Authorization: Bearer …`",
        ),
    );
    check(
        "rest-itself",
        REST,
        &["GET", "/open"],
        &by_gateway(
            "allowed",
            None,
            "no_authorizer",
            &json!({"method": "GET", "path": "/open"}),
            None,
            "",
        ),
    );
    check(
        "rest-itself",
        REST,
        &["PUT", "/open", "--token", &good()],
        &by_gateway(
            "no_route",
            Some(403),
            "no_route",
            &Value::Null,
            None,
            "check the method and the path",
        ),
    );
    check(
        "rest-itself",
        REST,
        &["GET", "/prod/open", "--anonymous"],
        &by_gateway(
            "no_route",
            Some(403),
            "no_route",
            &Value::Null,
            None,
            "leave the stage /prod out of the path",
        ),
    );
}

#[test]
fn decisions_of_the_authorizer_of_an_http_api() {
    check(
        "http-rules",
        HTTP,
        &["GET", "/a", "--token", &token(&json!({"aud": "other"}))],
        &json!({
            "outcome": "unauthorized", "status": 403, "decidedBy": "authorizer", "reason": "audience_not_ours",
            "route": {"method": "ANY", "path": "/a"}, "authorizer": "Simple", "rules": [],
            "advice": "compare `AUDIENCE` with the token's `aud` (refused: the token is for another audience)",
        }),
    );
    check(
        "http-rules",
        HTTP,
        &["POST", "/a", "--token", &good()],
        &json!({
            "outcome": "denied", "status": 403, "decidedBy": "authorizer", "reason": "route_not_granted",
            "route": {"method": "ANY", "path": "/a"}, "authorizer": "Simple", "rules": [],
            "advice": "no rule covers this route: add one to ACCESS_RULES",
        }),
    );
}

#[test]
fn decisions_of_an_http_api_itself() {
    check(
        "http-itself",
        HTTP,
        &["GET", "/b", "--token", &good()],
        &by_gateway("allowed", None, "jwt_granted", &b(), Some("Jwt"), ""),
    );
    check(
        "http-itself",
        HTTP,
        &["GET", "/b", "--token", &token(&json!({"scp": ["x"]}))],
        &by_gateway(
            "denied",
            Some(403),
            "jwt_scope_missing",
            &b(),
            Some("Jwt"),
            "ask for one of the route's `AuthorizationScopes` (the token has none of the scopes of the route)",
        ),
    );
    check(
        "http-itself",
        HTTP,
        &[
            "GET",
            "/b",
            "--token",
            &token(&json!({"exp": 1_767_225_000})),
        ],
        &by_gateway(
            "unauthorized",
            Some(401),
            "jwt_not_valid",
            &b(),
            Some("Jwt"),
            "compare the token with the authorizer's `JwtConfiguration` (the token has expired)",
        ),
    );
    check(
        "http-itself",
        HTTP,
        &["GET", "/c", "--token", &good()],
        &by_gateway(
            "no_route",
            Some(404),
            "no_route",
            &Value::Null,
            None,
            "check the method and the path",
        ),
    );
}

#[test]
fn wrong_arguments_and_templates_are_refused() {
    let text = REST.replace(
        "            [{\"methods\": [\"GET\"], \"path\": \"/open\"",
        "            [{\"methods\": [\"GET\"], \"path\": \"open\"",
    );
    let Setup {
        folder, template, ..
    } = Setup::new("wrong", &text, None);
    for (arguments, status, expected) in [
        (&["GET"][..], 2, "<PATH>"),
        (&["GET", "open"], 2, "begins with `/`"),
        (&["GET", "/open#x"], 2, "percent-encoded as in a URL"),
        (&["GET", "/\u{f6}ffnen"], 2, "percent-encoded as in a URL"),
        (&["G T", "/open"], 2, "expected a method"),
        (&["get", "/open"], 2, "a method in capital letters"),
        (&["GET", "/open", "--token", ""], 2, "one token"),
        (&["GET", "/open", "--at", "yesterday"], 2, "RFC 3339"),
        (&["GET", "/open", "--token", "a b"], 2, "one token"),
        (
            &["GET", "/open", "--header", "DPoP"],
            2,
            "such as `DPoP: PROOF`",
        ),
        (
            &["GET", "/open", "--header", "D P: x"],
            2,
            "such as `DPoP: PROOF`",
        ),
        (
            &["GET", "/open", "--header", "DPoP: a\nb"],
            2,
            "such as `DPoP: PROOF`",
        ),
        (
            &["GET", "/open", "--token", "a", "--anonymous"],
            2,
            "--anonymous",
        ),
        (
            &["GET", "/open", "--template", "/nowhere.yaml"],
            1,
            "/nowhere.yaml",
        ),
        (
            &["GET", "/open", "--template", &template],
            1,
            "ACCESS_RULES/0/path",
        ),
        (
            &[
                "GET",
                "/open",
                "--template",
                &template,
                "--parameter",
                "X=1",
            ],
            1,
            "named `X`",
        ),
    ] {
        let output = explain(&folder, arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {error}");
        assert!(error.contains(expected), "{arguments:?}: {error}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_token_is_not_accepted_as_another_header() {
    let query = HTTP.replace(
        "$request.header.Authorization",
        "$request.querystring.token",
    );
    for (text, path, header, refused) in [
        (REST, "/items/1", "authorization", true),
        (REST, "/open", "Authorization", true),
        (HTTP, "/b", "Authorization", true),
        (&query, "/b", "Authorization", false),
        (REST, "/items/1", "X-Other", false),
    ] {
        let setup = Setup::new("token-in-header", text, Some(&jwk_set()));
        let header = format!("{header}: secret");
        let output = setup.explain(&["GET", path, "--header", &header]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            output.status.code(),
            Some(i32::from(refused)),
            "{path} {header}: {error}"
        );
        assert_eq!(
            error.contains("expected it as --token"),
            refused,
            "{path} {header}: {error}"
        );
        assert!(!error.contains("secret"), "{error}");
    }
}
