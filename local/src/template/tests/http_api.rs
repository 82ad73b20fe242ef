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

/// The routes, authorizers and scopes are those that SAM's own translator makes of the template.
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
        matches!(&api.kind, Kind::Http { cors: Some(cors) } if cors.origins == ["https://app"] && cors.max_age == Some(60))
    );
}

#[test]
fn a_property_that_would_change_an_answer_of_an_http_api_is_refused() {
    fn check(from: &str, to: &str, expected: &str) {
        assert!(HTTP_API.contains(from), "{from}");
        let error = read(&HTTP_API.replacen(from, to, 1))
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(expected), "{to}: {error}");
    }
    let auth = "Resources/Api/Properties/Auth";
    let events = "Resources/Handler/Properties/Events";
    check(
        "DefaultAuthorizer: Jwt",
        "DefaultAuthorizer: Nobody",
        &format!("{auth}/DefaultAuthorizer: no authorizer of the API is named `Nobody`"),
    );
    check(
        "DefaultAuthorizer: Jwt",
        "EnableIamAuthorizer: true",
        &format!("{auth}/EnableIamAuthorizer: not supported"),
    );
    check(
        ", IdentitySource: $request.header.Authorization",
        "",
        &format!("{auth}/Authorizers/Jwt: `IdentitySource` is missing"),
    );
    check(
        "$request.header.Authorization",
        "$context.x",
        &format!("{auth}/Authorizers/Jwt/IdentitySource: expected $request.header.NAME"),
    );
    check(
        ", audience: [a, b]",
        "",
        &format!("{auth}/Authorizers/Jwt/JwtConfiguration: `audience` is missing"),
    );
    check(
        "issuer: https://i, ",
        "",
        &format!("{auth}/Authorizers/Jwt/JwtConfiguration: `Issuer` is missing"),
    );
    check(
        ", AuthorizationScopes: [x, y]",
        ", FunctionArn: x",
        &format!("{auth}/Authorizers/Jwt/FunctionArn: unknown property of a JWT authorizer"),
    );
    check(
        ", EnableSimpleResponses: true",
        ", IdentitySource: x",
        &format!(
            "{auth}/Authorizers/Simple/IdentitySource: unknown property of a Lambda authorizer"
        ),
    );
    check(
        "AuthorizerPayloadFormatVersion: 2.0, ",
        "",
        &format!("{auth}/Authorizers/Simple: `AuthorizerPayloadFormatVersion` is missing"),
    );
    check(
        "AuthorizerPayloadFormatVersion: 2.0",
        "AuthorizerPayloadFormatVersion: \"1.0\"",
        &format!("{auth}/Authorizers/Simple/EnableSimpleResponses: expected"),
    );
    check(
        "Headers: [Authorization], Context: [routeKey], ",
        "",
        &format!("{auth}/Authorizers/Simple/Identity: expected an identity source"),
    );
    check(
        "ReauthorizeEvery: 30",
        "ReauthorizeEvery: 3601",
        &format!("{auth}/Authorizers/Simple/Identity/ReauthorizeEvery: expected at most 3600"),
    );
    check(
        "Auth: {Authorizer: Simple}",
        "Auth: {Authorizer: Simple, AuthorizationScopes: [x]}",
        &format!("{events}/C/Properties: not supported on one machine: scopes"),
    );
    check(
        "Auth: {Authorizer: Simple}",
        "Auth: {ApiKeyRequired: true}",
        &format!("{events}/C/Properties/Auth/ApiKeyRequired: unknown property"),
    );
    check(
        "PayloadFormatVersion: \"1.0\", Auth",
        "PayloadFormatVersion: 3, Auth",
        &format!("{events}/C/Properties/PayloadFormatVersion: expected \"1.0\" or \"2.0\""),
    );
    check(
        "Path: /a, Method: get",
        "Path: /a",
        &format!("{events}/A/Properties: `Method` is missing"),
    );
    check(
        "Path: /b, Method: get",
        "Path: /a/, Method: get",
        &format!("{events}/B/Properties: the method and path are already defined at {events}/A"),
    );
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
    check(
        "{ApiId: !Ref Api, Path: /n",
        "{RestApiId: !Ref Api, Path: /n",
        "Resources: expected one API",
    );
}
