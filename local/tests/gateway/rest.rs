//! The decision table of a REST API.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use local::lambda::invocation::InvocationOutcome;
use local::request_body::BodyTooLarge;
use serde_json::{Value, json};

use crate::support::{Api, Row, failure, header, policy, success, text};

const TEMPLATE: &str = r#"
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth:
        DefaultAuthorizer: Cached
        AddDefaultAuthorizerToCorsPreflight: false
        Authorizers:
          Cached: {FunctionArn: !GetAtt Guard.Arn, Identity: {ReauthorizeEvery: 60}}
          Uncached: {FunctionArn: !GetAtt Guard.Arn, Identity: {Header: X-Token, ValidationExpression: "Bearer .+", ReauthorizeEvery: 0}}
          Optional: {FunctionArn: !GetAtt Guard.Arn, FunctionPayloadType: REQUEST, Identity: {ReauthorizeEvery: 0}}
          Keyed: {FunctionArn: !GetAtt Guard.Arn, FunctionPayloadType: REQUEST, Identity: {Headers: [Authorization], QueryStrings: [tenant], ReauthorizeEvery: 60}}
      GatewayResponses:
        UNAUTHORIZED:
          StatusCode: 401
          ResponseParameters: {Headers: {Access-Control-Allow-Origin: "'https://app'", WWW-Authenticate: "'Bearer'"}}
          ResponseTemplates: {application/json: '{"message":$context.error.messageString,"id":"$context.requestId","kind":"$context.error.responseType"}'}
        DEFAULT_5XX: {ResponseParameters: {Headers: {Access-Control-Allow-Origin: method.request.header.Origin}}}
  Guard:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: guard}}
  Handler:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: handler}}
    Properties:
      Events:
        Cached: {Type: Api, Properties: {RestApiId: !Ref Api, Path: "/cached/{id}", Method: ANY}}
        Other: {Type: Api, Properties: {RestApiId: !Ref Api, Path: "/other", Method: GET}}
        Preflight: {Type: Api, Properties: {RestApiId: !Ref Api, Path: "/cached/{id}", Method: OPTIONS}}
        Uncached: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /uncached, Method: GET, Auth: {Authorizer: Uncached}}}
        Optional: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /optional, Method: GET, Auth: {Authorizer: Optional}}}
        Keyed: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /keyed, Method: GET, Auth: {Authorizer: Keyed}}}
        Open: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /open, Method: ANY, Auth: {Authorizer: NONE}}}
        Hasty: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /hasty, Method: GET, TimeoutInMillis: 5, Auth: {Authorizer: NONE}}}
"#;

fn allow() -> InvocationOutcome {
    success(&policy("Allow", "*"))
}

/// Pages of API Gateway's developer guide, and reports of its answers.
const RESPONSE_TYPES: &str = "supported-gateway-response-types";
const IDENTITY: &str = "configure-api-gateway-lambda-authorization";
const QUOTAS: &str = "limits";
const ERRORS: &str = "auth0-samples/jwt-rsa-aws-custom-authorizer#6, serverless/examples#305";
const VERDICTS: &str = "aws/chalice#971, aws-amplify/amplify-cli#4492";

/// A row that the handler answers without an authorizer.
fn row(request: &str) -> Row<'_> {
    Row {
        source: RESPONSE_TYPES,
        request,
        headers: &[],
        guard: allow(),
        status: 200,
        body: "hello",
        error_type: "",
        invoked: 0,
    }
}

const MISSING_TOKEN: &str = r#"{"message":"Missing Authentication Token"}"#;
const FORBIDDEN: &str = r#"{"message":"Forbidden"}"#;
const TOO_LONG: &str = r#"{"message":"Request URI too long"}"#;
const UNAUTHORIZED: &str = r#"{"message":"Unauthorized","#;
const NULL: &str = r#"{"message":null}"#;

