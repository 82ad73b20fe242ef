//! The decision table of an HTTP API, and the rules for its Lambda authorizers. Each row has its source: a page of API
//! Gateway's developer guide, a report, or `open` where AWS documents nothing and `ARCHITECTURE.md` has the choice.

use std::time::Duration;

use local::gateway::access_log::AccessLine;
use local::gateway::decided::DecidedBy;
use local::lambda::invocation::InvocationOutcome;
use local::template::api::TemplateAuthorizer;
use serde_json::{Value, json};

use crate::support::{Api, Row, failure, policy_of_stage, success, text};

pub(crate) const TEMPLATE: &str = r#"
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      StageVariables: {env: test}
      Auth:
        Authorizers:
          Simple: {FunctionArn: !GetAtt Guard.Arn, AuthorizerPayloadFormatVersion: "2.0", EnableSimpleResponses: true, Identity: {Headers: [Authorization], ReauthorizeEvery: 60}}
          PerRoute: {FunctionArn: !GetAtt Guard.Arn, AuthorizerPayloadFormatVersion: "2.0", EnableSimpleResponses: true, Identity: {Headers: [Authorization], Context: [routeKey], ReauthorizeEvery: 60}}
          Uncached: {FunctionArn: !GetAtt Guard.Arn, AuthorizerPayloadFormatVersion: "2.0", EnableSimpleResponses: true, Identity: {Headers: [Authorization], QueryStrings: [q]}}
          Anyone: {FunctionArn: !GetAtt Guard.Arn, AuthorizerPayloadFormatVersion: "2.0", EnableSimpleResponses: true}
          Policy: {FunctionArn: !GetAtt Guard.Arn, AuthorizerPayloadFormatVersion: "2.0", Identity: {Headers: [Authorization], ReauthorizeEvery: 60}}
          Everything: {FunctionArn: !GetAtt Guard.Arn, AuthorizerPayloadFormatVersion: "2.0", EnableSimpleResponses: true, Identity: {Headers: [X-A, X-B], QueryStrings: [q], StageVariables: [env], Context: [routeKey, identity.sourceIp]}}
          NoVariable: {FunctionArn: !GetAtt Guard.Arn, AuthorizerPayloadFormatVersion: "2.0", EnableSimpleResponses: true, Identity: {StageVariables: [absent]}}
          OldTwo: {FunctionArn: !GetAtt Guard.Arn, AuthorizerPayloadFormatVersion: "1.0", Identity: {Headers: [X-A, X-B]}}
          Old: {FunctionArn: !GetAtt Guard.Arn, AuthorizerPayloadFormatVersion: "1.0", Identity: {Headers: [Authorization]}}
  Guard:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: guard}}
  Permission:
    Type: AWS::Lambda::Permission
    Properties: {Action: lambda:InvokeFunction, FunctionName: !Ref Guard, Principal: apigateway.amazonaws.com}
  Handler:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: handler}}
    Properties:
      Events:
        Open: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /open, Method: ANY}}
        Hasty: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /hasty, Method: GET, TimeoutInMillis: 5}}
        V1: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: "/v1/{id}", Method: GET, PayloadFormatVersion: "1.0", Auth: {Authorizer: Policy}}}
        Simple: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: "/simple/{id}", Method: GET, Auth: {Authorizer: Simple}}}
        Other: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /other, Method: GET, Auth: {Authorizer: Simple}}}
        RouteA: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /route/a, Method: GET, Auth: {Authorizer: PerRoute}}}
        RouteB: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /route/b, Method: GET, Auth: {Authorizer: PerRoute}}}
        Uncached: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /uncached, Method: GET, Auth: {Authorizer: Uncached}}}
        Anyone: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /anyone, Method: GET, Auth: {Authorizer: Anyone}}}
        Policy: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: "/policy/{id}", Method: GET, Auth: {Authorizer: Policy}}}
        Everything: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /everything, Method: GET, Auth: {Authorizer: Everything}}}
        NoVariable: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /no-variable, Method: GET, Auth: {Authorizer: NoVariable}}}
        OldTwo: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /old-two, Method: GET, Auth: {Authorizer: OldTwo}}}
        Old: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /old, Method: GET, Auth: {Authorizer: Old}}}
"#;

