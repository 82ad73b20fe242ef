//! The events that an HTTP API passes to functions, and its responses to their answers. `open` marks behaviour that AWS
//! does not document and for which `ARCHITECTURE.md` has a choice.

use std::time::Duration;

use local::lambda::invocation::InvocationOutcome;
use serde_json::{Value, json};

use crate::http_decisions::{INTERNAL, TEMPLATE, TOKEN, http_policy, simple};
use crate::support::{Api, failure, header, success, text};

/// http-api-lambda-authorizer: "a cached result is used for all routes", unless the route key is an identity source.
#[tokio::test]
async fn a_cached_simple_response_applies_to_every_route_without_the_route_key() {
    let api = Api::of(TEMPLATE).guard(simple(true));
    assert_eq!(api.send("GET /simple/1", TOKEN).await.status(), 200);
    let api = api.guard(simple(false));
    assert_eq!(api.send("GET /other", TOKEN).await.status(), 200);
    assert_eq!(api.invoked("guard"), 1);
    api.clock.advance(Duration::from_secs(60));
    assert_eq!(api.send("GET /other", TOKEN).await.status(), 403);
    assert_eq!(api.send("GET /simple/1", TOKEN).await.status(), 403);
    assert_eq!(api.invoked("guard"), 2);

    let api = Api::of(TEMPLATE).guard(simple(true));
    assert_eq!(api.send("GET /route/a", TOKEN).await.status(), 200);
    let api = api.guard(simple(false));
    assert_eq!(api.send("GET /route/b", TOKEN).await.status(), 403);
    assert_eq!(api.send("GET /route/a", TOKEN).await.status(), 200);
    assert_eq!(api.invoked("guard"), 2);
}

#[tokio::test]
async fn a_cached_policy_is_evaluated_for_each_route() {
    let api = Api::of(TEMPLATE).guard(success(&http_policy("Allow", "GET/policy/1")));
    assert_eq!(api.send("GET /policy/1", TOKEN).await.status(), 200);
    assert_eq!(api.send("GET /policy/2", TOKEN).await.status(), 403);
    assert_eq!(api.invoked("guard"), 1);
}

#[tokio::test]
async fn an_authorizer_event_of_format_2() {
    let api = Api::of(TEMPLATE);
    let headers = [
        "authorization: Bearer t",
        "Cookie: a=1; b=2",
        "X-Two: a",
        "x-two: b",
    ];
    api.send("GET /simple/a%2Fb%20c?q=1&q=2&r=x+y", &headers)
        .await;
    let mut event = api.last_event("guard");
    let id = event["requestContext"]["requestId"].take();
    assert_eq!(id.as_str().unwrap().len(), 36);
    event["headers"]["x-amzn-trace-id"].take();
    assert_eq!(
        event,
        json!({
            "version": "2.0",
            "type": "REQUEST",
            "routeArn": "arn:aws:execute-api:us-east-1:123456789012:local00000/$default/GET/simple/a%2Fb%20c",
            "identitySource": ["Bearer t"],
            "routeKey": "GET /simple/{id}",
            "rawPath": "/simple/a/b c",
            "rawQueryString": "q=1&q=2&r=x+y",
            "cookies": ["a=1", "b=2"],
            "headers": {
                "authorization": "Bearer t",
                "content-length": "0",
                "host": "127.0.0.1:3000",
                "x-amzn-trace-id": null,
                "x-forwarded-for": "127.0.0.1",
                "x-forwarded-port": "3000",
                "x-forwarded-proto": "http",
                "x-two": "a,b",
            },
            "queryStringParameters": {"q": "1,2", "r": "x y"},
            "pathParameters": {"id": "a/b c"},
            "stageVariables": {"env": "test"},
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "local00000",
                "domainName": "127.0.0.1",
                "domainPrefix": "127",
                "http": {"method": "GET", "path": "/simple/a/b c", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": ""},
                "requestId": null,
                "routeKey": "GET /simple/{id}",
                "stage": "$default",
                "time": "14/Nov/2023:22:13:20 +0000",
                "timeEpoch": 1_700_000_000_000_u64,
            },
        })
    );
    // Members without content are absent.
    api.send("GET /anyone", &[]).await;
    let event = api.last_event("guard");
    for absent in [
        "cookies",
        "queryStringParameters",
        "pathParameters",
        "identitySource",
    ] {
        assert!(event.get(absent).is_none(), "{absent}: {event}");
    }
}

