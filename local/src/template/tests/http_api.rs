//! `AWS::Serverless::HttpApi` and its events.

use super::*;

const HTTP_API: &str = r#"
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration: {AllowOrigins: [https://app], MaxAge: 60}
      Auth:
        DefaultAuthorizer: Jwt
        Authorizers:
          Jwt: {JwtConfiguration: {issuer: https://i, audience: [a, b]}, IdentitySource: $request.header.Authorization, AuthorizationScopes: [x, y]}
          Simple: {FunctionArn: !GetAtt Guard.Arn, AuthorizerPayloadFormatVersion: 2.0, EnableSimpleResponses: true, Identity: {Headers: [Authorization], Context: [routeKey], ReauthorizeEvery: 30}}
          Policy: {FunctionArn: !GetAtt Guard.Arn, AuthorizerPayloadFormatVersion: "1.0"}
  Guard: {Type: AWS::Serverless::Function, Metadata: {BuildProperties: {Binary: guard}}}
  Handler:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: handler}}
    Properties:
      Events:
        A: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /a, Method: get}}
        B: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /b, Method: get, Auth: {AuthorizationScopes: [z]}}}
        C: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /c, Method: any, PayloadFormatVersion: "1.0", Auth: {Authorizer: Simple}}}
        D: {Type: HttpApi, Properties: {ApiId: !Ref Api}}
        N: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /n, Method: GET, Auth: {Authorizer: NONE}}}
        O: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /a, Method: OPTIONS}}
"#;