pub(crate) const TOKEN: &[&str] = &["Authorization: Bearer t"];
const NOT_FOUND: &str = r#"{"message":"Not Found"}"#;
const UNAUTHORIZED: &str = r#"{"message":"Unauthorized"}"#;
const FORBIDDEN: &str = r#"{"message":"Forbidden"}"#;
pub(crate) const INTERNAL: &str = r#"{"message":"Internal Server Error"}"#;
const TOO_LARGE: &str = r#"{"message":"Request Header Fields Too Large"}"#;

const ROUTES: &str = "http-api-develop-routes";
const AUTHORIZER: &str = "http-api-lambda-authorizer";
const EXTENSION: &str = "api-gateway-swagger-extensions-authorizer";
const TROUBLESHOOTING: &str = "http-api-troubleshooting-lambda";
const QUOTAS: &str = "limits";
/// No page of AWS has the body `Forbidden`.
const FORBIDDEN_BODY: &str = "http-api-lambda-authorizer, the body by a report";
const OPEN: &str = "open";

pub(crate) fn simple(allowed: bool) -> InvocationOutcome {
    let context = json!({"tenant": "acme", "roles": ["a", "b"], "exp": 5, "admin": false});
    success(&json!({"isAuthorized": allowed, "context": context}))
}

pub(crate) fn http_policy(effect: &str, path: &str) -> Value {
    policy_of_stage("$default", effect, path)
}

/// A row that the handler answers without an authorizer.
fn open<'a>(source: &'a str, request: &'a str) -> Row<'a> {
    Row {
        source,
        request,
        headers: &[],
        guard: InvocationOutcome::Success(bytes::Bytes::new()),
        status: 200,
        body: "hello",
        error_type: "",
        invoked: 0,
    }
}

/// A row that the gateway answers without a function.
fn rejected<'a>(source: &'a str, request: &'a str, status: u16, body: &'a str) -> Row<'a> {
    Row {
        status,
        body,
        ..open(source, request)
    }
}

#[tokio::test]
async fn decisions_before_the_authorizer() {
    let big = format!("X-Big: {}", "x".repeat(10_240));
    // The quota is for the request line and the headers together.
    let half = format!("X-Half: {}", "x".repeat(5_200));
    let long = format!("GET /open?x={}", "x".repeat(5_200));
    let rows = [
        rejected(ROUTES, "GET /nowhere", 404, NOT_FOUND),
        rejected(ROUTES, "POST /other", 404, NOT_FOUND),
        rejected(ROUTES, "GET /", 404, NOT_FOUND),
        rejected(ROUTES, "GET /$default/open", 404, NOT_FOUND),
        open(ROUTES, "GET /open"),
        open(ROUTES, "DELETE /open"),
        // A slash at the end is ignored.
        open(OPEN, "GET /open/"),
        Row {
            headers: &[&big],
            ..rejected(QUOTAS, "GET /open", 431, TOO_LARGE)
        },
        open(QUOTAS, &long),
        Row {
            headers: &[&half],
            ..open(QUOTAS, "GET /open")
        },
        Row {
            headers: &[&half],
            ..rejected(QUOTAS, &long, 431, TOO_LARGE)
        },
    ];
    for row in rows {
        row.check(TEMPLATE).await;
    }
}

