//! Whole explanations: routes, rules and the decisions of API Gateway itself.

use std::fs;

use serde_json::json;

use super::signer::{jwk_set, token};
use super::{explain, explained, folder};

const REST: &str = r#"
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

const HTTP: &str = r#"
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

#[test]
fn whole_explanations() {
    let folder = folder("calls");
    let (rest, http, keys) = (
        folder.join("rest.yaml"),
        folder.join("http.yaml"),
        folder.join("keys.json"),
    );
    fs::write(&rest, REST).unwrap();
    fs::write(&http, HTTP).unwrap();
    fs::write(&keys, jwk_set()).unwrap();
    let check = |template: &std::path::Path, arguments: &[&str], expected: serde_json::Value| {
        let (template, keys) = (template.display().to_string(), keys.display().to_string());
        let mut all = vec![
            "--template",
            &template,
            "--jwks",
            &keys,
            "--at",
            "2026-01-01T00:10:00Z",
        ];
        all.extend(arguments);
        assert_eq!(explained(&folder, &all), expected, "{arguments:?}");
    };
    let items = json!({"method": "ANY", "path": "/items/{id}"});
    let good = token(&json!({}));
    check(
        &rest,
        &["PUT", "/items/1", "--token", &good],
        json!({
            "outcome": "denied", "status": 403, "decidedBy": "authorizer", "reason": "route_not_granted",
            "route": items, "authorizer": "Required",
            "rules": [
                {"index": 1, "met": false, "missing": ["scope \"a\"", "scope \"b\"", "group \"Owners\""]},
                {"index": 2, "met": false, "missing": ["claim \"dept\": \"x\" or \"like\" \"y*\"", "acr \"mfa\""]},
            ],
            "advice": "",
        }),
    );
}
