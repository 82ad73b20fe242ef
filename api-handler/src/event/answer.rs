//! The answer to an event.

use std::collections::HashMap;

use http::Response;
use serde::Serialize;

/// The answer to an event, for both kinds of API.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    status_code: u16,
    headers: HashMap<String, String>,
    body: String,
    is_base64_encoded: bool,
}

impl From<Response<String>> for Answer {
    fn from(response: Response<String>) -> Self {
        let (parts, body) = response.into_parts();
        let mut headers: HashMap<String, String> = HashMap::new();
        for (name, value) in &parts.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            // Repeated headers become one list (RFC 9110, section 5.3); `Set-Cookie`, the exception, is never sent.
            headers
                .entry(name.to_string())
                .and_modify(|list| *list = format!("{list}, {value}"))
                .or_insert_with(|| value.into_owned());
        }
        Self {
            status_code: parts.status.as_u16(),
            headers,
            body,
            is_base64_encoded: false,
        }
    }
}
