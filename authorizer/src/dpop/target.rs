//! The URL of a request, normalised as in RFC 3986.

use std::fmt;
use std::fmt::Write;
use std::str::FromStr;

use fluent_uri::Uri;
use thiserror::Error;

use crate::issuer::http_client::{Endpoint, EndpointError};

/// A URL without query and fragment, after the syntax-based and scheme-based normalisation of RFC 3986, sections 6.2.2
/// and 6.2.3. Two equal values are the same target (RFC 9449, section 4.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TargetUrl(String);

/// The string is not a URL with a scheme and a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotAUrl;

impl TargetUrl {
    pub(super) fn parse(url: &str) -> Result<Self, NotAUrl> {
        let url = Uri::parse(url).map_err(|_| NotAUrl)?.normalize();
        let authority = url.authority().ok_or(NotAUrl)?;
        if authority.host().is_empty() {
            return Err(NotAUrl);
        }
        // In a URL with an authority an empty path equals `/` (RFC 3986, section 6.2.3).
        let path = match url.path().as_str() {
            "" => "/",
            path => path,
        };
        Ok(Self(format!("{}://{authority}{path}", url.scheme())))
    }
}

/// The URL of a path below a base, percent-encoded where a URL requires it. The base does not end with a slash.
pub(super) fn join(base: &str, path: &str) -> Result<TargetUrl, NotAUrl> {
    TargetUrl::parse(&format!("{base}{}", encode(path)))
}

/// Percent-encodes characters that a path may not contain, and keeps existing escapes: the events of REST APIs have the
/// path as it was sent, and those of HTTP APIs have it decoded.
fn encode(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut encoded = String::with_capacity(path.len());
    for (at, byte) in bytes.iter().copied().enumerate() {
        let is_encoded = || {
            let digits = bytes.get(at + 1..at + 3);
            digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
        };
        // `pchar` and the slash (RFC 3986, section 3.3).
        let stays = byte.is_ascii_alphanumeric()
            || b"-._~!$&'()*+,;=:@/".contains(&byte)
            || (byte == b'%' && is_encoded());
        if stays {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _written = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// The base URL under which callers reach the API. Paths are appended to it.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

/// Why a string is not a [`PublicUrl`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PublicUrlError {
    #[error("{0}")]
    Endpoint(#[from] EndpointError),
    #[error("not a URL by RFC 3986")]
    NotAUrl,
    #[error("a URL with a query or a fragment")]
    QueryOrFragment,
}

impl PublicUrl {
    /// The URL without a trailing slash.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        text.parse::<Endpoint>()?;
        if text.contains(['?', '#']) {
            return Err(PublicUrlError::QueryOrFragment);
        }
        TargetUrl::parse(text).map_err(|NotAUrl| PublicUrlError::NotAUrl)?;
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

impl fmt::Debug for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicUrl({})", self.0)
    }
}

#[cfg(test)]
mod tests;
