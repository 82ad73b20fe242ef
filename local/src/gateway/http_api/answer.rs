//! Converts a function's answer to an HTTP API into an HTTP response.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, SET_COOKIE};
use http::{HeaderValue, Response};
use serde_json::{Map, Value};

use super::super::answer::{header_value, headers, remap, status};
use super::super::malformed::AnswerError;
use crate::template::api::PayloadFormat;

/// The media type of an answer without one.
const DEFAULT_MEDIA_TYPE: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// Reads a function's answer. Fails if it is malformed, which AWS answers with 500.
pub(crate) fn read(payload: &[u8], format: PayloadFormat) -> Result<Response<Bytes>, AnswerError> {
    match (serde_json::from_slice(payload), format) {
        (Ok(Value::Object(answer)), _) if answer.contains_key("statusCode") => structured(&answer),
        // Format 2.0 infers the response from any other payload, even if it is not JSON.
        (Ok(Value::String(text)), PayloadFormat::V2) => Ok(inferred(text.into())),
        (Ok(other), PayloadFormat::V2) => Ok(inferred(other.to_string().into())),
        (Err(_), PayloadFormat::V2) => Ok(inferred(Bytes::copy_from_slice(payload))),
        (Ok(_), PayloadFormat::V1) => Err(AnswerError::member("statusCode", "a status")),
        (Err(error), PayloadFormat::V1) => Err(AnswerError::Json(error.to_string())),
    }
}

fn inferred(body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

fn structured(answer: &Map<String, Value>) -> Result<Response<Bytes>, AnswerError> {
    let mut headers = headers(answer)?;
    match answer.get("cookies") {
        None | Some(Value::Null) => {}
        Some(Value::Array(cookies)) => {
            for cookie in cookies {
                headers.append(SET_COOKIE, header_value(cookie)?);
            }
        }
        Some(_) => return Err(AnswerError::member("cookies", "a list")),
    }
    let body = match answer.get("body") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(_) => return Err(AnswerError::member("body", "a string")),
    };
    let body = match answer.get("isBase64Encoded") {
        None | Some(Value::Null | Value::Bool(false)) => body.into(),
        Some(Value::Bool(true)) => {
            let decoded = STANDARD.decode(body);
            decoded.map_err(|error| AnswerError::member("body", format!("base64: {error}")))?
        }
        Some(_) => {
            return Err(AnswerError::member("isBase64Encoded", "true or false"));
        }
    };
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status(answer)?;
    remap(&mut headers)?;
    headers.entry(CONTENT_TYPE).or_insert(DEFAULT_MEDIA_TYPE);
    *response.headers_mut() = headers;
    Ok(response)
}
