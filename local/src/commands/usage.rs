//! Wrong usage of a command.

use std::str::FromStr;

use lambda_support::settings::SettingsError;
use reqwest::Url;

use crate::issuer::user_names;

/// An argument, or a variable of the environment, that a command cannot use. The exit status is 2.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UsageError {
    #[error("expected {expected}, found `{found}`")]
    Found {
        expected: &'static str,
        found: String,
    },
    /// The value may be a secret, or is reported beside the message.
    #[error("expected {0}")]
    Value(&'static str),
    #[error("{0}: expected {1}")]
    Option(&'static str, &'static str),
    #[error(
        "an argument belongs to no option: put a value with spaces into quotes, and write a token without `Bearer`"
    )]
    Stray,
    #[error("--user: expected {names}, found `{0}`", names = user_names())]
    UnknownUser(String),
    #[error("expected an origin, without a path or a trailing slash, such as {0}")]
    NotOrigin(String),
    #[error(transparent)]
    Url(<Url as FromStr>::Err),
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

impl UsageError {
    /// Another value than the expected one.
    pub(super) fn found(expected: &'static str, found: &str) -> Self {
        Self::Found {
            expected,
            found: found.to_owned(),
        }
    }
}
