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
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .ok_or(UsageError::Value(
            "an http or https origin such as http://127.0.0.1:8080",
        ))?;
    let origin = url.origin().ascii_serialization();
    if origin == text {
        Ok(origin)
    } else {
        Err(UsageError::NotOrigin(origin))
    }
}
