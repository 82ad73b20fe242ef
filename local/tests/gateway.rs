//! The gateway's decisions, in process: functions that answer as they are told, and a clock that is moved by hand.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use local::clock::ManualClock;
use local::gateway::{BodyTooLarge, Gateway};
use local::invocation::{FunctionError, Invoke, Invoked, Outcome};
use local::progress::Log;
use local::template::{Given, Template};
use serde_json::{Value, json};

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

/// Functions that answer what they are told to, and remember what they were sent.
#[derive(Debug)]
struct FakeFunctions {
    guard: Mutex<Outcome>,
    handler: Mutex<Outcome>,
    events: Mutex<Vec<(String, Value)>>,
    handler_takes: Mutex<Duration>,
}

impl Invoke for FakeFunctions {
    fn invoke<'a>(&'a self, function: &'a str, payload: Bytes) -> Invoked<'a> {
        let event = serde_json::from_slice(&payload).unwrap();
        self.events
            .lock()
            .unwrap()
            .push((function.to_owned(), event));
        let answer = if function == "guard" {
            &self.guard
        } else {
            &self.handler
        };
        let outcome = answer.lock().unwrap().clone();
        let takes = if function == "guard" {
            Duration::ZERO
        } else {
            *self.handler_takes.lock().unwrap()
        };
        Box::pin(async move {
            tokio::time::sleep(takes).await;
            Ok(outcome)
        })
    }

    fn knows(&self, _: &str) -> bool {
        true
    }
}

struct Api {
    gateway: Gateway,
    functions: Arc<FakeFunctions>,
    clock: Arc<ManualClock>,
}

fn success(answer: &Value) -> Outcome {
    Outcome::Success(answer.to_string().into())
}

fn failure(message: &str) -> Outcome {
    Outcome::Error(FunctionError::of_lambda("E", message))
}

fn policy(effect: &str, path: &str) -> Value {
    let resource = format!("arn:aws:execute-api:us-east-1:123456789012:local00000/prod/{path}");
    json!({
        "principalId": "p",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}],
        },
        "context": {"signedIn": true, "exp": 5, "scope": "a b"},
    })
}

impl Api {
    fn new() -> Self {
        Self::of(TEMPLATE)
    }

    fn of(template: &str) -> Self {
        let given = Given {
            region: "us-east-1".to_owned(),
            ..Given::default()
        };
        let template = Template::read(template, &given).unwrap();
        let functions = Arc::new(FakeFunctions {
            guard: Mutex::new(success(&policy("Allow", "*"))),
            handler: Mutex::new(success(&json!({"statusCode": 200, "body": "hello"}))),
            events: Mutex::default(),
            handler_takes: Mutex::default(),
        });
        let clock = Arc::new(ManualClock::at(1_700_000_000));
        let invoke: Arc<dyn Invoke> = functions.clone();
        let gateway = Gateway::new(
            template.api,
            "us-east-1".to_owned(),
            invoke,
            clock.clone(),
            Log::quiet("gateway"),
        );
        Self {
            gateway,
            functions,
            clock,
        }
    }

    fn guard(self, outcome: Outcome) -> Self {
        *self.functions.guard.lock().unwrap() = outcome;
        self
    }

    fn handler(self, outcome: Outcome) -> Self {
        *self.functions.handler.lock().unwrap() = outcome;
        self
    }

    /// `GET /path` and headers, each `Name: value`.
    async fn send(&self, line: &str, headers: &[&str]) -> Response<Bytes> {
        let (method, path) = line.split_once(' ').unwrap();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("Host", "127.0.0.1:3000");
        for header in headers {
            let (name, value) = header.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        self.gateway
            .answer(
                request.body(Bytes::new()).unwrap(),
                IpAddr::from([127, 0, 0, 1]),
            )
            .await
    }

    /// How often a function was invoked.
    fn invoked(&self, function: &str) -> usize {
        self.functions
            .events
            .lock()
            .unwrap()
            .iter()
            .filter(|(name, _)| name == function)
            .count()
    }

    fn last_event(&self, function: &str) -> Value {
        let events = self.functions.events.lock().unwrap();
        events
            .iter()
            .rev()
            .find(|(name, _)| name == function)
            .unwrap()
            .1
            .clone()
    }
}

fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

fn header<'a>(response: &'a Response<Bytes>, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap())
        .unwrap_or_default()
}