#[tokio::test]
async fn decisions_before_the_authorizer() {
    let rejected = |request, status, body, error_type| Row {
        status,
        body,
        error_type,
        ..row(request)
    };
    let missing = |request| {
        rejected(
            request,
            403,
            MISSING_TOKEN,
            "MissingAuthenticationTokenException",
        )
    };
    let other_stage = |request| rejected(request, 403, FORBIDDEN, "ForbiddenException");
    let long = format!("GET /prod/cached/{}", "x".repeat(1600));
    let long_and_open = long.replace("GET", "OPTIONS");
    let big = format!("X-Big: {}", "x".repeat(10_240));
    let rows = [
        missing("GET /prod/nowhere"),
        missing("POST /prod/other"),
        missing("GET /prod"),
        other_stage("GET /dev/open"),
        other_stage("GET /production/open"),
        row("GET /prod/open"),
        row("GET /prod/open/"),
        row("OPTIONS /prod/cached/1"),
        Row {
            source: QUOTAS,
            ..rejected(&long, 414, TOO_LONG, "RequestUriTooLongException")
        },
        // The limit applies to a method with an authorizer.
        Row {
            source: QUOTAS,
            ..row(&long_and_open)
        },
        Row {
            source: QUOTAS,
            headers: &[&big],
            ..rejected(
                "GET /prod/open",
                431,
                "{",
                "RequestHeaderFieldsTooLargeException",
            )
        },
    ];
    for row in rows {
        row.check(TEMPLATE).await;
    }
}

#[tokio::test]
async fn decisions_about_the_identity_source() {
    fn allowed<'a>(request: &'a str, headers: &'a [&'a str]) -> Row<'a> {
        Row {
            source: IDENTITY,
            headers,
            invoked: 1,
            ..row(request)
        }
    }
    fn rejected<'a>(request: &'a str, headers: &'a [&'a str]) -> Row<'a> {
        Row {
            source: IDENTITY,
            headers,
            status: 401,
            body: UNAUTHORIZED,
            error_type: "UnauthorizedException",
            ..row(request)
        }
    }
    let rows = [
        rejected("GET /prod/cached/1", &[]),
        rejected("GET /prod/cached/1", &["Authorization: "]),
        allowed("GET /prod/cached/1", &["AUTHORIZATION: t"]),
        allowed("GET /prod/uncached", &["X-Token: Bearer t"]),
        // The expression must match the whole value.
        rejected("GET /prod/uncached", &["X-Token: A Bearer t"]),
        rejected("GET /prod/uncached", &["X-Token: Bearer"]),
        // Without a cache a REQUEST authorizer is invoked for every caller.
        allowed("GET /prod/optional", &[]),
        rejected("GET /prod/keyed", &["Authorization: t"]),
        rejected("GET /prod/keyed?tenant=", &["Authorization: t"]),
        rejected("GET /prod/keyed?Tenant=1", &["Authorization: t"]),
        allowed("GET /prod/keyed?tenant=1", &["Authorization: t"]),
    ];
    for row in rows {
        row.check(TEMPLATE).await;
    }
}

/// A row for a caller with a token, about whom the authorizer answers `guard`.
fn answered(guard: InvocationOutcome) -> Row<'static> {
    Row {
        headers: &["Authorization: t"],
        guard,
        invoked: 1,
        ..row("GET /prod/other")
    }
}

#[tokio::test]
async fn errors_and_malformed_answers_of_the_authorizer() {
    Row {
        source: ERRORS,
        status: 401,
        body: UNAUTHORIZED,
        error_type: "UnauthorizedException",
        ..answered(failure("Unauthorized"))
    }
    .check(TEMPLATE)
    .await;
    let messages = [
        "unauthorized",
        "Unauthorized ",
        "Unauthorized: expired",
        "no keys",
        "",
    ];
    let mut outcomes: Vec<_> = messages.into_iter().map(failure).collect();
    let answers = [
        json!(null),
        json!("x"),
        json!({"isAuthorized": true}),
        json!({"statusCode": 401}),
    ];
    outcomes.extend(answers.iter().map(success));
    let mut nested = policy("Allow", "*");
    nested["context"]["groups"] = json!(["a"]);
    outcomes.push(success(&nested));
    let mut unknown_operator = policy("Allow", "*");
    unknown_operator["policyDocument"]["Statement"][0]["Condition"] =
        json!({"StringMatches": {"aws:UserAgent": "*"}});
    outcomes.push(success(&unknown_operator));
    for outcome in outcomes {
        Row {
            source: ERRORS,
            status: 500,
            body: NULL,
            error_type: "AuthorizerConfigurationException",
            ..answered(outcome)
        }
        .check(TEMPLATE)
        .await;
    }
}

