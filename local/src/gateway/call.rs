//! One request to the API, parsed once for events, identity sources and gateway responses.

use std::net::IpAddr;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Request};
use lambda_support::clock::{Clock, Timestamp};
use percent_encoding::percent_decode_str;

use super::record::Record;
use crate::random;

/// Headers of a single connection, and others that AWS leaves out of events.
const NOT_IN_EVENTS: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// One request, and what API Gateway knows about it.
#[derive(Debug)]
pub(crate) struct Call {
    /// The id of the request, which the answer has as `x-amzn-RequestId`.
    pub(crate) id: String,
    pub(crate) at: Timestamp,
    pub(crate) verb: String,
    /// The path as sent, without the stage, with its `/`.
    pub(crate) path: String,
    /// The path as sent, with the stage.
    pub(crate) full_path: String,
    /// The query as sent.
    pub(crate) raw_query: String,
    /// The parameters of the query, decoded, in order.
    pub(crate) query: Vec<(String, String)>,
    /// The headers in order, with their names in the case that events have.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    pub(crate) source_ip: IpAddr,
    /// The protocol, usually `HTTP/1.1`.
    pub(crate) protocol: String,
    /// Its record for the access log.
    pub(crate) record: Record,
}

impl Call {
    /// Reads a request. `path` is its path without the stage.
    pub(crate) fn new(
        request: &Request<Bytes>,
        path: &str,
        source_ip: IpAddr,
        clock: &dyn Clock,
    ) -> Self {
        let at = clock.now();
        let mut headers: Vec<_> = request
            .headers()
            .iter()
            .filter(|(name, _)| !NOT_IN_EVENTS.contains(&name.as_str()))
            .map(|(name, value)| (title_case(name), text(value.as_bytes())))
            .collect();
        forward(&mut headers, source_ip, at);
        Self {
            id: random::request_id(),
            at,
            verb: request.method().as_str().to_owned(),
            path: path.to_owned(),
            full_path: request.uri().path().to_owned(),
            raw_query: request.uri().query().unwrap_or_default().to_owned(),
            query: request.uri().query().map(query).unwrap_or_default(),
            headers,
            body: request.body().clone(),
            source_ip,
            protocol: format!("{:?}", request.version()),
            record: Record::default(),
        }
    }

    /// The last value of a header. The case of the name is ignored.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.header_values(name).pop()
    }

    /// All values of a header. AWS does not document which of them a TOKEN authorizer receives. Here it receives all, so
    /// that an authorizer that treats two credentials as one fails on this machine.
    pub(crate) fn header_values(&self, name: &str) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// The last value of a parameter of the query.
    pub(crate) fn query_parameter(&self, name: &str) -> Option<&str> {
        self.query_values(name).pop()
    }

    /// All values of a parameter of the query.
    pub(crate) fn query_values(&self, name: &str) -> Vec<&str> {
        let found = self.query.iter().filter(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str()).collect()
    }

    /// Whether an HTTP API passes the body unchanged. It passes other bodies as base64, also those of forms and those
    /// without a media type.
    pub(crate) fn has_text(&self) -> bool {
        let media_type = self.header("content-type").unwrap_or_default();
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        let essence = essence.to_ascii_lowercase();
        essence.starts_with("text/")
            || [
                "application/json",
                "application/javascript",
                "application/xml",
            ]
            .contains(&essence.as_str())
    }

    /// The value of `Content-Length` in the events of an HTTP API, which always have this header. The events of a REST API
    /// never have it.
    pub(crate) fn content_length(&self) -> String {
        self.body.len().to_string()
    }

    /// The host that the request names, without its port.
    pub(crate) fn domain_name(&self) -> &str {
        host_and_port(self.header("host").unwrap_or_default()).0
    }
}

/// A value of the header `Host` as its host and its port.
fn host_and_port(value: &str) -> (&str, Option<&str>) {
    match value.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            (host, Some(port).filter(|port| !port.is_empty()))
        }
        _ => (value, None),
    }
}

/// The headers that API Gateway adds. The scheme is `http` here, and always `https` at AWS. A header that was sent twice
/// becomes one, so that no value of the caller follows the gateway's.
fn forward(headers: &mut Vec<(String, String)>, source_ip: IpAddr, at: Timestamp) {
    let host = headers.iter().find(|(name, _)| name == "Host");
    let port = host.and_then(|(_, host)| host_and_port(host).1);
    let port = port.unwrap_or("80").to_owned();
    let mut taken = |name: &str| {
        let sent = headers.extract_if(.., |(found, _)| found == name);
        sent.map(|(_, value)| value).collect::<Vec<_>>()
    };
    taken("X-Forwarded-Port");
    taken("X-Forwarded-Proto");
    let mut addresses = taken("X-Forwarded-For");
    addresses.push(source_ip.to_string());
    let is_traced = headers.iter().any(|(name, _)| name == "X-Amzn-Trace-Id");
    let mut add = |name: &str, value| headers.push((name.to_owned(), value));
    add("X-Forwarded-For", addresses.join(", "));
    add("X-Forwarded-Port", port);
    add("X-Forwarded-Proto", "http".to_owned());
    if !is_traced {
        add("X-Amzn-Trace-Id", random::trace_id(at.as_secs()));
    }
}

