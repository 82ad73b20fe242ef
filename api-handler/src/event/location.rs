//! The path within this API, and the URL of the API.

use std::borrow::Cow;

use http::{HeaderMap, header::HOST};
use lambda_support::borrowed_text::BorrowedText;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::members::Members;

/// The path within this API of an HTTP API's event in format 2.0.
///
/// `rawPath` is decoded there, so a slash in it may belong to a parameter: `/state/a%2Fb` must not be taken for the path
/// `/a/b`. The route and its parameters show where the parameters begin and end.
pub(super) struct FilledPath {
    /// With encoded parameters.
    pub(super) encoded: String,
    /// The end of a decoded `rawPath`.
    pub(super) decoded: String,
}

impl FilledPath {
    /// `None` for a catch-all route, and if a parameter is missing.
    pub(super) fn of(
        route: &str,
        parameters: &Members<'_, Option<BorrowedText<'_>>>,
    ) -> Option<Self> {
        let (_, segments) = route.split_once('/')?;
        if is_catch_all(segments) {
            return None;
        }
        let (mut encoded, mut decoded) = (String::new(), String::new());
        for segment in segments.split('/') {
            let name = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}'));
            encoded.push('/');
            decoded.push('/');
            let Some(name) = name else {
                encoded.push_str(segment);
                decoded.push_str(segment);
                continue;
            };
            let (_, value) = parameters.0.iter().find(|(found, _)| **found == *name)?;
            let value = value.as_deref()?;
            encoded.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
            decoded.push_str(value);
        }
        Some(Self { encoded, decoded })
    }

    /// Whether `path` decodes to this path. Then it needs no decoding, or a tool left `rawPath` as it was sent.
    pub(super) fn is_decoded_from(&self, path: &str) -> bool {
        percent_decode_str(path)
            .decode_utf8()
            .is_ok_and(|decoded| decoded == self.decoded)
    }
}

/// The path within this API. A stage (HTTP API) or the base path of a custom domain may precede it. The route that API
/// Gateway matched, such as `/state/{id}`, shows how many segments belong to this API.
pub(super) fn inner_path<'s>(
    seen: &'s str,
    route: Option<&str>,
    stage: Option<&str>,
) -> Cow<'s, str> {
    let template = route.and_then(|route| route.find('/').and_then(|slash| route.get(slash..)));
    if let Some(template) = template.filter(|template| !is_catch_all(template)) {
        let depth = template.trim_matches('/').split('/').count();
        let segments = seen.trim_matches('/');
        // The path begins at the slash before its first segment; segments are counted from the end.
        if let Some((slash, _)) = segments.rmatch_indices('/').nth(depth - 1) {
            return segments.get(slash..).unwrap_or_default().into();
        }
        if segments.split('/').count() == depth {
            return format!("/{segments}").into();
        }
    }
    let without_stage = stage
        .and_then(|stage| seen.strip_prefix('/')?.strip_prefix(stage))
        .filter(|rest| rest.starts_with('/'));
    without_stage.unwrap_or(seen).into()
}

/// Whether a route matches paths of any depth.
pub(super) fn is_catch_all(route: &str) -> bool {
    route.contains("+}")
}

/// The URL of the API for this caller. `Host` can be trusted, because API Gateway rejects a request for another host.
pub(super) fn base_url(headers: &HeaderMap, domain: Option<&str>, prefix: &str) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let plain = |host: &&str| {
        !host.is_empty()
            && host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b".-:[]_".contains(&b))
    };
    let Some(host) = text(HOST.as_str()).filter(plain).or(domain) else {
        return prefix.to_owned();
    };
    let scheme = if text("x-forwarded-proto") == Some("http") {
        "http"
    } else {
        "https"
    };
    [scheme, "://", host, prefix].concat()
}
