//! Converts a function's answer through a proxy integration into an HTTP response.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{
    ACCEPT, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, SERVER, TRANSFER_ENCODING,
    WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Map, Value};

use super::call::Call;
use super::malformed::AnswerError;

/// Headers that AWS renames to `x-amzn-Remapped-…`, because it sets them itself.
const REMAPPED: [HeaderName; 5] = [CONNECTION, CONTENT_LENGTH, DATE, SERVER, WWW_AUTHENTICATE];

/// The members that a proxy answer may have. At AWS any other member makes the answer malformed.
const MEMBERS: [&str; 5] = [
    "statusCode",
    "headers",
    "multiValueHeaders",
    "body",
    "isBase64Encoded",
];

/// Reads a function's answer. Fails if it is malformed, which AWS answers with 502.
pub(crate) fn read(
    payload: &[u8],
    call: &Call,
    binary_media_types: &[String],
) -> Result<Response<Bytes>, AnswerError> {
    let value: Value =
        serde_json::from_slice(payload).map_err(|error| AnswerError::Json(error.to_string()))?;
    let Value::Object(answer) = value else {
        return Err(AnswerError::member("the answer", "an object"));
    };
    if let Some(unknown) = answer.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
        return Err(AnswerError::Unknown(unknown.clone()));
    }
    let mut headers = headers(&answer)?;
    let body = match answer.get("body") {
        None | Some(Value::Null) => Bytes::new(),
        Some(Value::String(text)) => Bytes::from(text.clone()),
        Some(_) => return Err(AnswerError::member("body", "a string")),
    };
    let encoded = match answer.get("isBase64Encoded") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(encoded)) => *encoded,
        Some(_) => {
            return Err(AnswerError::member("isBase64Encoded", "true or false"));
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = status(&answer)?;
    if encoded && accepts_binary(call, binary_media_types) {
        let decoded = STANDARD
            .decode(response.body())
            .map_err(|error| AnswerError::member("body", format!("base64: {error}")))?;
        *response.body_mut() = decoded.into();
    }
    remap(&mut headers)?;
    headers
        .entry(CONTENT_TYPE)
        .or_insert(HeaderValue::from_static("application/json"));
    *response.headers_mut() = headers;
    Ok(response)
}

/// The headers of an answer, from both of its maps.
pub(super) fn headers(answer: &Map<String, Value>) -> Result<HeaderMap, AnswerError> {
    let mut headers = HeaderMap::new();
    for (name, value) in members(answer, "headers")? {
        headers.insert(header_name(name)?, header_value(value)?);
    }
    for (name, values) in members(answer, "multiValueHeaders")? {
        let name = header_name(name)?;
        let values = values
            .as_array()
            .ok_or_else(|| AnswerError::member("multiValueHeaders", "lists"))?;
        // The same name in both maps: AWS merges them and sends equal values once.
        for value in values {
            let value = header_value(value)?;
            if !headers.get_all(&name).iter().any(|found| found == value) {
                headers.append(&name, value);
            }
        }
    }
    Ok(headers)
}

pub(super) fn remap(headers: &mut HeaderMap) -> Result<(), AnswerError> {
    for name in REMAPPED {
        let values: Vec<_> = headers.get_all(&name).iter().cloned().collect();
        headers.remove(&name);
        let remapped = HeaderName::try_from(format!("x-amzn-remapped-{name}"))
            .map_err(|_| AnswerError::member("headers", "names of headers"))?;
        for value in values {
            headers.append(&remapped, value);
        }
    }
    headers.remove(TRANSFER_ENCODING);
    Ok(())
}

/// The answer of the mock integration that SAM creates for `Cors`.
pub(crate) fn preflight(cors: &[(HeaderName, HeaderValue)]) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(b"{}\n"));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.extend(cors.iter().cloned());
    response
}

pub(super) fn status(answer: &Map<String, Value>) -> Result<StatusCode, AnswerError> {
    // AWS treats an answer without a status as a success.
    let Some(found) = answer.get("statusCode") else {
        return Ok(StatusCode::OK);
    };
    let code = match found {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    code.and_then(|code| u16::try_from(code).ok())
        .and_then(|code| StatusCode::from_u16(code).ok())
        // A status below 200 is not an answer: another one follows it (RFC 9110, section 15.2).
        .filter(|status| !status.is_informational())
        .ok_or_else(|| {
            let expected = format!("a status from 200 to 999, found {found}");
            AnswerError::member("statusCode", expected)
        })
}

fn members<'a>(
    answer: &'a Map<String, Value>,
    name: &str,
) -> Result<impl Iterator<Item = (&'a String, &'a Value)>, AnswerError> {
    match answer.get(name) {
        None | Some(Value::Null) => Ok(None.into_iter().flatten()),
        Some(Value::Object(members)) => Ok(Some(members).into_iter().flatten()),
        Some(_) => Err(AnswerError::member(name, "an object")),
    }
}

fn header_name(name: &str) -> Result<HeaderName, AnswerError> {
    name.parse().map_err(|_| {
        AnswerError::member("headers", format!("the name of a header, found `{name}`"))
    })
}

pub(super) fn header_value(value: &Value) -> Result<HeaderValue, AnswerError> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Bool(boolean) => boolean.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            return Err(AnswerError::member("headers", "strings as values"));
        }
    };
    HeaderValue::from_str(&text)
        .map_err(|_| AnswerError::member("headers", "values that a header can have"))
}

/// Whether the body is decoded: the API lists the first media type that the request accepts. The media type of the answer
/// has no effect at AWS, so a browser may get base64.
fn accepts_binary(call: &Call, binary_media_types: &[String]) -> bool {
    call.header(ACCEPT.as_str())
        .and_then(|accept| accept.split(',').next())
        .is_some_and(|media_type| is_binary_media_type(media_type, binary_media_types))
}

/// Whether an API passes bodies of this media type as base64.
pub(crate) fn is_binary_media_type(media_type: &str, binary_media_types: &[String]) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    binary_media_types.iter().any(|binary| {
        binary == "*/*"
            || binary.eq_ignore_ascii_case(essence)
            || binary.strip_suffix("/*").is_some_and(|kind| {
                essence
                    .split_once('/')
                    .is_some_and(|(found, _)| found.eq_ignore_ascii_case(kind))
            })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wrong_status_is_an_error_with_its_value() {
        for found in [json!(101), json!(1000), json!("x"), json!(null)] {
            let answer = Map::from_iter([("statusCode".to_owned(), found.clone())]);
            let error = status(&answer).unwrap_err().to_string();
            let expected = format!("statusCode: expected a status from 200 to 999, found {found}");
            assert!(error.ends_with(&expected), "{error}");
        }
    }
}