/// One row of the decision table: what comes, what the authorizer says, what goes out, and whether it was asked.
async fn check(
    line: &str,
    headers: &[&str],
    guard: Outcome,
    status: u16,
    body: &str,
    error_type: &str,
    asked: usize,
) {
    let api = Api::new().guard(guard);
    let response = api.send(line, headers).await;
    let context = format!("{line} {headers:?}");
    assert_eq!(response.status().as_u16(), status, "{context}");
    assert!(
        text(&response).starts_with(body),
        "{context}: {}",
        text(&response)
    );
    assert_eq!(
        header(&response, "x-amzn-errortype"),
        error_type,
        "{context}"
    );
    assert_eq!(header(&response, "x-amzn-requestid").len(), 36, "{context}");
    assert_eq!(api.invoked("guard"), asked, "{context}");
    assert_eq!(
        api.invoked("handler"),
        usize::from(status == 200),
        "{context}"
    );
}

#[tokio::test]
async fn decisions_before_the_authorizer() {
    let allow = || success(&policy("Allow", "*"));
    let missing = "MissingAuthenticationTokenException";
    check(
        "GET /prod/nowhere",
        &[],
        allow(),
        403,
        r#"{"message":"Missing Authentication Token"}"#,
        missing,
        0,
    )
    .await;
    check(
        "POST /prod/other",
        &[],
        allow(),
        403,
        r#"{"message":"Missing Authentication Token"}"#,
        missing,
        0,
    )
    .await;
    check(
        "GET /prod",
        &[],
        allow(),
        403,
        r#"{"message":"Missing Authentication Token"}"#,
        missing,
        0,
    )
    .await;
    check(
        "GET /dev/open",
        &[],
        allow(),
        403,
        r#"{"message":"Forbidden"}"#,
        "ForbiddenException",
        0,
    )
    .await;
    check(
        "GET /production/open",
        &[],
        allow(),
        403,
        r#"{"message":"Forbidden"}"#,
        "ForbiddenException",
        0,
    )
    .await;
    check("GET /prod/open", &[], allow(), 200, "hello", "", 0).await;
    check("GET /prod/open/", &[], allow(), 200, "hello", "", 0).await;
    check("OPTIONS /prod/cached/1", &[], allow(), 200, "hello", "", 0).await;
    let long = format!("GET /prod/cached/{}", "x".repeat(1600));
    check(
        &long,
        &[],
        allow(),
        414,
        r#"{"message":"Request URI too long"}"#,
        "RequestUriTooLongException",
        0,
    )
    .await;
    let big = format!("X-Big: {}", "x".repeat(10_240));
    check(
        "GET /prod/open",
        &[&big],
        allow(),
        431,
        "{",
        "RequestHeaderFieldsTooLargeException",
        0,
    )
    .await;
}

