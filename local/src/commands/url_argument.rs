//! Arguments that are URLs.

use reqwest::Url;

use super::UsageError;

/// An absolute URL, unchanged.
pub(super) fn absolute(text: &str) -> Result<String, UsageError> {
    Url::parse(text)
        .ok()
        .filter(|url| url.has_host() && url.fragment().is_none())
        .map(|_| text.to_owned())
        .ok_or(UsageError::Value("an absolute URL without a fragment"))
}

/// A web origin as browsers send it: without a default port.
pub(super) fn origin(text: &str) -> Result<String, UsageError> {
    let origin = Url::parse(text)
        .map_err(UsageError::Url)?
        .origin()
        .ascii_serialization();
    if origin == text {
        Ok(origin)
    } else {
        Err(UsageError::NotOrigin(origin))
    }
}
