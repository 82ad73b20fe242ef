//! The credential of a request: a token with its scheme, and its proof.

use crate::bearer::{BearerToken, Scheme};
use crate::dpop::{ProvenRequest, UnverifiedProof};
use crate::refusal::ProofRefusal;

/// A token and its scheme. The verifier decides whether the token may be sent with that scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// Sent with the scheme `Bearer`, or as a query parameter.
    Bearer(BearerToken),
    /// Sent with the scheme `DPoP`.
    Dpop {
        token: BearerToken,
        /// The `DPoP` header, or why it is not a single proof.
        proof: Result<UnverifiedProof, ProofRefusal>,
        /// The request that the proof must be for.
        call: ProvenRequest,
    },
}

impl Credential {
    pub(crate) const fn token(&self) -> &BearerToken {
        match self {
            Self::Bearer(token) | Self::Dpop { token, .. } => token,
        }
    }

    pub(crate) const fn scheme(&self) -> Scheme {
        match self {
            Self::Bearer(_) => Scheme::Bearer,
            Self::Dpop { .. } => Scheme::Dpop,
        }
    }
}
