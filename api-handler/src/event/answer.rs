//! Serialises the answer to an event.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue, Response};
use serde::{Serialize, Serializer, ser::SerializeMap as _};

/// The answer to an event, for both kinds of API. It is serialised without a copy.
#[derive(Debug)]
pub struct Answer(Response<String>);

impl From<Response<String>> for Answer {
    fn from(response: Response<String>) -> Self {
        Self(response)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProxyAnswer<'a> {
    status_code: u16,
    headers: Headers<'a>,
    body: &'a str,
    is_base64_encoded: bool,
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let answer = ProxyAnswer {
            status_code: self.0.status().as_u16(),
            headers: Headers(self.0.headers()),
            body: self.0.body(),
            is_base64_encoded: false,
        };
        answer.serialize(serializer)
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Headers<'_> {
    /// The value of a header. Repeated headers become one list (RFC 9110, section 5.3). `Set-Cookie`, the only
    /// exception, is never sent.
    fn value(&self, name: &HeaderName) -> Cow<'_, str> {
        let text = |value| String::from_utf8_lossy(HeaderValue::as_bytes(value));
        let mut values = self.0.get_all(name).iter().map(text);
        let first = values.next().unwrap_or_default();
        values.fold(first, |list, value| format!("{list}, {value}").into())
    }
}

impl Serialize for Headers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.keys_len()))?;
        for name in self.0.keys() {
            map.serialize_entry(name.as_str(), &self.value(name))?;
        }
        map.end()
    }
}
