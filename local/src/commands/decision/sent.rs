//! The token and the headers of a call.

use authorizer::bearer::Scheme;
use http::header::HOST;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::commands::UsageError;
use crate::template::api::IdentitySource;

/// The token with its scheme, and the other headers.
#[derive(Debug)]
pub(in crate::commands) struct Sent<'t> {
    token: Option<(Scheme, &'t str)>,
    headers: HeaderMap,
}

impl<'t> Sent<'t> {
    /// A bearer token or none, without other headers.
    pub(in crate::commands) fn bearer(token: Option<&'t str>) -> Self {
        Self {
            token: token.map(|token| (Scheme::Bearer, token)),
            headers: HeaderMap::new(),
        }
    }

    /// A token, and headers of the form `NAME: VALUE`. Fails if a header is malformed. The error does not contain it,
    /// because it may be secret.
    pub(in crate::commands) fn parse(
        token: Option<(Scheme, &'t str)>,
        headers: &[String],
    ) -> Result<Self, UsageError> {
        let mut parsed = HeaderMap::new();
        for header in headers {
            let expected = UsageError::Option("--header", "a header such as `DPoP: PROOF`");
            let (name, value) = header_of(header).ok_or(expected)?;
            parsed.append(name, value);
        }
        Ok(Self {
            token,
            headers: parsed,
        })
    }

    pub(super) const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Whether the caller names the API's domain name.
    pub(in crate::commands) fn names_host(&self) -> bool {
        self.headers.contains_key(HOST)
    }

    pub(super) const fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// The token in the form of this identity source.
    pub(super) fn identity(&self, source: &IdentitySource) -> Option<String> {
        let (scheme, token) = self.token?;
        Some(match (source, scheme) {
            (IdentitySource::Header(_), Scheme::Bearer) => format!("Bearer {token}"),
            (IdentitySource::Header(_), Scheme::Dpop) => format!("DPoP {token}"),
            _ => token.to_owned(),
        })
    }
}

/// Reads `NAME: VALUE`.
pub(in crate::commands) fn header_of(text: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = text.split_once(':')?;
    Some((name.trim().parse().ok()?, value.trim().parse().ok()?))
}