#[tokio::test]
async fn decisions_about_the_identity_source() {
    let allow = || success(&policy("Allow", "*"));
    let unauthorized = r#"{"message":"Unauthorized","#;
    let kind = "UnauthorizedException";
    check(
        "GET /prod/cached/1",
        &[],
        allow(),
        401,
        unauthorized,
        kind,
        0,
    )
    .await;
    check(
        "GET /prod/cached/1",
        &["Authorization: "],
        allow(),
        401,
        unauthorized,
        kind,
        0,
    )
    .await;
    check(
        "GET /prod/cached/1",
        &["AUTHORIZATION: t"],
        allow(),
        200,
        "hello",
        "",
        1,
    )
    .await;
    check(
        "GET /prod/uncached",
        &["X-Token: Bearer t"],
        allow(),
        200,
        "hello",
        "",
        1,
    )
    .await;
    // The expression must match the whole value.
    check(
        "GET /prod/uncached",
        &["X-Token: A Bearer t"],
        allow(),
        401,
        unauthorized,
        kind,
        0,
    )
    .await;
    check(
        "GET /prod/uncached",
        &["X-Token: Bearer"],
        allow(),
        401,
        unauthorized,
        kind,
        0,
    )
    .await;
    // Without caching a REQUEST authorizer is asked about everybody.
    check("GET /prod/optional", &[], allow(), 200, "hello", "", 1).await;
    check(
        "GET /prod/keyed",
        &["Authorization: t"],
        allow(),
        401,
        unauthorized,
        kind,
        0,
    )
    .await;
    check(
        "GET /prod/keyed?tenant=",
        &["Authorization: t"],
        allow(),
        401,
        unauthorized,
        kind,
        0,
    )
    .await;
    check(
        "GET /prod/keyed?Tenant=1",
        &["Authorization: t"],
        allow(),
        401,
        unauthorized,
        kind,
        0,
    )
    .await;
    check(
        "GET /prod/keyed?tenant=1",
        &["Authorization: t"],
        allow(),
        200,
        "hello",
        "",
        1,
    )
    .await;
}

#[tokio::test]
async fn decisions_about_the_authorizers_answer() {
    let get = "GET /prod/other";
    let token = &["Authorization: t"];
    let unauthorized = r#"{"message":"Unauthorized","#;
    check(
        get,
        token,
        failure("Unauthorized"),
        401,
        unauthorized,
        "UnauthorizedException",
        1,
    )
    .await;
    for message in [
        "unauthorized",
        "Unauthorized ",
        "Unauthorized: expired",
        "no keys",
        "",
    ] {
        let kind = "AuthorizerConfigurationException";
        check(
            get,
            token,
            failure(message),
            500,
            r#"{"message":null}"#,
            kind,
            1,
        )
        .await;
    }
    for answer in [
        json!(null),
        json!("x"),
        json!({"isAuthorized": true}),
        json!({"statusCode": 401}),
    ] {
        let kind = "AuthorizerConfigurationException";
        check(
            get,
            token,
            success(&answer),
            500,
            r#"{"message":null}"#,
            kind,
            1,
        )
        .await;
    }
    let mut nested = policy("Allow", "*");
    nested["context"]["groups"] = json!(["a"]);
    check(
        get,
        token,
        success(&nested),
        500,
        r#"{"message":null}"#,
        "AuthorizerConfigurationException",
        1,
    )
    .await;
    let mut unknown_operator = policy("Allow", "*");
    unknown_operator["policyDocument"]["Statement"][0]["Condition"] =
        json!({"StringMatches": {"aws:UserAgent": "*"}});
    check(
        get,
        token,
        success(&unknown_operator),
        500,
        r#"{"message":null}"#,
        "AuthorizerConfigurationException",
        1,
    )
    .await;
    let denied = "AccessDeniedException";
    let explicit =
        r#"{"Message":"User is not authorized to access this resource with an explicit deny"#;
    check(
        get,
        token,
        success(&policy("Deny", "*")),
        403,
        explicit,
        denied,
        1,
    )
    .await;
    let implicit = r#"{"Message":"User is not authorized to access this resource"}"#;
    check(
        get,
        token,
        success(&policy("Allow", "PUT/*")),
        403,
        implicit,
        denied,
        1,
    )
    .await;
    check(
        get,
        token,
        success(&policy("Deny", "PUT/*")),
        403,
        implicit,
        denied,
        1,
    )
    .await;
    // The resource's template is no path, and matches none.
    check(
        "GET /prod/cached/1",
        token,
        success(&policy("Allow", "GET/cached/{id}")),
        403,
        implicit,
        denied,
        1,
    )
    .await;
    check(
        "GET /prod/cached/1",
        token,
        success(&policy("Allow", "GET/cached/?")),
        200,
        "hello",
        "",
        1,
    )
    .await;
}

