//! Pages of another origin can read the request id in every answer for which a template can set headers.

use local::lambda::invocation::InvocationOutcome;
use local::template::Given;
use serde_json::json;

use super::support::{Api, failure, header, policy, success};

const ORIGIN: &str = "https://app.example.com";

/// A template of the repository, in front of the functions of these tests.
fn template(path: &str, functions: [(&str, &str); 2], parameters: &[(&str, &str)]) -> Api {
    let path = testkit::repository().join(path);
    let mut text = std::fs::read_to_string(&path).unwrap();
    for (from, to) in functions {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let parameters = parameters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let given = Given {
        parameters: parameters.collect(),
        folder: path.parent().unwrap().to_owned(),
        ..Given::default()
    };
    Api::given(&text, given, |_| {})
}

fn rest() -> Api {
    let functions = [
        ("{Binary: authorizer}", "{Binary: guard}"),
        ("{Binary: api-handler}", "{Binary: handler}"),
    ];
    let parameters = [
        ("Issuer", "https://example.okta.com/oauth2/default"),
        ("WebOrigin", ORIGIN),
    ];
    template("template.yaml", functions, &parameters)
}

/// A call of the template's API, and the answer of API Gateway that it causes.
struct Call {
    kind: &'static str,
    request: &'static str,
    guard: InvocationOutcome,
    handler: InvocationOutcome,
    status: u16,
}

fn calls() -> Vec<Call> {
    let call = |kind, request, guard, status| Call {
        kind,
        request,
        guard,
        handler: failure("down"),
        status,
    };
    let allow = || success(&policy("Allow", "*"));
    let put = "PUT /prod/state/x";
    vec![
        call("MISSING_AUTHENTICATION_TOKEN", "GET /prod", allow(), 403),
        call("UNAUTHORIZED", "PUT /prod/state/x signed out", allow(), 401),
        call("UNAUTHORIZED", put, failure("Unauthorized"), 401),
        call("ACCESS_DENIED", put, success(&policy("Deny", "*")), 403),
        call("AUTHORIZER_CONFIGURATION_ERROR", put, failure("down"), 500),
        call(
            "AUTHORIZER_CONFIGURATION_ERROR",
            put,
            success(&json!({})),
            500,
        ),
        call("DEFAULT_5XX", put, allow(), 502),
    ]
}

#[tokio::test]
async fn each_answer_of_the_rest_api_itself() {
    for call in calls() {
        let api = rest().guard(call.guard).handler(call.handler);
        let origin = format!("Origin: {ORIGIN}");
        let (request, token) = match call.request.strip_suffix(" signed out") {
            Some(request) => (request, None),
            None => (call.request, Some("Authorization: Bearer x")),
        };
        let headers: Vec<&str> = std::iter::once(origin.as_str()).chain(token).collect();
        let response = api.send(request, &headers).await;
        let context = format!("{} {request}", call.kind);
        assert_eq!(response.status().as_u16(), call.status, "{context}");
        assert_eq!(
            header(&response, "access-control-allow-origin"),
            ORIGIN,
            "{context}"
        );
        let exposed = header(&response, "access-control-expose-headers").to_lowercase();
        assert!(
            exposed.split(", ").any(|name| name == "x-amzn-requestid"),
            "{context}: {exposed}"
        );
        assert_eq!(
            header(&response, "x-amzn-requestid"),
            api.access_line().request_id,
            "{context}"
        );
    }
}

#[tokio::test]
async fn an_answer_of_a_function_behind_the_http_api() {
    let functions = [
        ("{Binary: authorizer}", "{Binary: guard}"),
        (
            "    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: function",
            "    Type: AWS::Serverless::Function\n    Metadata: {BuildProperties: {Binary: handler}}\n    Properties:\n      CodeUri: function",
        ),
    ];
    let parameters = [
        ("Issuer", "https://example.okta.com/oauth2/default"),
        ("WebOrigin", ORIGIN),
    ];
    let api = template("examples/http-api/template.yaml", functions, &parameters)
        .guard(success(&json!({"isAuthorized": true})));
    let origin = format!("Origin: {ORIGIN}");
    let response = api
        .send("GET /notes", &[&origin, "Authorization: Bearer x"])
        .await;
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(header(&response, "access-control-allow-origin"), ORIGIN);
    assert_eq!(
        header(&response, "access-control-expose-headers"),
        "apigw-requestid"
    );
    assert_eq!(
        header(&response, "apigw-requestid"),
        api.access_line().request_id
    );
}
