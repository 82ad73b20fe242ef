//! Why introspection does not accept a token.

use thiserror::Error;

use crate::issuer::http_client::TransportError;
use crate::issuer::metadata::MetadataError;
use crate::refusal::OtherMember;

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IntrospectionError {
    /// The token is not active: revoked, signed out, expired, or not the issuer's. A refusal.
    #[error("the issuer says that the token is not active")]
    Revoked,
    /// The answer is about another token than the one that was sent. Refused like a token that is not active.
    #[error("the `{0}` in the issuer's answer differs from the token's")]
    Other(OtherMember),
    /// The issuer gave no usable answer. An internal failure.
    #[error("introspection failed: {0}")]
    Unavailable(IntrospectionAnswerError),
}

/// Why there is no usable answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IntrospectionAnswerError {
    /// The issuer's metadata gave no endpoint.
    #[error("no introspection endpoint from the issuer's metadata: {0}")]
    Discovery(MetadataError),
    /// The request failed. A status of 401 means that `INTROSPECTION_CLIENT_ID` or its secret is wrong.
    #[error("{0}")]
    Transport(TransportError),
    /// The answer is not an object with a boolean `active`, or a member of it has the wrong type (RFC 7662, section
    /// 2.2).
    #[error(
        "the issuer's answer is not a JSON object with a boolean `active` and members of the right types"
    )]
    Malformed,
    /// The invocation had no time left.
    #[error("the deadline of the invocation passed first")]
    Deadline,
}