#[tokio::test]
async fn a_cached_answer_is_weighed_again_for_each_method() {
    let api = Api::new().guard(success(&policy("Allow", "GET/other")));
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
async fn a_cached_answer_ends_with_its_time() {
    let api = Api::new();
    let send = || api.send("GET /prod/other", &["Authorization: t"]);
    assert_eq!(send().await.status(), 200);
    *api.functions.guard.lock().unwrap() = failure("Unauthorized");
    api.clock.advance(Duration::from_millis(59_999));
    assert_eq!(send().await.status(), 200);
    assert_eq!(api.invoked("guard"), 1);
    api.clock.advance(Duration::from_millis(1));
    assert_eq!(send().await.status(), 401);
    // A refusal is no answer that could be kept.
    assert_eq!(send().await.status(), 401);
    assert_eq!(api.invoked("guard"), 3);
}

#[tokio::test]
async fn a_deny_is_cached_too() {
    let api = Api::new().guard(success(&policy("Deny", "*")));
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
async fn cached_answers_are_kept_by_all_identity_values_and_by_authorizer() {
    let api = Api::new();
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
async fn a_policy_that_ends_at_a_time_ends_in_the_cache_too() {
    let mut answer = policy("Allow", "*");
    answer["policyDocument"]["Statement"][0]["Condition"] =
        json!({"DateLessThan": {"aws:CurrentTime": "2023-11-14T22:13:30Z"}});
    let api = Api::new().guard(success(&answer));
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
async fn gateway_responses_are_the_templates() {
    let api = Api::new();
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
    // A type that is not named takes the default's headers, whose value may come from the request.
    let api = Api::new().guard(failure("no keys"));
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
    // And one without any has none.
    let response = api
        .send("GET /prod/nowhere", &["Origin: https://app"])
        .await;
    assert_eq!(header(&response, "access-control-allow-origin"), "");
}

#[tokio::test]
async fn a_token_event_has_three_members_and_the_path_as_sent() {
    let api = Api::new();
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
async fn a_token_header_that_is_sent_twice_is_handed_over_whole() {
    let api = Api::new();
    let twice = ["authorization: Bearer t", "Authorization: Bearer u"];
    api.send("GET /prod/cached/a", &twice).await;
    assert_eq!(
        api.last_event("guard")["authorizationToken"],
        "Bearer t,Bearer u"
    );
}

#[tokio::test]
async fn a_request_event_has_everything_but_the_body() {
    let api = Api::new();
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
async fn a_proxy_event_has_the_authorizers_context_as_text() {
    let api = Api::new();
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
    let api = Api::new();
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
        let response = Api::new()
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
    // Without binaryMediaTypes the text goes out as it is.
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
    check(json!({"statusCode": 99}), 502, &[], &malformed).await;
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

#[tokio::test]
async fn a_function_that_fails_is_502_and_one_that_is_slow_504() {
    let response = Api::new()
        .handler(failure("boom"))
        .send("GET /prod/open", &[])
        .await;
    assert_eq!(
        (response.status().as_u16(), text(&response)),
        (502, r#"{"message":"Internal server error"}"#)
    );
    let api = Api::new();
    *api.functions.handler_takes.lock().unwrap() = Duration::from_secs(60);
    let response = api.send("GET /prod/hasty", &[]).await;
    assert_eq!(
        (response.status().as_u16(), text(&response)),
        (504, r#"{"message":"Endpoint request timed out"}"#)
    );
}

/// SAM's `Cors` makes a mock method, which the default authorizer guards unless the template says otherwise.
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
    // A path with an `OPTIONS` method of its own keeps it.
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
    let api = Api::new();
    let source = IpAddr::from([127, 0, 0, 1]);
    let mut unread = Request::post("/prod/open").body(Bytes::new()).unwrap();
    unread.extensions_mut().insert(BodyTooLarge);
    assert_eq!(api.gateway.answer(unread, source).await.status(), 413);
    let body = Bytes::from(vec![b'x'; 6 * 1024 * 1024]);
    let over_lambdas = Request::post("/prod/open").body(body).unwrap();
    assert_eq!(api.gateway.answer(over_lambdas, source).await.status(), 413);
    assert_eq!(api.invoked("handler"), 0);
}