/// An authorizer may have no identity source. A missing one is 401 without an invocation, with and without a cache.
#[tokio::test]
async fn decisions_about_the_identity_sources() {
    fn missing<'a>(request: &'a str, headers: &'a [&'a str]) -> Row<'a> {
        Row {
            headers,
            ..rejected(AUTHORIZER, request, 401, UNAUTHORIZED)
        }
    }
    fn asked<'a>(request: &'a str, headers: &'a [&'a str]) -> Row<'a> {
        Row {
            headers,
            guard: simple(true),
            invoked: 1,
            ..open(AUTHORIZER, request)
        }
    }
    let rows = [
        missing("GET /simple/1", &[]),
        missing("GET /policy/1", &[]),
        missing("GET /old", &[]),
        missing("GET /uncached?q=1", &[]),
        missing("GET /uncached", TOKEN),
        missing("GET /uncached?q=", TOKEN),
        // A path with a slash at the end has the authorizer of the route.
        Row {
            source: OPEN,
            ..missing("GET /simple/1/", &[])
        },
        // Names of headers match in any case, names of parameters only as written.
        missing("GET /uncached?Q=1", TOKEN),
        asked("GET /uncached?q=1", &["AUTHORIZATION: Bearer t"]),
        // Every kind of source. All must be present.
        asked("GET /everything?q=1", &["X-A: a", "X-B: b"]),
        missing("GET /everything?q=1", &["X-A: a"]),
        missing("GET /everything", &["X-A: a", "X-B: b"]),
        missing("GET /no-variable", TOKEN),
        // Without a source the function is invoked for every caller.
        asked("GET /anyone", &[]),
    ];
    for row in rows {
        row.check(TEMPLATE).await;
    }
    let api = Api::of(TEMPLATE).guard(simple(true));
    api.send("GET /everything?q=1", &["X-A: a", "X-B: b"]).await;
    let sources = json!(["a", "b", "1", "test", "GET /everything", "127.0.0.1"]);
    assert_eq!(api.last_event("guard")["identitySource"], sources);
    // Repeated values are one value with commas, in the cache's key too.
    let twice = ["X-A: a", "X-B: b", "X-A: c"];
    api.send("GET /everything?q=1&q=2", &twice).await;
    let sources = json!(["a,c", "b", "1,2", "test", "GET /everything", "127.0.0.1"]);
    assert_eq!(api.last_event("guard")["identitySource"], sources);
    let api = Api::of(TEMPLATE).guard(simple(true));
    for (headers, invoked) in [
        (&["Authorization: Bearer t"][..], 1),
        (&["Authorization: Bearer u", "Authorization: Bearer t"], 2),
        (&["Authorization: Bearer t"], 2),
    ] {
        api.send("GET /simple/1", headers).await;
        assert_eq!(api.invoked("guard"), invoked, "{headers:?}");
    }
    let api = Api::of(TEMPLATE).guard(success(&http_policy("Allow", "*")));
    api.send("GET /old-two", &["X-A: a", "X-B: b"]).await;
    let event = api.last_event("guard");
    let joined = (&event["identitySource"], &event["authorizationToken"]);
    assert_eq!(joined, (&json!("a,b"), &json!("a,b")));
}

/// A row for a caller with a token, about whom the authorizer answers `guard`.
fn answered<'a>(source: &'a str, request: &'a str, guard: InvocationOutcome) -> Row<'a> {
    Row {
        headers: TOKEN,
        guard,
        invoked: 1,
        ..open(source, request)
    }
}

#[tokio::test]
async fn decisions_about_the_authorizers_answer() {
    fn forbidden(request: &str, guard: InvocationOutcome) -> Row<'_> {
        Row {
            status: 403,
            body: FORBIDDEN,
            ..answered(FORBIDDEN_BODY, request, guard)
        }
    }
    let all = || success(&http_policy("Allow", "*"));
    let policy = |effect, path| success(&http_policy(effect, path));
    let mut nested = http_policy("Allow", "*");
    nested["context"]["roles"] = json!(["a"]);
    let mut no_statement = http_policy("Allow", "*");
    no_statement["policyDocument"]["Statement"] = json!([]);
    let rows = [
        answered(AUTHORIZER, "GET /simple/1", simple(true)),
        answered(AUTHORIZER, "GET /policy/1", all()),
        // The context may have arrays and objects.
        answered(AUTHORIZER, "GET /policy/1", success(&nested)),
        answered(AUTHORIZER, "GET /old", all()),
        forbidden("GET /simple/1", simple(false)),
        forbidden("GET /policy/1", policy("Deny", "*")),
        forbidden("GET /policy/1", policy("Allow", "PUT/*")),
        forbidden("GET /policy/1", success(&no_statement)),
        forbidden("GET /old", policy("Deny", "*")),
    ];
    for row in rows {
        row.check(TEMPLATE).await;
    }
}

