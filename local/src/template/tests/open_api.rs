//! OpenAPI documents in `DefinitionBody`.

use super::*;

const OPEN_API: &str = r##"
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      DefinitionBody:
        swagger: "2.0"
        info: {title: t, version: "1"}
        x-vendor: {anything: 1}
        securityDefinitions:
          Token:
            type: apiKey
            name: X-Token
            in: header
            x-amazon-apigateway-authtype: custom
            x-amazon-apigateway-authorizer: {type: token, authorizerUri: !Sub "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Guard.Arn}/invocations", authorizerResultTtlInSeconds: 60, identityValidationExpression: "Bearer .+"}
          Request:
            type: apiKey
            name: Unused
            in: header
            x-amazon-apigateway-authorizer: {type: request, identitySource: "method.request.header.Authorization, method.request.querystring.q,context.path", authorizerUri: !Sub "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Guard.Arn}:live/invocations"}
        paths:
          /a:
            get: &get
              security: [{Token: []}]
              responses: {"200": {description: ok}}
              x-amazon-apigateway-integration: {type: aws_proxy, httpMethod: POST, uri: !Sub "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Handler.Arn}/invocations", timeoutInMillis: 5000}
            put: {<<: *get, security: [{Request: []}]}
          "/b/{id}":
            x-amazon-apigateway-any-method: {<<: *get, security: []}
            post: {<<: *get, security: [{NONE: []}]}
        x-amazon-apigateway-binary-media-types: [image/png]
        x-amazon-apigateway-gateway-responses:
          UNAUTHORIZED: {statusCode: 401, responseParameters: {gatewayresponse.header.X-A: "'a'"}, responseTemplates: {application/json: "{}"}}
  Guard: {Type: AWS::Serverless::Function, Metadata: {BuildProperties: {Binary: guard}}}
  Permission: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref Guard, Principal: apigateway.amazonaws.com}}
  Handler:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: handler}}
    Properties:
      Events:
        A: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /a, Method: get}}
        Gone: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /gone, Method: get}}
"##;

