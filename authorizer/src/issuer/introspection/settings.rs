//! The settings of introspection: its own, and those of the issuer.

use std::fmt;
use std::time::Duration;

use crate::issuer::http_client::Endpoint;

#[derive(Clone, Debug)]
pub struct IntrospectionSettings {
    /// The endpoint; if `None`, the issuer's metadata has it.
    pub uri: Option<Endpoint>,
    pub client_id: String,
    /// A public client has no secret and sends only its id.
    pub client_secret: Option<Secret>,
    /// How long an answer is cached; zero turns the cache off.
    pub ttl: Duration,
}

/// The issuer that is asked, with settings that are not only for introspection.
#[derive(Clone, Debug)]
pub struct AskedIssuer {
    /// The exact issuer, from which the URL of its metadata follows.
    pub issuer: String,
    /// The `token_type_hint`: `access_token`, or `id_token`, which Okta also supports.
    pub token_type_hint: &'static str,
    /// The timeout of one request, from connect to last byte.
    pub timeout: Duration,
    /// The maximum pause after failures.
    pub cooldown: Duration,
    /// The leeway for the `exp` of an answer.
    pub leeway: Duration,
}

/// A client secret. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub const fn new(secret: String) -> Self {
        Self(secret)
    }

    pub(super) const fn expose(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