/// A name as HTTP/1.1 clients commonly write it: `X-Request-Id`.
///
/// AWS passes most names in the case in which they were sent, which the HTTP library does not report, and `Authorization`
/// always in this case. Functions must not depend on the case.
fn title_case(name: &HeaderName) -> String {
    let mut start = true;
    name.as_str()
        .chars()
        .map(|character| {
            let written = if start {
                character.to_ascii_uppercase()
            } else {
                character
            };
            start = character == '-';
            written
        })
        .collect()
}

/// A path or a part of it, decoded as in the events of an HTTP API. The events of a REST API have paths as sent.
pub(crate) fn decoded(path: &str) -> String {
    percent_decode_str(path).decode_utf8_lossy().into_owned()
}

/// A header's bytes as a string: UTF-8, else one character per byte, so that no byte is lost.
fn text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(
        |_| bytes.iter().map(|&byte| char::from(byte)).collect(),
        str::to_owned,
    )
}

/// A query in form encoding (`+` is a space), as AWS parses it.
fn query(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect()
}

/// The length of all header values together, which AWS limits.
pub(crate) fn headers_size(headers: &HeaderMap) -> usize {
    headers.values().map(http::HeaderValue::len).sum()
}

/// The length of the request line, such as `GET /state?limit=1 HTTP/1.1`. HTTP APIs add it to the length of the headers.
pub(crate) fn request_line_size(request: &Request<Bytes>) -> usize {
    let target = request.uri().path_and_query();
    let target = target.map_or(0, |target| target.as_str().len());
    request.method().as_str().len() + target + format!("  {:?}", request.version()).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded() {
        fn check(text: &str, expected: &[(&str, &str)]) {
            let found = query(text);
            let found: Vec<_> = found
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            assert_eq!(found, expected, "{text}");
        }
        // Recorded at AWS.
        check(
            "dateTimeOffset=2023-06-12T18:05:10.123456+00:00",
            &[("dateTimeOffset", "2023-06-12T18:05:10.123456 00:00")],
        );
        check(
            "email=test%2Balias@gmail.com&plus=test+alias",
            &[("email", "test+alias@gmail.com"), ("plus", "test alias")],
        );
        check("a=1&a=2&b", &[("a", "1"), ("a", "2"), ("b", "")]);
        check(
            "a=%&b=%2&c=%zz&d=%C3%A9",
            &[("a", "%"), ("b", "%2"), ("c", "%zz"), ("d", "é")],
        );
        check("", &[]);
        check("&&=x", &[("", "x")]);
    }

    #[test]
    fn forwarded_headers_end_with_what_the_gateway_knows() {
        fn check(sent: &[(&str, &str)], expected: [&str; 3]) {
            let sent = sent
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()));
            let mut headers: Vec<_> = sent.collect();
            forward(
                &mut headers,
                IpAddr::from([127, 0, 0, 1]),
                Timestamp::from_secs(0),
            );
            let values = |name: &str| {
                let found = headers.iter().filter(|(found, _)| found == name);
                found
                    .map(|(_, value)| value.as_str())
                    .collect::<Vec<_>>()
                    .join(" and ")
            };
            let names = ["X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto"];
            assert_eq!(names.map(values), expected, "{headers:?}");
        }
        check(&[], ["127.0.0.1", "80", "http"]);
        check(&[("Host", "a:3000")], ["127.0.0.1", "3000", "http"]);
        check(&[("Host", "[::1]")], ["127.0.0.1", "80", "http"]);
        check(&[("Host", "a:")], ["127.0.0.1", "80", "http"]);
        let repeated = [
            ("X-Forwarded-For", "1.1.1.1"),
            ("X-Forwarded-Port", "1"),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-For", "2.2.2.2"),
            ("X-Forwarded-Port", "2"),
            ("X-Forwarded-Proto", "https"),
        ];
        check(&repeated, ["1.1.1.1, 2.2.2.2, 127.0.0.1", "80", "http"]);
    }

    #[test]
    fn header_bytes_are_never_lost() {
        assert_eq!(text("héllo".as_bytes()), "héllo");
        assert_eq!(text(&[b'a', 0xff]), "aÿ");
    }
}
