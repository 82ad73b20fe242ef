//! The method and the path of a call.

use http::{Method, Uri};

use crate::commands::UsageError;

/// A method and a path of the API, without the stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::commands) struct CalledRoute {
    pub(in crate::commands) method: Method,
    pub(in crate::commands) path: String,
}

impl CalledRoute {
    /// Reads a method and a path. Fails if no request can have them.
    pub(in crate::commands) fn parse(method: &str, path: &str) -> Result<Self, UsageError> {
        // Methods are case-sensitive (RFC 9110, section 9.1), and API Gateway has only methods in capital letters.
        let parsed = Method::from_bytes(method.as_bytes())
            .ok()
            .filter(|_| !method.bytes().any(|byte| byte.is_ascii_lowercase()))
            .ok_or_else(|| UsageError::found("a method in capital letters such as GET", method))?;
        // A request carries neither a fragment, which the URI parser drops, nor letters outside ASCII.
        let is_sent_as_written = |uri: Uri| uri.path_and_query().is_some_and(|sent| sent == path);
        let is_path = path.starts_with('/') && path.is_ascii();
        if !is_path || !path.parse().is_ok_and(is_sent_as_written) {
            let expected = "a path that begins with `/`, percent-encoded as in a URL";
            return Err(UsageError::found(expected, path));
        }
        Ok(Self {
            method: parsed,
            path: path.to_owned(),
        })
    }

    pub(super) fn path_without_query(&self) -> &str {
        without_query(&self.path)
    }
}

/// A path without its query.
pub(in crate::commands) fn without_query(path: &str) -> &str {
    path.split_once('?').map_or(path, |(path, _)| path)
}
