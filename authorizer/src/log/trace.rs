//! The values recorded during a decision for its log line.

use std::time::Duration;

use crate::issuer::jwks::KeyState;
use crate::key_id::KeyId;

/// Recorded during one decision. Nothing in it comes from an unverified claim. The key id comes from the header, is limited
/// in length, and shows an operator which key was looked up.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    pub(crate) key_id: Option<KeyId>,
    /// The client of a verified token.
    pub(crate) client_id: Option<String>,
    /// The result of the token cache.
    pub(crate) cache: Option<CacheOutcome>,
    /// The origin of the keys, and their age if it is known.
    pub(crate) keys: Option<(KeyState, Option<Duration>)>,
    /// Time spent waiting for keys.
    pub(crate) keys_wait: Duration,
    /// Time spent on introspection.
    pub(crate) introspection_wait: Duration,
    /// The context values that were left out, so that the answer is within its limit.
    pub(crate) context_left_out: Vec<String>,
    /// The request's id at API Gateway.
    pub(crate) request_id: Option<String>,
}

/// The result of the token cache for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CacheOutcome {
    /// The token, verified with a key that is still valid.
    Hit,
    /// No entry.
    Miss,
    Off,
}

impl CacheOutcome {
    /// The stable name for logs.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Off => "off",
        }
    }
}
