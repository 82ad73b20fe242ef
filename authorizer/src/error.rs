//! Errors of the flow, and their form for API Gateway.

pub use lambda_runtime::Diagnostic;
use thiserror::Error;

use crate::issuer::introspection::IntrospectionAnswerError;
use crate::issuer::jwks::FetchError;
use crate::refusal::{ProofRefusal, Refusal};
use crate::target::TargetError;

/// Why there is no policy: the credential is refused, or this function failed.
///
/// The two must not be confused: API Gateway could cache a Deny during an outage, and a 500 for a bad token would raise an
/// alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AuthorizerError {
    /// The credential is missing or bad: 401.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// This function failed: 500.
    #[error("failed: {0}")]
    Failed(#[from] InternalError),
}

/// A failure of this function. Like [`Refusal`], it contains no part of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InternalError {
    /// The event is not JSON of a known shape.
    #[error("the event has no known shape: {0}")]
    UnknownEvent(#[from] UnknownEventError),
    #[error("no usable keys of the issuer, and none could be fetched{}", because(cause.as_ref()))]
    KeysUnavailable {
        /// How the last fetch failed; `None` if no fetch has ended.
        cause: Option<FetchError>,
    },
    /// The issuer did not say whether the token is active.
    #[error("introspection failed: {cause}")]
    IntrospectionUnavailable { cause: IntrospectionAnswerError },
    /// The memory of used proofs is full, so no more proofs can be accepted.
    #[error("the memory of used DPoP proofs is full")]
    ProofMemoryFull,
}

fn because(cause: Option<&FetchError>) -> String {
    cause.map_or_else(String::new, |cause| format!(": {cause}"))
}

/// Why an event cannot be parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UnknownEventError {
    /// The event is not an object, or a required member is repeated.
    #[error("expected one JSON object")]
    NotAnObject,
    /// The event is neither an authorizer event of a REST or WebSocket API nor of an HTTP API.
    #[error("expected `type` TOKEN or REQUEST with `methodArn`, or `version` 2.0 with `routeArn`")]
    NoKnownForm,
    #[error("expected headers and parameters to be objects or null")]
    List,
    /// The domain name or path is missing, so a proof cannot be compared with a URL.
    #[error("expected the domain name and the path of the request, or the setting DPOP_PUBLIC_URL")]
    NoUrl,
    #[error("the ARN: {0}")]
    Arn(#[from] TargetError),
}

impl From<ProofRefusal> for AuthorizerError {
    fn from(reason: ProofRefusal) -> Self {
        Refusal::from(reason).into()
    }
}

impl AuthorizerError {
    /// The stable reason code, in logs and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Failed(InternalError::UnknownEvent(_)) => "unknown_event",
            Self::Failed(InternalError::KeysUnavailable { .. }) => "keys_unavailable",
            Self::Failed(InternalError::IntrospectionUnavailable { .. }) => {
                "introspection_unavailable"
            }
            Self::Failed(InternalError::ProofMemoryFull) => "dpop_memory_full",
        }
    }
}

/// The error that the Runtime API receives. API Gateway answers 401 only if the message is exactly `Unauthorized`. It
/// answers 500 to every other error, and the message is only in the log.
impl From<AuthorizerError> for Diagnostic {
    fn from(error: AuthorizerError) -> Self {
        let name = match error {
            AuthorizerError::Refused(_) => "Unauthorized",
            AuthorizerError::Failed(InternalError::UnknownEvent(_)) => "UnknownEvent",
            AuthorizerError::Failed(InternalError::KeysUnavailable { .. }) => "KeysUnavailable",
            AuthorizerError::Failed(InternalError::IntrospectionUnavailable { .. }) => {
                "IntrospectionUnavailable"
            }
            AuthorizerError::Failed(InternalError::ProofMemoryFull) => "ProofMemoryFull",
        };
        let message = match error {
            AuthorizerError::Refused(_) => name.to_owned(),
            AuthorizerError::Failed(failure) => failure.to_string(),
        };
        Self {
            error_type: name.to_owned(),
            error_message: message,
        }
    }
}