#[tokio::test]
async fn an_authorizer_that_api_gateway_may_not_invoke_is_500() {
    let forbidden = TEMPLATE.replace(
        "Cached: {FunctionArn",
        "Cached: {DisableFunctionDefaultPermissions: true, FunctionArn",
    );
    let rows = [
        Row {
            source: "api-gateway-rest-api-lambda-integrations",
            status: 500,
            body: NULL,
            error_type: "AuthorizerConfigurationException",
            invoked: 0,
            ..answered(allow())
        },
        // The identity source is missing.
        Row {
            source: IDENTITY,
            status: 401,
            body: r#"{"message":"Unauthorized""#,
            error_type: "UnauthorizedException",
            ..row("GET /prod/other")
        },
    ];
    for row in rows {
        row.check(&forbidden).await;
    }
}

#[tokio::test]
async fn verdicts_of_the_policy() {
    const IMPLICIT: &str = r#"{"Message":"User is not authorized to access this resource"}"#;
    const EXPLICIT: &str =
        r#"{"Message":"User is not authorized to access this resource with an explicit deny"#;
    let denied = |effect, path, body| Row {
        source: VERDICTS,
        status: 403,
        body,
        error_type: "AccessDeniedException",
        ..answered(success(&policy(effect, path)))
    };
    let rows = [
        denied("Deny", "*", EXPLICIT),
        denied("Allow", "PUT/*", IMPLICIT),
        denied("Deny", "PUT/*", IMPLICIT),
        // The resource's path template (`{id}`) in a policy matches no path.
        Row {
            request: "GET /prod/cached/1",
            ..denied("Allow", "GET/cached/{id}", IMPLICIT)
        },
        Row {
            request: "GET /prod/cached/1",
            ..answered(success(&policy("Allow", "GET/cached/?")))
        },
    ];
    for row in rows {
        row.check(TEMPLATE).await;
    }
}

#[tokio::test]
async fn a_cached_policy_is_evaluated_for_each_method() {
    let api = Api::of(TEMPLATE).guard(success(&policy("Allow", "GET/other")));
    assert_eq!(
        api.send("GET /prod/other", &["Authorization: t"])
            .await
            .status(),
        200
    );
    assert_eq!(
        api.send("GET /prod/cached/1", &["Authorization: t"])
            .await
            .status(),
        403
    );
    assert_eq!(
        api.send("GET /prod/other", &["Authorization: t"])
            .await
            .status(),
        200
    );
    assert_eq!(api.invoked("guard"), 1);
    assert_eq!(
        api.last_event("handler")["requestContext"]["authorizer"]["integrationLatency"],
        0
    );
    assert_eq!(
        api.send("GET /prod/other", &["Authorization: other"])
            .await
            .status(),
        200
    );
    assert_eq!(api.invoked("guard"), 2);
}

#[tokio::test]
async fn a_cached_answer_expires() {
    let api = Api::of(TEMPLATE);
    let send = || api.send("GET /prod/other", &["Authorization: t"]);
    assert_eq!(send().await.status(), 200);
    *api.functions.guard.lock().unwrap() = failure("Unauthorized");
    api.clock.advance(Duration::from_millis(59_999));
    assert_eq!(send().await.status(), 200);
    assert_eq!(api.invoked("guard"), 1);
    api.clock.advance(Duration::from_millis(1));
    assert_eq!(send().await.status(), 401);
    // A 401 is not cached.
    assert_eq!(send().await.status(), 401);
    assert_eq!(api.invoked("guard"), 3);
}

