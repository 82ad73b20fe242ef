//! Values that are recorded during a decision for its log line.

use std::time::Duration;

use crate::issuer::jwks::KeyState;
use crate::key_id::KeyId;

/// Values of one decision. None comes from an unverified claim. The key id comes from the unverified header and has a
/// limited length. It tells an operator which key was looked up.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    pub(crate) key_id: Option<KeyId>,
    /// The client of a verified token.
    pub(crate) client_id: Option<String>,
    pub(crate) cache: Option<CacheOutcome>,
    /// The origin of the keys, and their age if it is known.
    pub(crate) keys: Option<(KeyState, Option<Duration>)>,
    /// The time spent waiting for keys.
    pub(crate) keys_wait: Duration,
    /// The time spent on introspection.
    pub(crate) introspection_wait: Duration,
    /// The names of the context values that were left out to keep the answer within its limit.
    pub(crate) context_left_out: Vec<String>,
    /// API Gateway's id of the request.
    pub(crate) request_id: Option<String>,
}

/// The result of a lookup in the token cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CacheOutcome {
    /// The token is cached, and the key that verified it is still valid.
    Hit,
    Miss,
    Off,
}

impl CacheOutcome {
    /// The stable code for logs.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Off => "off",
        }
    }
}