/// An answer that is not valid, a failure, and a function that takes too long are 500.
#[tokio::test]
async fn failures_of_the_authorizer() {
    fn internal<'a>(source: &'a str, request: &'a str, guard: InvocationOutcome) -> Row<'a> {
        Row {
            status: 500,
            body: INTERNAL,
            ..answered(source, request, guard)
        }
    }
    fn unauthorized(request: &str) -> Row<'_> {
        Row {
            status: 401,
            body: UNAUTHORIZED,
            ..answered(OPEN, request, failure("Unauthorized"))
        }
    }
    let all = || success(&http_policy("Allow", "*"));
    let mut rows = vec![
        unauthorized("GET /simple/1"),
        unauthorized("GET /policy/1"),
        unauthorized("GET /old"),
        internal(TROUBLESHOOTING, "GET /simple/1", failure("no keys")),
        internal(TROUBLESHOOTING, "GET /old", failure("unauthorized")),
        // The answer must have the configured form: simple answers only in format 2.0.
        internal(EXTENSION, "GET /policy/1", simple(true)),
        internal(EXTENSION, "GET /simple/1", all()),
        internal(EXTENSION, "GET /old", simple(true)),
    ];
    let malformed = [
        json!(null),
        json!({}),
        json!({"isAuthorized": "true"}),
        json!({"isAuthorized": 1}),
        json!({"isAuthorized": true, "context": []}),
    ];
    let malformed = malformed.iter().map(success);
    rows.extend(malformed.map(|answer| internal(AUTHORIZER, "GET /simple/1", answer)));
    for row in rows {
        row.check(TEMPLATE).await;
    }
}

/// http-api-lambda-authorizer: a function that cannot be invoked is 500.
#[tokio::test]
async fn an_authorizer_that_cannot_be_invoked_is_500() {
    fn without_function(api: &mut local::template::Api) {
        for authorizer in api.authorizers.values_mut() {
            if let TemplateAuthorizer::Lambda(authorizer) = authorizer {
                authorizer.function = "absent".to_owned();
            }
        }
    }
    let api = Api::changed(TEMPLATE, without_function);
    for path in ["GET /simple/1", "GET /policy/1", "GET /old"] {
        let response = api.send(path, TOKEN).await;
        let found = (response.status().as_u16(), text(&response));
        assert_eq!(found, (500, INTERNAL), "{path}");
        let cause = api.access_line().decided();
        let found = (cause.by, cause.reason.as_str());
        assert_eq!(
            found,
            (DecidedBy::Authorizer, "authorizer_failed"),
            "{path}"
        );
    }
    assert_eq!(api.invoked("handler"), 0);
}

/// The limit for an authorizer is 10 seconds. The access log has the cause.
#[tokio::test]
async fn an_authorizer_that_takes_too_long_is_500() {
    fn hasty(api: &mut local::template::Api) {
        for authorizer in api.authorizers.values_mut() {
            if let TemplateAuthorizer::Lambda(authorizer) = authorizer {
                assert_eq!(authorizer.limit, Some(Duration::from_secs(10)));
                authorizer.limit = Some(Duration::from_millis(5));
            }
        }
    }
    let api = Api::changed(TEMPLATE, hasty).guard(simple(true));
    *api.functions.guard_takes.lock().unwrap() = Duration::from_secs(60);
    let response = api.send("GET /simple/1", TOKEN).await;
    assert_eq!(
        (response.status().as_u16(), text(&response)),
        (500, INTERNAL)
    );
    assert_eq!(api.invoked("handler"), 0);
    let line: AccessLine = api.access_line();
    let cause = line.decided();
    let found = (
        cause.by,
        cause.reason.as_str(),
        line.authorizer_error.as_str(),
    );
    let expected = (
        DecidedBy::Authorizer,
        "authorizer_failed",
        "the function took too long",
    );
    assert_eq!(found, expected);
}

/// serverless-application-model#2049: SAM adds no permission for the authorizer of an HTTP API by default.
#[tokio::test]
async fn an_authorizer_that_api_gateway_may_not_invoke_is_500() {
    let forbidden = TEMPLATE.replace("FunctionName: !Ref Guard", "FunctionName: !Ref Handler");
    let api = Api::of(&forbidden).guard(simple(true));
    let cases: [(&[&str], u16, &str, &str); 2] = [
        (TOKEN, 500, INTERNAL, "authorizer_not_permitted"),
        (&[], 401, UNAUTHORIZED, "identity_source_missing"),
    ];
    for (headers, status, body, reason) in cases {
        let response = api.send("GET /simple/1", headers).await;
        let found = (response.status().as_u16(), text(&response));
        assert_eq!(found, (status, body), "{headers:?}");
        let cause = api.access_line().decided();
        let found = (cause.by, cause.reason.as_str());
        assert_eq!(found, (DecidedBy::Gateway, reason), "{headers:?}");
    }
    assert_eq!((api.invoked("guard"), api.invoked("handler")), (0, 0));
    assert_eq!(api.send("GET /open", &[]).await.status(), 200);
}
