//! Why introspection does not accept a token.

use thiserror::Error;

use crate::issuer::http_client::TransportError;
use crate::issuer::metadata::MetadataError;
use crate::refusal::OtherMember;

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IntrospectionError {
    /// The token was revoked, its user signed out, it expired, or the issuer does not know it. A refusal.
    #[error("the issuer reports that the token is not active")]
    Revoked,
    /// The answer is about another token. A refusal, as if the token were not active.
    #[error("the `{0}` in the issuer's answer differs from the token's")]
    Other(OtherMember),
    /// The issuer gave no usable answer. An internal failure.
    #[error("introspection failed: {0}")]
    Unavailable(IntrospectionAnswerError),
}

/// Why there is no usable answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IntrospectionAnswerError {
    /// The endpoint could not be discovered.
    #[error("no introspection endpoint from the issuer's metadata: {0}")]
    Discovery(MetadataError),
    /// The request failed. A status of 401 means that `INTROSPECTION_CLIENT_ID` or its secret is wrong.
    #[error("{0}")]
    Transport(TransportError),
    /// The answer does not have the form of RFC 7662, section 2.2.
    #[error(
        "the issuer's answer is not a JSON object with a boolean `active` and members of the right types"
    )]
    Malformed,
    #[error("the deadline of the invocation passed first")]
    Deadline,
}
