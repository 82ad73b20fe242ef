//! What one decision leaves for its log line.

use std::time::Duration;

use crate::jwks::KeyState;
use crate::key_id::KeyId;

/// Noted on the way through one decision. Nothing in it comes from a claim before the signature was verified; the key
/// id comes from the header, bounded in length, and tells an operator which key was asked for.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// The key that the token named.
    pub key_id: Option<KeyId>,
    /// The client, once verified.
    pub client_id: Option<String>,
    /// What the token cache had.
    pub cache: Option<CacheOutcome>,
    /// How the keys came, and their age.
    pub keys: Option<(KeyState, Duration)>,
    /// Time spent waiting for keys.
    pub keys_wait: Duration,
    /// Time spent on asking the issuer about the token.
    pub introspection_wait: Duration,
    /// The context values that were left out, so that the answer is within its limit.
    pub context_left_out: Vec<String>,
    /// The request's id at API Gateway.
    pub request_id: Option<String>,
}

/// What the token cache had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheOutcome {
    /// The token, verified by a key that still counts.
    Hit,
    /// Nothing.
    Miss,
    /// It is turned off.
    Off,
}

impl CacheOutcome {
    /// The stable name for logs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Off => "off",
        }
    }
}