#[tokio::test]
async fn an_authorizer_event_of_format_1() {
    let api = Api::of(TEMPLATE).guard(success(&http_policy("Allow", "*")));
    api.send("GET /old?q=1&q=2", TOKEN).await;
    let event = api.last_event("guard");
    let members = [
        "version",
        "type",
        "authorizationToken",
        "identitySource",
        "methodArn",
        "resource",
        "path",
    ];
    let found: Vec<_> = members
        .iter()
        .map(|name| event[*name].as_str().unwrap())
        .collect();
    let arn = "arn:aws:execute-api:us-east-1:123456789012:local00000/$default/GET/old";
    assert_eq!(
        found,
        [
            "1.0", "REQUEST", "Bearer t", "Bearer t", arn, "/old", "/old"
        ]
    );
    assert_eq!(
        event["multiValueQueryStringParameters"],
        json!({"q": ["1", "2"]})
    );
}

#[tokio::test]
async fn a_proxy_event_of_format_2_keeps_the_types_of_the_context() {
    let api = Api::of(TEMPLATE).guard(simple(true));
    api.send_body(
        "GET /simple/1",
        &["Authorization: t", "Content-Type: application/json"],
        "{}",
    )
    .await;
    let event = api.last_event("handler");
    assert_eq!(
        event["requestContext"]["authorizer"],
        json!({"lambda": {"tenant": "acme", "roles": ["a", "b"], "exp": 5, "admin": false}})
    );
    assert_eq!(
        (&event["body"], &event["isBase64Encoded"]),
        (&json!("{}"), &json!(false))
    );
    api.send_body("POST /open", &["Content-Type: image/png"], "abc")
        .await;
    let event = api.last_event("handler");
    assert!(event["requestContext"].get("authorizer").is_none());
    assert_eq!(
        (&event["body"], &event["isBase64Encoded"]),
        (&json!("YWJj"), &json!(true))
    );
    let api = api.guard(success(&json!({"isAuthorized": true})));
    api.send("GET /anyone", &[]).await;
    assert_eq!(
        api.last_event("handler")["requestContext"]["authorizer"],
        json!({"lambda": null})
    );
}

/// Recorded at AWS: a body is a string only for these media types. All others are base64, even those of forms, and a body
/// without a media type.
#[tokio::test]
async fn bodies_are_base64_except_for_few_media_types() {
    async fn check(path: &str, media_type: Option<&str>, as_string: bool) {
        let api = Api::of(TEMPLATE).guard(success(&http_policy("Allow", "*")));
        let header = media_type.map(|media_type| format!("Content-Type: {media_type}"));
        let headers: Vec<_> = header
            .iter()
            .map(String::as_str)
            .chain(["Authorization: t"])
            .collect();
        api.send_body(path, &headers, "a=1").await;
        let event = api.last_event("handler");
        let expected = if as_string {
            json!("a=1")
        } else {
            json!("YT0x")
        };
        assert_eq!(
            (&event["body"], &event["isBase64Encoded"]),
            (&expected, &json!(!as_string)),
            "{path} {media_type:?}"
        );
    }
    for path in ["POST /open", "GET /v1/1"] {
        for text in [
            "text/csv",
            "application/json; charset=utf-8",
            "Application/XML",
            "application/javascript",
        ] {
            check(path, Some(text), true).await;
        }
        for other in [
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=b",
            "application/octet-stream",
            "application/vnd.api+json",
        ] {
            check(path, Some(other), false).await;
        }
        check(path, None, false).await;
    }
}

/// Recorded at AWS: format 1.0 has the path as sent in `path` only.
#[tokio::test]
async fn a_proxy_event_of_format_1_has_decoded_parameters() {
    let api = Api::of(TEMPLATE).guard(success(&http_policy("Allow", "*")));
    api.send("GET /v1/a%20b", TOKEN).await;
    let event = api.last_event("handler");
    assert_eq!(
        [
            &event["path"],
            &event["requestContext"]["path"],
            &event["pathParameters"]["id"],
            &event["headers"]["Content-Length"],
            &event["multiValueHeaders"]["Content-Length"],
            &event["requestContext"]["identity"]["userAgent"],
        ],
        [
            &json!("/v1/a%20b"),
            &json!("/v1/a b"),
            &json!("a b"),
            &json!("0"),
            &json!(["0"]),
            &json!(""),
        ]
    );
}

