//! Key-bound access tokens (DPoP, RFC 9449): verifies the proof that the sender of a request holds the token's key.
//!
//! The time, the request and the token's verified binding are passed in. The only state is the bounded memory of used
//! proofs.

mod proof;
mod replay;
mod target;

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use self::proof::ParsedProof;
pub use self::proof::UnverifiedProof;
use self::replay::{MAX_REMEMBERED_PROOFS, NotRemembered, ReplayMemory};
pub use self::target::{PublicUrl, PublicUrlError};
use self::target::{TargetUrl, join};
use crate::bearer::BearerToken;
use crate::clock::Timestamp;
use crate::error::{AuthorizerError, InternalError, UnknownEventError};
use crate::issuer::jwks::Thumbprint;
use crate::refusal::ProofRefusal;

/// Whether key-bound tokens are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DpopMode {
    /// Refuses key-bound tokens.
    Off,
    /// Accepts key-bound tokens with a valid proof, and other tokens as bearer tokens.
    Accept,
    /// Accepts only key-bound tokens.
    Require,
}

/// The maximum difference between the time of a proof and the clock, in either direction. The leeway is added to it.
pub(crate) const PROOF_WINDOW: Duration = Duration::from_secs(60);

/// The request that a proof must name, as the event describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenRequest {
    pub method: String,
    /// The path in the event's ARN, below the stage.
    pub path: String,
    /// The domain name and the full path with the stage, if the event has both.
    pub address: Option<Address>,
}

/// The address at which API Gateway received a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// `requestContext.domainName`.
    pub domain_name: String,
    /// `requestContext.path`, or `rawPath` with payload 2.0.
    pub path: String,
}

/// Verifies proofs, and accepts each one only once.
pub struct ProofVerifier {
    public_urls: Vec<PublicUrl>,
    leeway: Duration,
    used: Mutex<ReplayMemory>,
}

impl ProofVerifier {
    /// If `public_urls` is empty, proofs must name the URL of the event.
    pub fn new(public_urls: Vec<PublicUrl>, leeway: Duration) -> Self {
        Self {
            public_urls,
            leeway,
            used: Mutex::new(ReplayMemory::new(MAX_REMEMBERED_PROOFS)),
        }
    }

    /// Verifies that `proof` is for this call and this token, was made just now with the key of the thumbprint
    /// `bound_to`, and has not been used before (RFC 9449, section 4.3). Fails with a
    /// [`Refusal`](crate::refusal::Refusal) if the proof is invalid, and with an [`InternalError`] if that cannot be
    /// decided, because the event lacks the URL or the memory is full.
    pub fn verify(
        &self,
        proof: &UnverifiedProof,
        call: &ProvenRequest,
        token: &BearerToken,
        bound_to: Thumbprint,
        now: Timestamp,
    ) -> Result<(), AuthorizerError> {
        let proof = ParsedProof::parse(proof)?;
        proof.check_method(&call.method)?;
        proof.check_url(&self.urls_called(call)?)?;
        let window = PROOF_WINDOW.saturating_add(self.leeway);
        let acceptable_until = proof.check_time(now, window)?;
        proof.check_validity(now, self.leeway)?;
        proof.check_token(&token.digest())?;
        proof.check_key(bound_to)?;
        let id = proof.id()?;
        proof.check_signature()?;
        // This check is last, so that a proof that fails another check takes no memory.
        let remember_until = acceptable_until.max(now.plus(window));
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.remember(id, remember_until, now)
            .map_err(|error| match error {
                NotRemembered::Replayed => ProofRefusal::Replayed.into(),
                NotRemembered::Full => InternalError::ProofMemoryFull.into(),
            })
    }

    /// The normalised URLs that a proof may name.
    fn urls_called(&self, call: &ProvenRequest) -> Result<Vec<TargetUrl>, InternalError> {
        let no_url = InternalError::UnknownEvent(UnknownEventError::NoUrl);
        if self.public_urls.is_empty() {
            let Address { domain_name, path } = call.address.as_ref().ok_or(no_url)?;
            let url = join(&format!("https://{domain_name}"), path).map_err(|_| no_url)?;
            return Ok(vec![url]);
        }
        self.public_urls
            .iter()
            .map(|base| join(base.as_str(), &call.path).map_err(|_| no_url))
            .collect()
    }
}

impl fmt::Debug for ProofVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProofVerifier")
            .field("public_urls", &self.public_urls)
            .field("leeway", &self.leeway)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
