//! The credential of a request: a token, and what is presented with it.

use crate::bearer::{BearerToken, Scheme};
use crate::dpop::{ProvenRequest, UnverifiedProof};
use crate::refusal::ProofRefusal;

/// A token and its scheme. Whether the token may have that scheme is decided when it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// With the scheme `Bearer`, or in a query.
    Bearer(BearerToken),
    /// With the scheme `DPoP`.
    Dpop {
        token: BearerToken,
        /// The header `DPoP`; or why it is not one proof.
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
