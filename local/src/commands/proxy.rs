//! The forward proxy of the environment, parsed by the authorizer's code.

use std::ffi::OsString;
use std::io;

use authorizer::config::Settings;
use authorizer::issuer::http_client::ForwardProxy;
use lambda_support::settings::{Environment, Source};

use super::UsageError;

/// `HTTPS_PROXY` and `NO_PROXY`. Fails if they are invalid.
pub(super) fn of_environment() -> Result<Option<ForwardProxy>, UsageError> {
    Ok(Settings::from_source(&OnlyProxy)?.proxy)
}

/// The required settings, and only the proxy of the environment: its other variables are for a deployment.
struct OnlyProxy;

impl Source for OnlyProxy {
    fn variable(&self, name: &str) -> Option<OsString> {
        match name {
            "ISSUER" => Some("https://issuer.invalid".into()),
            "AUDIENCE" => Some("any".into()),
            "HTTPS_PROXY" | "https_proxy" | "NO_PROXY" | "no_proxy" => Environment.variable(name),
            _ => None,
        }
    }

    fn file(&self, _: &str) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
}