#[tokio::test]
async fn a_proxy_event_of_format_1_has_the_context_directly() {
    let api = Api::of(TEMPLATE).guard(success(&http_policy("Allow", "*")));
    api.send("GET /v1/7", TOKEN).await;
    let event = api.last_event("handler");
    assert_eq!(event["version"], "1.0");
    assert_eq!(
        event["requestContext"]["authorizer"],
        json!({"principalId": "p", "signedIn": true, "exp": 5, "scope": "a b"})
    );
    assert_eq!(event["pathParameters"], json!({"id": "7"}));
}

#[tokio::test]
async fn proxy_answers() {
    async fn check(path: &str, answer: Value, status: u16, headers: &[(&str, &str)], body: &str) {
        let api = Api::of(TEMPLATE)
            .guard(success(&http_policy("Allow", "*")))
            .handler(success(&answer));
        let response = api.send(path, TOKEN).await;
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
    let (v2, v1) = ("GET /open", "GET /v1/1");
    let json_type = &[("content-type", "application/json")];
    // http-api-develop-integrations-lambda: format 2.0 infers the response.
    check(
        v2,
        json!({"message": "hi"}),
        200,
        json_type,
        r#"{"message":"hi"}"#,
    )
    .await;
    check(v2, json!("hi"), 200, json_type, "hi").await;
    check(v2, json!([1]), 200, json_type, "[1]").await;
    let cookies =
        json!({"statusCode": 201, "cookies": ["a=1", "b=2"], "headers": {"X-N": 5}, "body": "x"});
    let expected = [
        ("set-cookie", "a=1|b=2"),
        ("x-n", "5"),
        ("content-type", "text/plain; charset=utf-8"),
    ];
    check(v2, cookies, 201, &expected, "x").await;
    let encoded = json!({"statusCode": 200, "body": "aGk=", "isBase64Encoded": true});
    check(v2, encoded, 200, &[], "hi").await;
    let remapped = json!({"statusCode": 401, "headers": {"WWW-Authenticate": "Bearer"}});
    let expected = [
        ("x-amzn-remapped-www-authenticate", "Bearer"),
        ("www-authenticate", ""),
    ];
    check(v2, remapped, 401, &expected, "").await;
    let multi = json!({"statusCode": 200, "multiValueHeaders": {"Set-Cookie": ["a", "b"]}});
    check(v1, multi, 200, &[("set-cookie", "a|b")], "").await;
    for malformed in [
        json!({"statusCode": 99}),
        json!({"statusCode": 101}),
        json!({"statusCode": 200, "body": {}}),
        json!({"statusCode": 200, "headers": []}),
        json!({"statusCode": 200, "cookies": "a"}),
        json!({"statusCode": 200, "body": "%", "isBase64Encoded": true}),
    ] {
        check(v2, malformed, 500, json_type, INTERNAL).await;
    }
    // Recorded at AWS: format 2.0 sends an answer that is not JSON unchanged, and format 1.0 refuses it.
    let partial = r#"{"name": "John Doe", "age":"#;
    for (path, status, body) in [(v2, 200, partial), (v1, 500, INTERNAL)] {
        let api = Api::of(TEMPLATE)
            .guard(success(&http_policy("Allow", "*")))
            .handler(InvocationOutcome::Success(partial.into()));
        let response = api.send(path, TOKEN).await;
        let found = (
            response.status().as_u16(),
            header(&response, "content-type"),
            text(&response),
        );
        assert_eq!(found, (status, "application/json", body), "{path}");
    }
    // Format 1.0 infers nothing.
    check(v1, json!("hi"), 500, json_type, INTERNAL).await;
    check(v1, json!({"body": "hi"}), 500, json_type, INTERNAL).await;
}

#[tokio::test]
async fn a_failing_function_is_500_and_a_slow_one_503() {
    let api = Api::of(TEMPLATE).handler(failure("boom"));
    let response = api.send("GET /open", &[]).await;
    assert_eq!(
        (response.status().as_u16(), text(&response)),
        (500, INTERNAL)
    );
    let api = Api::of(TEMPLATE);
    *api.functions.handler_takes.lock().unwrap() = Duration::from_secs(60);
    let response = api.send("GET /hasty", &[]).await;
    let unavailable = r#"{"message":"Service Unavailable"}"#;
    assert_eq!(
        (response.status().as_u16(), text(&response)),
        (503, unavailable)
    );
}

#[tokio::test]
async fn a_named_stage_is_the_first_segment() {
    let named = TEMPLATE.replacen("StageVariables", "StageName: dev\n      StageVariables", 1);
    let api = Api::of(&named).guard(simple(true));
    assert_eq!(api.send("GET /open", &[]).await.status(), 404);
    assert_eq!(api.send("GET /dev/open", &[]).await.status(), 200);
    let event = api.last_event("handler");
    assert_eq!(
        (&event["rawPath"], &event["routeKey"]),
        (&json!("/dev/open"), &json!("ANY /open"))
    );
    assert_eq!(event["requestContext"]["stage"], "dev");
    assert_eq!(api.send("GET /dev/simple/1", TOKEN).await.status(), 200);
    let arn = "arn:aws:execute-api:us-east-1:123456789012:local00000/dev/GET/simple/1";
    assert_eq!(api.last_event("guard")["routeArn"], arn);
}

/// http-api-cors: the gateway answers preflights before anything else, and its headers replace the function's.
#[tokio::test]
async fn the_gateway_answers_cors() {
    const CORS: &str = "CorsConfiguration: {AllowOrigins: [https://app, \"http://*\"], AllowMethods: [GET, PUT], \
                        AllowHeaders: [authorization], ExposeHeaders: [etag], MaxAge: 60, AllowCredentials: true}";
    let with_cors = TEMPLATE.replacen(
        "StageVariables",
        &format!("{CORS}\n      StageVariables"),
        1,
    );
    let api = Api::of(&with_cors).handler(success(&json!({
        "statusCode": 200,
        "headers": {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "DELETE", "X-Own": "1"},
    })));
    let names = [
        "access-control-allow-origin",
        "access-control-allow-methods",
        "access-control-allow-headers",
        "access-control-max-age",
        "access-control-allow-credentials",
        "access-control-expose-headers",
    ];
    let check = async |line: &str, headers: &[&str], status: u16, expected: [&str; 6]| {
        let response = api.send(line, headers).await;
        assert_eq!(response.status().as_u16(), status, "{line} {headers:?}");
        let found = names.map(|name| header(&response, name).to_owned());
        assert_eq!(found, expected, "{line} {headers:?}");
    };
    let none = [""; 6];
    let preflight = [
        "https://app",
        "GET,PUT",
        "authorization",
        "60",
        "true",
        "etag",
    ];
    let asks = ["Origin: https://app", "Access-Control-Request-Method: PUT"];
    for line in ["OPTIONS /simple/1", "OPTIONS /nowhere", "OPTIONS /open"] {
        check(line, &asks, 204, preflight).await;
    }
    let other = ["Origin: https://evil", "Access-Control-Request-Method: PUT"];
    check("OPTIONS /simple/1", &other, 204, none).await;
    assert_eq!((api.invoked("guard"), api.invoked("handler")), (0, 0));
    let answer = ["https://app", "", "", "", "true", "etag"];
    check("GET /open", &["Origin: https://app"], 200, answer).await;
    check(
        "GET /open",
        &["Origin: http://any"],
        200,
        ["http://any", "", "", "", "true", "etag"],
    )
    .await;
    check("GET /open", &["Origin: https://evil"], 200, none).await;
    check("GET /open", &[], 200, none).await;
    // open: the gateway's own errors have no CORS headers.
    check("GET /simple/1", &["Origin: https://app"], 401, none).await;
    // Without a configuration the function's headers are kept, and preflights are routed like every request.
    let plain = Api::of(TEMPLATE);
    assert_eq!(plain.send("OPTIONS /open", &asks).await.status(), 200);
    assert_eq!(plain.send("OPTIONS /simple/1", &asks).await.status(), 404);
}

#[tokio::test]
async fn the_default_route_takes_all_other_requests() {
    let with_default = TEMPLATE.replacen(
        "        Open:",
        "        Rest: {Type: HttpApi, Properties: {ApiId: !Ref Api, Auth: {Authorizer: Simple}}}\n        Open:",
        1,
    );
    let api = Api::of(&with_default).guard(simple(true));
    assert_eq!(api.send("PUT /any/where", &[]).await.status(), 401);
    assert_eq!(api.send("PUT /any/where", TOKEN).await.status(), 200);
    assert_eq!(api.last_event("handler")["routeKey"], "$default");
    // Without CORS a preflight has no token, so the route's authorizer rejects it.
    let asks = ["Origin: https://app", "Access-Control-Request-Method: PUT"];
    assert_eq!(api.send("OPTIONS /any", &asks).await.status(), 401);
}

/// No template causes such an API, but a fault of ours must not open a route.
#[tokio::test]
async fn a_route_with_an_unknown_authorizer_is_not_open() {
    let api = Api::changed(TEMPLATE, |api| api.authorizers.clear());
    assert_eq!(
        api.send("GET /other", &["Authorization: t"]).await.status(),
        500
    );
    assert_eq!(api.invoked("handler"), 0);
}