const OPEN_HTTP_API: &str = r#"
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      DefinitionBody:
        openapi: 3.0.1
        info: {title: t, version: "1"}
        components:
          securitySchemes:
            Simple:
              type: apiKey
              name: Unused
              in: header
              x-amazon-apigateway-authorizer: {type: request, identitySource: ["$request.header.Authorization", $context.routeKey], authorizerUri: !Sub "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Handler.Arn}/invocations", authorizerPayloadFormatVersion: "2.0", enableSimpleResponses: true, authorizerResultTtlInSeconds: 30}
            Jwt:
              type: oauth2
              x-amazon-apigateway-authorizer: {type: jwt, identitySource: $request.header.Authorization, jwtConfiguration: {issuer: https://i, audience: [a]}}
        paths:
          /a: {get: {security: [{Simple: []}], x-amazon-apigateway-integration: &i {type: aws_proxy, uri: !GetAtt Handler.Arn, payloadFormatVersion: "2.0"}}}
          /b: {get: {security: [{Jwt: [read]}], x-amazon-apigateway-integration: {<<: *i, payloadFormatVersion: "1.0"}}}
          $default: {x-amazon-apigateway-any-method: {isDefaultRoute: true, x-amazon-apigateway-integration: *i}}
        x-amazon-apigateway-cors: {allowOrigins: [https://app], maxAge: 5}
  Handler: {Type: AWS::Serverless::Function, Metadata: {BuildProperties: {Binary: handler}}}
"#;

#[test]
fn an_open_api_document_of_a_rest_api() {
    let template = read(OPEN_API).unwrap();
    let lines: Vec<_> = template.api.routes.iter().map(line).collect();
    let expected = [
        "GET /a handler Token",
        "PUT /a handler Request",
        "POST /b/{id} handler NONE",
        "ANY /b/{id} handler NONE",
    ];
    assert_eq!(lines, expected);
    let token = lambda(&template, "Token");
    assert_eq!(
        (token.function.as_str(), token.ttl.as_secs()),
        ("guard", 60)
    );
    assert!(
        matches!(&token.identity, Identity::Token { header, validation: Some(_) } if header == "X-Token")
    );
    let request = lambda(&template, "Request");
    assert_eq!(request.ttl.as_secs(), 300);
    let expected = [
        IdentitySource::Header("Authorization".to_owned()),
        IdentitySource::QueryString("q".to_owned()),
        IdentitySource::Context("path".to_owned()),
    ];
    assert!(
        matches!(&request.identity, Identity::Request { sources } if sources.as_slice() == expected)
    );
    let ApiKind::Rest {
        responses,
        binary_media_types,
    } = &template.api.kind
    else {
        panic!("{:?}", template.api)
    };
    let response = &responses["UNAUTHORIZED"];
    assert_eq!(
        (
            response.headers.len(),
            response.templates["application/json"].as_str()
        ),
        (1, "{}")
    );
    assert_eq!(binary_media_types.as_slice(), ["image/png"]);
    assert_eq!(
        template.warnings,
        [
            "Resources/Handler/Properties/Events/Gone/Properties: the DefinitionBody has no such route, so the event adds none"
        ]
    );
}

/// SAM adds the properties of the resource to the document.
#[test]
fn an_open_api_document_takes_the_default_authorizer_and_cors() {
    let auth = "      Cors: \"'https://app'\"\n      Auth: {DefaultAuthorizer: Sam, AddDefaultAuthorizerToCorsPreflight: false, \
                Authorizers: {Sam: {FunctionArn: !GetAtt Guard.Arn}}}\n";
    let both = OPEN_API.replacen(
        "      DefinitionBody:\n",
        &format!("{auth}      DefinitionBody:\n"),
        1,
    );
    // SAM adds its default authorizer beside one that only the document has. AWS does not document which one decides.
    let error = read(&both).unwrap_err().to_string();
    let place = "Resources/Api/Properties/DefinitionBody/paths//a/get/security";
    assert!(
        error.starts_with(&format!("{place}: not supported")),
        "{error}"
    );

    let text = both
        .replacen("              security: [{Token: []}]\n", "", 1)
        .replacen("security: [{Request: []}]", "security: [{Sam: []}]", 1);
    assert_eq!(
        routes(&text),
        [
            "GET /a handler Sam",
            "PUT /a handler Sam",
            "POST /b/{id} handler NONE",
            // SAM adds the default authorizer also to an empty list.
            "ANY /b/{id} handler Sam",
            "OPTIONS /a preflight NONE",
            "OPTIONS /b/{id} preflight NONE",
        ]
    );
}

/// Otherwise the route would have no authorizer, or one that requires no scope.
#[test]
fn a_malformed_security_requirement_is_refused() {
    let place = "Resources/Api/Properties/DefinitionBody/paths//a/get/security";
    for (requirement, fault) in [
        ("Token", "a list of objects, found \"Token\""),
        ("null", "a list of objects, found null"),
        (
            "{Token: scope}",
            "lists of strings as scopes, found \"scope\"",
        ),
        ("{Token: [1]}", "lists of strings as scopes, found [1]"),
    ] {
        assert_refused(
            OPEN_API,
            "security: [{Token: []}]",
            &format!("security: [{requirement}]"),
            &format!("{place}: expected {fault}"),
        );
    }
}

#[test]
fn a_member_of_an_open_api_document_that_would_change_an_answer_is_refused() {
    fn check(from: &str, to: &str, expected: &str) {
        let place = format!("Resources/Api/Properties/DefinitionBody/{expected}");
        assert_refused(OPEN_API, from, to, &place);
    }
    let not = "not supported on one machine";
    check(
        "x-vendor: {anything: 1}",
        "x-amazon-apigateway-policy: {Statement: []}",
        &format!("x-amazon-apigateway-policy: {not}"),
    );
    check(
        "x-vendor: {anything: 1}",
        "x-amazon-apigateway-polcy: 1",
        "x-amazon-apigateway-polcy: unknown property of an OpenAPI document",
    );
    check(
        "x-vendor: {anything: 1}",
        "pahts: {}",
        "pahts: unknown property of an OpenAPI document",
    );
    check(
        "x-vendor: {anything: 1}",
        "security: [{Token: []}]",
        &format!("security: {not}"),
    );
    check(
        "type: aws_proxy",
        "type: mock",
        &format!("paths//a/get/x-amazon-apigateway-integration/type: {not}"),
    );
    check(
        "type: aws_proxy",
        "type: aws_proxy, requestParameters: {a: b}",
        &format!("paths//a/get/x-amazon-apigateway-integration/requestParameters: {not}"),
    );
    check(
        "${Handler.Arn}",
        "${Guard}-other",
        "paths//a/get/x-amazon-apigateway-integration/uri: no function of the template is named `guard-other`",
    );
    check(
        "security: [{Token: []}]",
        "security: [{Token: []}, {Request: []}]",
        &format!("paths//a/get/security: {not}"),
    );
    check(
        "security: [{Token: []}]",
        "security: [{Absent: []}]",
        "paths//a/get/security: no authorizer of the API is named `Absent`",
    );
    check(
        "security: [{Token: []}]",
        "x-amazon-apigateway-request-validator: all",
        &format!("paths//a/get/x-amazon-apigateway-request-validator: {not}"),
    );
    check(
        "x-amazon-apigateway-authtype: custom\n            x-amazon-apigateway-authorizer",
        "x-amazon-apigateway-authtype: awsSigv4\n            x-x",
        &format!("securityDefinitions/Token/x-amazon-apigateway-authtype: {not}"),
    );
    check(
        "type: token",
        "type: cognito_user_pools, providerARNs: [x]",
        &format!("securityDefinitions/Token/x-amazon-apigateway-authorizer/providerARNs: {not}"),
    );
    check(
        "type: token",
        "type: jwt",
        &format!("securityDefinitions/Token/x-amazon-apigateway-authorizer/type: {not}"),
    );
    check(
        "method.request.header.Authorization",
        "method.request.path.x",
        "securityDefinitions/Request/x-amazon-apigateway-authorizer/identitySource: expected identity sources",
    );
    check(
        "UNAUTHORIZED:",
        "UNAUTHORISED:",
        "x-amazon-apigateway-gateway-responses/UNAUTHORISED: unknown type of gateway response",
    );
    check(
        "gatewayresponse.header.X-A",
        "gatewayresponse.path.x",
        "x-amazon-apigateway-gateway-responses/UNAUTHORIZED/responseParameters: expected gatewayresponse.header.NAME",
    );
    check(
        "\"/b/{id}\":",
        "\"/a/\":\n            get: {<<: *get}\n          \"/b/{id}\":",
        "paths//a//get: the method and path are already defined",
    );
}

#[test]
fn an_open_api_document_of_an_http_api() {
    let template = read(OPEN_HTTP_API).unwrap();
    let lines: Vec<_> = template
        .api
        .routes
        .iter()
        .map(|route| {
            let Integration::Function { name, payload, .. } = &route.integration else {
                panic!("{route:?}")
            };
            format!(
                "{} {name} {payload:?} {:?} {:?}",
                route.key(),
                route.authorizer,
                route.scopes
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            r#"$default handler V2 None []"#,
            r#"GET /a handler V2 Some("Simple") []"#,
            r#"GET /b handler V1 Some("Jwt") ["read"]"#,
        ]
    );
    assert!(
        matches!(&lambda(&template, "Simple").identity, Identity::Http { simple: true, sources, .. } if sources.len() == 2)
    );
    assert!(
        matches!(&template.api.authorizers["Jwt"], TemplateAuthorizer::Jwt(jwt) if jwt.audience == ["a"])
    );
    assert!(
        matches!(&template.api.kind, ApiKind::Http { cors: Some(cors) } if cors.max_age == Some(5))
    );
}

#[test]
fn a_document_beside_the_template_is_included() {
    let folder = std::env::temp_dir().join(format!("local-include-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let document = r#"{"paths": {"/a": {"get": {"x-amazon-apigateway-integration": {"type": "aws_proxy", "uri": {"Fn::GetAtt": ["Handler", "Arn"]}}}}}}"#;
    std::fs::write(folder.join("api.json"), document).unwrap();
    let read = |location: &str| {
        let text = format!(
            r#"
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      DefinitionBody: {{Fn::Transform: {{Name: AWS::Include, Parameters: {{Location: {location}}}}}}}
  Handler: {{Type: AWS::Serverless::Function, Metadata: {{BuildProperties: {{Binary: handler}}}}}}
"#
        );
        let given = Given {
            folder: folder.clone(),
            region: "us-east-1".to_owned(),
            ..Given::default()
        };
        let template = Template::read(&text, &given);
        template
            .map(|template| template.api.routes.iter().map(line).collect::<Vec<_>>())
            .map_err(|error| error.to_string())
    };
    assert_eq!(read("./api.json").unwrap(), ["GET /a handler NONE"]);
    let place = "Resources/Api/Properties/DefinitionBody: ";
    let s3 = read("s3://bucket/api.json").unwrap_err();
    assert!(
        s3.starts_with(&format!(
            "{place}not supported on one machine: the file s3://"
        )),
        "{s3}"
    );
    let missing = read("nowhere.json").unwrap_err();
    assert!(
        missing.starts_with(&format!("{place}the included file cannot be read: ")),
        "{missing}"
    );
    std::fs::remove_dir_all(folder).unwrap();
}

/// The same code reads SAM's, which have other names for the same properties.
#[test]
fn a_fault_of_a_gateway_response_or_of_cors_has_the_names_of_open_api() {
    let place = "Resources/Api/Properties/DefinitionBody/x-amazon-apigateway";
    for (from, to, expected) in [
        ("statusCode: 401", "statusCode: x", "statusCode: expected"),
        (
            "responseTemplates: {application/json: \"{}\"}",
            "responseTemplates: [x]",
            "responseTemplates: expected",
        ),
        ("\"'a'\"", "[x]", "responseParameters"),
    ] {
        let expected = format!("{place}-gateway-responses/UNAUTHORIZED/{expected}");
        assert_refused(OPEN_API, from, to, &expected);
    }
    for (from, to, expected) in [
        ("maxAge: 5", "maxAge: x", "maxAge: expected"),
        ("[https://app]", "{a: b}", "allowOrigins: expected"),
    ] {
        assert_refused(OPEN_HTTP_API, from, to, &format!("{place}-cors/{expected}"));
    }
}

#[test]
fn a_fault_of_an_authorizer_has_the_names_of_open_api() {
    let check = |template: &str, from: &str, to: &str, expected: &str| {
        let place = "Resources/Api/Properties/DefinitionBody";
        let authorizer = "x-amazon-apigateway-authorizer";
        assert_refused(
            template,
            from,
            to,
            &format!("{place}/{}", expected.replace('@', authorizer)),
        );
    };
    let rest = |from: &str, to: &str, expected: &str| {
        check(
            OPEN_API,
            from,
            to,
            &format!("securityDefinitions/{expected}"),
        );
    };
    let http = |from: &str, to: &str, expected: &str| {
        check(
            OPEN_HTTP_API,
            from,
            to,
            &format!("components/securitySchemes/{expected}"),
        );
    };
    rest(
        "{type: token, authorizerUri: !Sub",
        "{type: token, x-uri: !Sub",
        "Token/@: `authorizerUri` is missing",
    );
    rest(
        "${Guard.Arn}/",
        "x/",
        "Token/@/authorizerUri: no function of the template is named `x`",
    );
    rest(
        "authorizerResultTtlInSeconds: 60",
        "authorizerResultTtlInSeconds: 3601",
        "Token/@/authorizerResultTtlInSeconds: expected at most 3600 seconds",
    );
    rest(
        "\"Bearer .+\"",
        "\"(\"",
        "Token/@/identityValidationExpression: expected",
    );
    rest(
        "identitySource: \"method.request.header.Authorization, method.request.querystring.q,context.path\", ",
        "",
        "Request/@/identitySource: expected an identity source for a REQUEST authorizer with a cache, or \
         authorizerResultTtlInSeconds: 0",
    );
    http(
        "authorizerPayloadFormatVersion: \"2.0\", ",
        "",
        "Simple/@: `authorizerPayloadFormatVersion` is missing",
    );
    http(
        "authorizerPayloadFormatVersion: \"2.0\", ",
        "authorizerPayloadFormatVersion: \"1.0\", ",
        "Simple/@/enableSimpleResponses: expected authorizerPayloadFormatVersion \"2.0\"",
    );
    http(
        "identitySource: $request.header.Authorization, ",
        "",
        "Jwt/@: `identitySource` is missing",
    );
    http(
        ", audience: [a]",
        "",
        "Jwt/@/jwtConfiguration: `audience` is missing",
    );
}