#[tokio::test]
async fn a_deny_is_cached_too() {
    let api = Api::of(TEMPLATE).guard(success(&policy("Deny", "*")));
    for _ in 0..2 {
        assert_eq!(
            api.send("GET /prod/other", &["Authorization: t"])
                .await
                .status(),
            403
        );
    }
    assert_eq!(api.invoked("guard"), 1);
}

#[tokio::test]
async fn cached_answers_are_keyed_by_authorizer_and_identity_values() {
    let api = Api::of(TEMPLATE);
    api.send("GET /prod/keyed?tenant=1", &["Authorization: t"])
        .await;
    api.send("GET /prod/keyed?tenant=1", &["Authorization: t"])
        .await;
    assert_eq!(api.invoked("guard"), 1);
    api.send("GET /prod/keyed?tenant=2", &["Authorization: t"])
        .await;
    assert_eq!(api.invoked("guard"), 2);
    api.send("GET /prod/other", &["Authorization: t"]).await;
    assert_eq!(api.invoked("guard"), 3);
    for _ in 0..2 {
        api.send("GET /prod/optional", &["Authorization: t"]).await;
    }
    assert_eq!(api.invoked("guard"), 5);
}

#[tokio::test]
async fn a_condition_on_the_time_applies_to_a_cached_policy() {
    let mut answer = policy("Allow", "*");
    answer["policyDocument"]["Statement"][0]["Condition"] =
        json!({"DateLessThan": {"aws:CurrentTime": "2023-11-14T22:13:30Z"}});
    let api = Api::of(TEMPLATE).guard(success(&answer));
    assert_eq!(
        api.send("GET /prod/other", &["Authorization: t"])
            .await
            .status(),
        200
    );
    api.clock.advance(Duration::from_secs(10));
    assert_eq!(
        api.send("GET /prod/other", &["Authorization: t"])
            .await
            .status(),
        403
    );
    assert_eq!(api.invoked("guard"), 1);
}

