//! Lambda's Invoke API, so that `aws lambda invoke --endpoint-url` and `cargo lambda invoke` reach the functions.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, ORIGIN};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use crate::aws;
use crate::lambda::invocation::{InvocationOutcome, Invoke};
use crate::random;
use crate::request_body::BodyTooLarge;

/// Lambda's limit for the event of a synchronous invocation.
const MAX_EVENT: usize = 6 * 1024 * 1024;

const INVOCATION_TYPE: HeaderName = HeaderName::from_static("x-amz-invocation-type");

/// The function in a path of this API.
pub fn function_of(path: &str) -> Option<&str> {
    path.strip_prefix("/2015-03-31/functions/")?
        .strip_suffix("/invocations")
        .filter(|name| !name.contains('/'))
}

/// Answers one request to invoke `function`.
pub async fn answer(
    functions: &Arc<dyn Invoke>,
    function: &str,
    request: &Parts,
    payload: Bytes,
) -> Response<Bytes> {
    let headers = &request.headers;
    // The Invoke API has no authorizer, so pages in a browser may not use it.
    if headers.contains_key(ORIGIN) {
        return error(
            StatusCode::FORBIDDEN,
            "AccessDeniedException",
            "functions cannot be invoked from web pages",
        );
    }
    let decoded = function.replace("%3A", ":").replace("%3a", ":");
    let name = aws::function_name(&decoded).to_owned();
    if !functions.knows(&name) {
        let message = format!(
            "Function not found: {}",
            aws::function_arn(aws::DEFAULT_REGION, &name)
        );
        return error(StatusCode::NOT_FOUND, "ResourceNotFoundException", &message);
    }
    if payload.len() > MAX_EVENT || request.extensions.get::<BodyTooLarge>().is_some() {
        let message = format!(
            "the payload is too large for the RequestResponse invocation type (limit {MAX_EVENT} bytes)"
        );
        return error(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestTooLargeException",
            &message,
        );
    }
    let payload = if payload.is_empty() {
        Bytes::from_static(b"{}")
    } else {
        payload
    };
    if let Err(problem) = serde_json::from_slice::<serde::de::IgnoredAny>(&payload) {
        let message = format!("Could not parse request body into json: {problem}");
        return error(
            StatusCode::BAD_REQUEST,
            "InvalidRequestContentException",
            &message,
        );
    }
    match headers
        .get(INVOCATION_TYPE)
        .map_or(Ok("RequestResponse"), HeaderValue::to_str)
    {
        Ok("RequestResponse") => {}
        Ok("DryRun") => return finish(StatusCode::NO_CONTENT, Bytes::new()),
        Ok("Event") => {
            let functions = Arc::clone(functions);
            tokio::spawn(async move { functions.invoke(&name, payload).await });
            return finish(StatusCode::ACCEPTED, Bytes::new());
        }
        _ => {
            let message = "X-Amz-Invocation-Type: expected RequestResponse, Event or DryRun";
            return error(
                StatusCode::BAD_REQUEST,
                "InvalidParameterValueException",
                message,
            );
        }
    }
    match functions.invoke(&name, payload).await {
        Ok(InvocationOutcome::Success(payload)) => executed(payload),
        Ok(InvocationOutcome::Error(failed)) => {
            let mut response = executed(failed.payload().clone());
            response.headers_mut().insert(
                "x-amz-function-error",
                HeaderValue::from_static("Unhandled"),
            );
            response
        }
        Err(failed) => error(
            StatusCode::NOT_FOUND,
            "ResourceNotFoundException",
            &failed.to_string(),
        ),
    }
}

fn executed(payload: Bytes) -> Response<Bytes> {
    let mut response = finish(StatusCode::OK, payload);
    response.headers_mut().insert(
        "x-amz-executed-version",
        HeaderValue::from_static("$LATEST"),
    );
    response
}

fn error(status: StatusCode, kind: &'static str, message: &str) -> Response<Bytes> {
    let whose = if status.is_server_error() {
        "Service"
    } else {
        "User"
    };
    let body: Value = json!({"Type": whose, "Message": message, "message": message});
    let mut response = finish(status, body.to_string().into());
    response
        .headers_mut()
        .insert("x-amzn-errortype", HeaderValue::from_static(kind));
    response
}

fn finish(status: StatusCode, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(id) = HeaderValue::from_str(&random::request_id()) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}