/// The routes, authorizers and scopes are those of SAM's own translator.
#[test]
fn an_http_api_is_read_as_sam_translates_it() {
    let template = read(HTTP_API).unwrap();
    let api = &template.api;
    assert_eq!(
        (api.stage.as_str(), api.base_path().as_str()),
        ("$default", "")
    );
    let lines: Vec<_> = api
        .routes
        .iter()
        .map(|route| {
            let Integration::Function {
                payload, timeout, ..
            } = &route.integration
            else {
                panic!("{route:?}")
            };
            let authorizer = route.authorizer.as_deref().unwrap_or("NONE");
            let seconds = timeout.as_secs();
            format!(
                "{} {authorizer} {:?} {payload:?} {seconds}",
                route.key(),
                route.scopes
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            r#"GET /a Jwt ["x", "y"] V2 30"#,
            r#"GET /b Jwt ["z"] V2 30"#,
            r#"ANY /c Simple [] V1 30"#,
            r#"$default Jwt ["x", "y"] V2 30"#,
            r#"GET /n NONE [] V2 30"#,
            r#"OPTIONS /a NONE [] V2 30"#,
        ]
    );
    let TemplateAuthorizer::Jwt(jwt) = &api.authorizers["Jwt"] else {
        panic!("{api:?}")
    };
    assert_eq!(
        (jwt.issuer.as_str(), jwt.audience.join(" ").as_str()),
        ("https://i", "a b")
    );
    assert_eq!(
        jwt.source,
        IdentitySource::Header("Authorization".to_owned())
    );
    let simple = lambda(&template, "Simple");
    assert!(
        matches!(&simple.identity, Identity::Http { simple: true, sources, .. } if sources.len() == 2)
    );
    assert_eq!(simple.ttl.as_secs(), 30);
    assert_eq!(lambda(&template, "Policy").ttl.as_secs(), 0);
    assert!(
        matches!(&api.kind, ApiKind::Http { cors: Some(cors) } if cors.origins == ["https://app"] && cors.max_age == Some(60))
    );
}

const AUTH: &str = "Resources/Api/Properties/Auth";
const EVENTS: &str = "Resources/Handler/Properties/Events";

/// Each row changes the template in one place, with a change that would change an answer.
fn check(from: &str, to: &str, expected: &str) {
    assert_refused(HTTP_API, from, to, expected);
}

#[test]
fn a_faulty_jwt_authorizer_is_refused() {
    check(
        "DefaultAuthorizer: Jwt",
        "DefaultAuthorizer: Absent",
        &format!("{AUTH}/DefaultAuthorizer: no authorizer of the API is named `Absent`"),
    );
    check(
        "DefaultAuthorizer: Jwt",
        "EnableIamAuthorizer: true",
        &format!("{AUTH}/EnableIamAuthorizer: not supported"),
    );
    check(
        ", IdentitySource: $request.header.Authorization",
        "",
        &format!("{AUTH}/Authorizers/Jwt: `IdentitySource` is missing"),
    );
    check(
        "$request.header.Authorization",
        "$context.x",
        &format!("{AUTH}/Authorizers/Jwt/IdentitySource: expected $request.header.NAME"),
    );
    check(
        ", audience: [a, b]",
        "",
        &format!("{AUTH}/Authorizers/Jwt/JwtConfiguration: `audience` is missing"),
    );
    check(
        "issuer: https://i, ",
        "",
        &format!("{AUTH}/Authorizers/Jwt/JwtConfiguration: `Issuer` is missing"),
    );
    check(
        ", AuthorizationScopes: [x, y]",
        ", FunctionArn: x",
        &format!("{AUTH}/Authorizers/Jwt/FunctionArn: unknown property of a JWT authorizer"),
    );
}

#[test]
fn a_faulty_lambda_authorizer_is_refused() {
    check(
        ", EnableSimpleResponses: true",
        ", IdentitySource: x",
        &format!(
            "{AUTH}/Authorizers/Simple/IdentitySource: unknown property of a Lambda authorizer"
        ),
    );
    check(
        "AuthorizerPayloadFormatVersion: 2.0, ",
        "",
        &format!("{AUTH}/Authorizers/Simple: `AuthorizerPayloadFormatVersion` is missing"),
    );
    check(
        "AuthorizerPayloadFormatVersion: 2.0",
        "AuthorizerPayloadFormatVersion: \"1.0\"",
        &format!("{AUTH}/Authorizers/Simple/EnableSimpleResponses: expected"),
    );
    check(
        "Headers: [Authorization], Context: [routeKey], ",
        "",
        &format!("{AUTH}/Authorizers/Simple/Identity: expected an identity source"),
    );
    check(
        "Context: [routeKey]",
        "Context: [routeKey, identity.apiKey]",
        &format!("{AUTH}/Authorizers/Simple/Identity/Context: expected one of accountId, "),
    );
    check(
        "ReauthorizeEvery: 30",
        "ReauthorizeEvery: 3601",
        &format!("{AUTH}/Authorizers/Simple/Identity/ReauthorizeEvery: expected at most 3600"),
    );
}

#[test]
fn a_faulty_event_of_an_http_api_is_refused() {
    check(
        "Auth: {Authorizer: Simple}",
        "Auth: {Authorizer: Simple, AuthorizationScopes: [x]}",
        &format!("{EVENTS}/C/Properties: not supported on one machine: scopes"),
    );
    check(
        "Auth: {Authorizer: Simple}",
        "Auth: {ApiKeyRequired: true}",
        &format!("{EVENTS}/C/Properties/Auth/ApiKeyRequired: unknown property"),
    );
    check(
        "PayloadFormatVersion: \"1.0\", Auth",
        "PayloadFormatVersion: 3, Auth",
        &format!("{EVENTS}/C/Properties/PayloadFormatVersion: expected \"1.0\" or \"2.0\""),
    );
    check(
        "Path: /a, Method: get",
        "Path: /a",
        &format!("{EVENTS}/A/Properties: `Method` is missing"),
    );
    check(
        "Path: /a, Method: get",
        "Path: /a, Method: frob",
        &format!(
            "{EVENTS}/A/Properties/Method: expected ANY, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, found `frob`"
        ),
    );
    check(
        "Path: /b, Method: get",
        "Path: /a/, Method: get",
        &format!("{EVENTS}/B/Properties: the method and path are already defined at {EVENTS}/A"),
    );
    check(
        "{ApiId: !Ref Api, Path: /n",
        "{RestApiId: !Ref Api, Path: /n",
        "Resources: expected one API",
    );
}

#[test]
fn faulty_cors_settings_are_refused() {
    check(
        "AllowOrigins: [https://app]",
        "AllowOrigins: [\"*\"], AllowCredentials: true",
        "Resources/Api/Properties/CorsConfiguration/AllowOrigins: expected",
    );
    check(
        "AllowOrigins",
        "AllowOrigin",
        "Resources/Api/Properties/CorsConfiguration/AllowOrigin: unknown property",
    );
}
