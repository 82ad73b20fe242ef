//! Lambda's Invoke API, as AWS's own tools call it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use local::lambda::invocation::{
    FunctionError, InvocationError, InvocationOutcome, Invoke, InvokeFuture,
};
use local::lambda::invoke_api::{answer, function_of};
use local::request_body::BodyTooLarge;

/// A function that returns its event, and fails if the event is `"fail"`.
#[derive(Debug)]
struct Echo;

impl Invoke for Echo {
    fn invoke<'a>(&'a self, function: &'a str, payload: Bytes) -> InvokeFuture<'a> {
        let invoked = match (self.knows(function), payload.as_ref()) {
            (false, _) => Err(InvocationError::UnknownFunction(function.to_owned())),
            (true, br#""fail""#) => {
                Ok(InvocationOutcome::Error(FunctionError::of_lambda("E", "m")))
            }
            (true, _) => Ok(InvocationOutcome::Success(payload)),
        };
        Box::pin(async move { invoked })
    }

    fn knows(&self, function: &str) -> bool {
        function == "echo"
    }
}

struct Expected {
    status: u16,
    body: &'static str,
    headers: &'static [(&'static str, &'static str)],
}

async fn check(function: &str, headers: &[(&str, &str)], payload: &str, expected: Expected) {
    let mut request = Request::post("/");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let functions: Arc<dyn Invoke> = Arc::new(Echo);
    let response = answer(
        &functions,
        function,
        &parts,
        Bytes::from(payload.to_owned()),
    )
    .await;
    let context = format!("{function} {headers:?} {payload}");
    assert_eq!(response.status().as_u16(), expected.status, "{context}");
    let body = std::str::from_utf8(response.body()).unwrap();
    assert!(body.contains(expected.body), "{context}: {body}");
    for (name, value) in expected.headers {
        let found = response
            .headers()
            .get(*name)
            .map(|found| found.to_str().unwrap());
        assert_eq!(found.unwrap_or_default(), *value, "{context} {name}");
    }
}

#[tokio::test]
async fn invocations() {
    let success = &[
        ("x-amz-executed-version", "$LATEST"),
        ("x-amz-function-error", ""),
    ];
    let ok = |body| Expected {
        status: 200,
        body,
        headers: success,
    };
    check("echo", &[], "[1]", ok("[1]")).await;
    check("echo:live", &[], "[1]", ok("[1]")).await;
    check(
        "arn:aws:lambda:us-east-1:123456789012:function:echo",
        &[],
        "1",
        ok("1"),
    )
    .await;
    check(
        "arn%3Aaws%3Alambda%3Aus-east-1%3A1%3Afunction%3Aecho%3Alive",
        &[],
        "1",
        ok("1"),
    )
    .await;
    check("echo", &[], "", ok("{}")).await;
    let failed = &[("x-amz-function-error", "Unhandled")];
    let body = r#"{"errorMessage":"m","errorType":"E"}"#;
    check(
        "echo",
        &[],
        r#""fail""#,
        Expected {
            status: 200,
            body,
            headers: failed,
        },
    )
    .await;
    let kind = |status, body| Expected {
        status,
        body,
        headers: &[],
    };
    check(
        "echo",
        &[("X-Amz-Invocation-Type", "DryRun")],
        "1",
        kind(204, ""),
    )
    .await;
    check(
        "echo",
        &[("X-Amz-Invocation-Type", "Event")],
        "1",
        kind(202, ""),
    )
    .await;
}

#[tokio::test]
async fn refusals() {
    let unknown = &[("x-amzn-errortype", "ResourceNotFoundException")];
    check(
        "absent",
        &[],
        "1",
        Expected {
            status: 404,
            body: "Function not found",
            headers: unknown,
        },
    )
    .await;
    let no_json = &[("x-amzn-errortype", "InvalidRequestContentException")];
    check(
        "echo",
        &[],
        "{",
        Expected {
            status: 400,
            body: "parse request body",
            headers: no_json,
        },
    )
    .await;
    check(
        "echo",
        &[],
        "1 2",
        Expected {
            status: 400,
            body: "parse request body",
            headers: no_json,
        },
    )
    .await;
    let kind = &[("x-amzn-errortype", "InvalidParameterValueException")];
    check(
        "echo",
        &[("X-Amz-Invocation-Type", "Later")],
        "1",
        Expected {
            status: 400,
            body: "DryRun",
            headers: kind,
        },
    )
    .await;
    // A page in a browser must not reach functions without their authorizer.
    let page = &[("x-amzn-errortype", "AccessDeniedException")];
    check(
        "echo",
        &[("Origin", "https://evil")],
        "1",
        Expected {
            status: 403,
            body: "pages",
            headers: page,
        },
    )
    .await;
    let large = format!("\"{}\"", "x".repeat(6 * 1024 * 1024));
    let too_large = &[("x-amzn-errortype", "RequestTooLargeException")];
    check(
        "echo",
        &[],
        &large,
        Expected {
            status: 413,
            body: "too large",
            headers: too_large,
        },
    )
    .await;
}

#[tokio::test]
async fn a_body_that_was_not_read_is_too_large() {
    let (mut parts, ()) = Request::post("/").body(()).unwrap().into_parts();
    parts.extensions.insert(BodyTooLarge);
    let functions: Arc<dyn Invoke> = Arc::new(Echo);
    assert_eq!(
        answer(&functions, "echo", &parts, Bytes::new())
            .await
            .status(),
        413
    );
}

#[test]
fn paths() {
    assert_eq!(
        function_of("/2015-03-31/functions/echo/invocations"),
        Some("echo")
    );
    assert_eq!(function_of("/2015-03-31/functions/a/b/invocations"), None);
    assert_eq!(
        function_of("/prod/2015-03-31/functions/echo/invocations"),
        None
    );
    assert_eq!(function_of("/2015-03-31/functions/echo"), None);
}