#[tokio::test]
async fn gateway_responses_follow_the_template() {
    let api = Api::of(TEMPLATE);
    let response = api.send("GET /prod/other", &["Origin: https://evil"]).await;
    assert_eq!(
        header(&response, "access-control-allow-origin"),
        "https://app"
    );
    assert_eq!(header(&response, "www-authenticate"), "Bearer");
    assert_eq!(header(&response, "content-type"), "application/json");
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    let id = header(&response, "x-amzn-requestid");
    assert_eq!(
        body,
        json!({"message": "Unauthorized", "id": id, "kind": "UNAUTHORIZED"})
    );
    // A type that the template does not name has the default's headers. Their value may come from the request.
    let api = Api::of(TEMPLATE).guard(failure("no keys"));
    let response = api
        .send(
            "GET /prod/other",
            &["Authorization: t", "Origin: https://app"],
        )
        .await;
    assert_eq!(response.status(), 500);
    assert_eq!(
        header(&response, "access-control-allow-origin"),
        "https://app"
    );
    assert_eq!(text(&response), r#"{"message":null}"#);
    // A type without headers has none.
    let response = api
        .send("GET /prod/nowhere", &["Origin: https://app"])
        .await;
    assert_eq!(header(&response, "access-control-allow-origin"), "");
}

/// A variable without a value is the empty string, so the body stays JSON.
#[tokio::test]
async fn a_denial_may_show_values_of_the_authorizers_context() {
    let responses = r#"      GatewayResponses:
        ACCESS_DENIED: {ResponseTemplates: {application/json: '{"Message":$context.error.messageString,"stepUp":"$context.authorizer.stepUp"}'}}"#;
    let template = TEMPLATE.replace("      GatewayResponses:", responses);
    for (context, expected) in [
        (json!({"stepUp": "acr:2 acr:3"}), "acr:2 acr:3"),
        (json!({"other": 1}), ""),
    ] {
        let mut answer = policy("Deny", "*");
        answer["context"] = context;
        let api = Api::of(&template).guard(success(&answer));
        let response = api.send("GET /prod/other", &["Authorization: t"]).await;
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(
            body,
            json!({
                "Message": "User is not authorized to access this resource with an explicit deny in an identity-based policy",
                "stepUp": expected,
            })
        );
    }
}

#[tokio::test]
async fn a_token_event_has_three_members_and_the_path_as_sent() {
    let api = Api::of(TEMPLATE);
    api.send(
        "GET /prod/cached/a%2Fb%20c?q=1",
        &["authorization: Bearer t"],
    )
    .await;
    let expected = json!({
        "type": "TOKEN",
        "authorizationToken": "Bearer t",
        "methodArn": "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/GET/cached/a%2Fb%20c",
    });
    assert_eq!(api.last_event("guard"), expected);
}

#[tokio::test]
async fn a_repeated_token_header_is_passed_whole() {
    let api = Api::of(TEMPLATE);
    let twice = ["authorization: Bearer t", "Authorization: Bearer u"];
    api.send("GET /prod/cached/a", &twice).await;
    assert_eq!(
        api.last_event("guard")["authorizationToken"],
        "Bearer t,Bearer u"
    );
}

#[tokio::test]
async fn a_request_event_has_everything_but_the_body() {
    let api = Api::of(TEMPLATE);
    api.send(
        "GET /prod/optional?a=1&a=2&b=x+y",
        &["x-one: 1", "x-two: a", "x-two: b"],
    )
    .await;
    let event = api.last_event("guard");
    assert_eq!(event["type"], "REQUEST");
    assert_eq!(
        event["methodArn"],
        "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/GET/optional"
    );
    assert_eq!(
        (&event["resource"], &event["path"], &event["httpMethod"]),
        (&json!("/optional"), &json!("/optional"), &json!("GET"))
    );
    assert_eq!(
        event["queryStringParameters"],
        json!({"a": "2", "b": "x y"})
    );
    assert_eq!(
        event["multiValueQueryStringParameters"],
        json!({"a": ["1", "2"], "b": ["x y"]})
    );
    assert_eq!(event["headers"]["X-Two"], "b");
    assert_eq!(event["multiValueHeaders"]["X-Two"], json!(["a", "b"]));
    assert_eq!(event["headers"]["X-Forwarded-For"], "127.0.0.1");
    assert_eq!(
        (&event["pathParameters"], &event["stageVariables"]),
        (&json!({}), &json!({}))
    );
    assert!(event.get("body").is_none());
    assert_eq!(event["requestContext"]["identity"]["sourceIp"], "127.0.0.1");
    assert_eq!(event["requestContext"]["stage"], "prod");
}

#[tokio::test]
async fn a_proxy_event_has_the_authorizers_context_as_strings() {
    let api = Api::of(TEMPLATE);
    api.send("GET /prod/cached/a%2Fb/", &["Authorization: t"])
        .await;
    let event = api.last_event("handler");
    assert_eq!(
        (&event["resource"], &event["path"]),
        (&json!("/cached/{id}"), &json!("/cached/a%2Fb/"))
    );
    assert_eq!(event["pathParameters"], json!({"id": "a%2Fb"}));
    assert_eq!(event["requestContext"]["path"], "/prod/cached/a%2Fb/");
    assert_eq!(
        event["requestContext"]["requestTime"],
        "14/Nov/2023:22:13:20 +0000"
    );
    assert_eq!(
        event["requestContext"]["requestTimeEpoch"],
        1_700_000_000_000_u64
    );
    let mut authorizer = event["requestContext"]["authorizer"].clone();
    assert!(authorizer["integrationLatency"].take().is_u64());
    let expected = json!({"principalId": "p", "signedIn": "true", "exp": "5", "scope": "a b", "integrationLatency": null});
    assert_eq!(authorizer, expected);
    for empty in [
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "stageVariables",
        "body",
    ] {
        assert_eq!(event[empty], Value::Null, "{empty}");
    }
    assert_eq!(event["isBase64Encoded"], false);
}

#[tokio::test]
async fn a_public_method_has_no_authorizer_in_its_event() {
    let api = Api::of(TEMPLATE);
    api.send("GET /prod/open", &["Authorization: t"]).await;
    assert!(
        api.last_event("handler")["requestContext"]
            .get("authorizer")
            .is_none()
    );
}

#[tokio::test]
async fn proxy_answers() {
    async fn check(answer: Value, status: u16, headers: &[(&str, &str)], body: &str) {
        let response = Api::of(TEMPLATE)
            .handler(success(&answer))
            .send("GET /prod/open", &[])
            .await;
        assert_eq!(response.status().as_u16(), status, "{answer}");
        assert_eq!(text(&response), body, "{answer}");
        for (name, expected) in headers {
            let found: Vec<_> = response
                .headers()
                .get_all(*name)
                .iter()
                .map(|value| value.to_str().unwrap())
                .collect();
            assert_eq!(found.join("|"), *expected, "{answer} {name}");
        }
    }
    let malformed = r#"{"message": "Internal server error"}"#.replace(": ", ":");
    check(
        json!({"statusCode": 201, "body": "x"}),
        201,
        &[("content-type", "application/json")],
        "x",
    )
    .await;
    check(json!({"statusCode": "204"}), 204, &[], "").await;
    check(json!({}), 200, &[], "").await;
    check(
        json!({"statusCode": 200, "body": null, "headers": null, "multiValueHeaders": null}),
        200,
        &[],
        "",
    )
    .await;
    check(
        json!({"headers": {"content-type": "a/b", "X-N": 5}}),
        200,
        &[("content-type", "a/b"), ("x-n", "5")],
        "",
    )
    .await;
    check(
        json!({"multiValueHeaders": {"Set-Cookie": ["a", "b"]}}),
        200,
        &[("set-cookie", "a|b")],
        "",
    )
    .await;
    check(
        json!({"headers": {"x": "a"}, "multiValueHeaders": {"X": ["a", "b"]}}),
        200,
        &[("x", "a|b")],
        "",
    )
    .await;
    let remapped = [
        ("x-amzn-remapped-www-authenticate", "Bearer"),
        ("www-authenticate", ""),
        ("x-amzn-remapped-date", "now"),
    ];
    check(
        json!({"headers": {"WWW-Authenticate": "Bearer", "Date": "now"}}),
        200,
        &remapped,
        "",
    )
    .await;
    // Without binaryMediaTypes the body is sent unchanged.
    check(
        json!({"body": "aGk=", "isBase64Encoded": true}),
        200,
        &[],
        "aGk=",
    )
    .await;
    check(
        json!("x"),
        502,
        &[("x-amzn-errortype", "InternalServerErrorException")],
        &malformed,
    )
    .await;
    check(json!(null), 502, &[], &malformed).await;
    for status in [99, 100, 101, 103] {
        check(json!({"statusCode": status}), 502, &[], &malformed).await;
    }
    check(
        json!({"statusCode": 200, "body": {"a": 1}}),
        502,
        &[],
        &malformed,
    )
    .await;
    check(json!({"statusCode": 200, "extra": 1}), 502, &[], &malformed).await;
    check(json!({"headers": {"x": ["a"]}}), 502, &[], &malformed).await;
}

/// lambda-proxy-binary-media: "API Gateway uses the first `Accept` header from clients to determine if a response should
/// return binary media"; the media type of the answer has no effect. `open`: a request without that header.
#[tokio::test]
async fn a_body_is_decoded_only_if_the_first_accepted_media_type_is_binary() {
    async fn check(media_types: &str, accept: Option<&str>, expected: &str) {
        let properties = format!("StageName: prod\n      BinaryMediaTypes: [{media_types}]");
        let answer = json!({
            "headers": {"Content-Type": "image/png"}, "body": "aGk=", "isBase64Encoded": true,
        });
        let header = accept.map(|accept| format!("Accept: {accept}"));
        let headers: Vec<_> = header.iter().map(String::as_str).collect();
        let response = Api::of(&TEMPLATE.replacen("StageName: prod", &properties, 1))
            .handler(success(&answer))
            .send("GET /prod/open", &headers)
            .await;
        assert_eq!(text(&response), expected, "{media_types} {accept:?}");
    }
    check("image~1png", Some("image/png"), "hi").await;
    check("image~1png", Some("image/png;q=0.9, */*"), "hi").await;
    check("image~1*", Some("image/webp"), "hi").await;
    check("\"*~1*\"", Some("text/html"), "hi").await;
    check("image~1png", Some("image/avif,image/png,*/*"), "aGk=").await;
    check("image~1png", Some("*/*"), "aGk=").await;
    check("image~1png", None, "aGk=").await;
}

#[tokio::test]
async fn a_failing_function_is_502_and_a_slow_one_504() {
    let response = Api::of(TEMPLATE)
        .handler(failure("boom"))
        .send("GET /prod/open", &[])
        .await;
    assert_eq!(
        (response.status().as_u16(), text(&response)),
        (502, r#"{"message":"Internal server error"}"#)
    );
    let api = Api::of(TEMPLATE);
    *api.functions.handler_takes.lock().unwrap() = Duration::from_secs(60);
    let response = api.send("GET /prod/hasty", &[]).await;
    assert_eq!(
        (response.status().as_u16(), text(&response)),
        (504, r#"{"message":"Endpoint request timed out"}"#)
    );
}

/// SAM's `Cors` creates a mock method. The default authorizer guards it, unless the template turns that off.
#[tokio::test]
async fn preflights_of_cors_are_answered_by_the_gateway() {
    let open = TEMPLATE.replacen(
        "      Auth:\n",
        "      Cors: {AllowOrigin: \"'https://app'\", AllowHeaders: \"'authorization'\"}\n      Auth:\n",
        1,
    );
    let api = Api::of(&open);
    let response = api.send("OPTIONS /prod/other", &[]).await;
    assert_eq!((response.status().as_u16(), text(&response)), (200, "{}\n"));
    let expected = [
        ("access-control-allow-origin", "https://app"),
        ("access-control-allow-headers", "authorization"),
        ("access-control-allow-methods", "GET,OPTIONS"),
        ("content-type", "application/json"),
    ];
    for (name, value) in expected {
        assert_eq!(header(&response, name), value);
    }
    let any = api.send("OPTIONS /prod/open", &[]).await;
    let verbs = "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT";
    assert_eq!(header(&any, "access-control-allow-methods"), verbs);
    // A path that has an `OPTIONS` method keeps it.
    assert_eq!(
        text(&api.send("OPTIONS /prod/cached/1", &[]).await),
        "hello"
    );
    assert_eq!(api.invoked("guard"), 0);

    let guarded = open.replacen(
        "        AddDefaultAuthorizerToCorsPreflight: false\n",
        "",
        1,
    );
    let response = Api::of(&guarded).send("OPTIONS /prod/other", &[]).await;
    assert_eq!(response.status(), 401);
}

#[tokio::test]
async fn bodies_that_are_too_large_never_reach_a_function() {
    let api = Api::of(TEMPLATE);
    let source = IpAddr::from([127, 0, 0, 1]);
    let mut unread = Request::post("/prod/open").body(Bytes::new()).unwrap();
    unread.extensions_mut().insert(BodyTooLarge);
    assert_eq!(api.gateway.answer(unread, source).await.status(), 413);
    let body = Bytes::from(vec![b'x'; 6 * 1024 * 1024]);
    let over_lambdas = Request::post("/prod/open").body(body).unwrap();
    assert_eq!(api.gateway.answer(over_lambdas, source).await.status(), 413);
    assert_eq!(api.invoked("handler"), 0);
}

/// No template causes such an API, but a fault of ours must not open a route.
#[tokio::test]
async fn a_route_with_an_unknown_authorizer_is_not_open() {
    let api = Api::changed(TEMPLATE, |api| api.authorizers.clear());
    assert_eq!(
        api.send("GET /prod/other", &["Authorization: t"])
            .await
            .status(),
        500
    );
    assert_eq!(api.invoked("handler"), 0);
}
