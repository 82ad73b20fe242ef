//! Verifies tokens. Only this module constructs [`VerifiedClaims`].
//!
//! Cheap checks come first. A key is looked up only after every check that needs no key has passed, so that only a
//! token with plausible claims can cause a fetch. No claim is used for a decision before the signature is verified.

mod inspection;
mod rule_set;
pub(crate) mod token_cache;
mod trusted_issuer;
mod unverified_token;
mod verified_claims;

use std::sync::Arc;
use std::time::Duration;

use lambda_support::json_len;

pub use self::inspection::Inspection;
pub(crate) use self::rule_set::RuleSet;
pub use self::trusted_issuer::TrustedIssuer;
use self::unverified_token::UnverifiedToken;
pub use self::verified_claims::{KeptClaims, VerifiedClaims};
use crate::algorithm::Algorithm;
use crate::answer_size::MAX_PRINCIPAL_BYTES;
use crate::bearer::{Scheme, TokenDigest};
use crate::claims::{Binding, UnverifiedClaims};
use crate::clock::Clock;
use crate::credential::Credential;
use crate::deadline::Deadline;
use crate::dpop::DpopMode;
use crate::error::AuthorizerError;
use crate::issuer::jwks::{KeyLookup, VerificationKey};
use crate::log::trace::{CacheOutcome, Trace};
use crate::refusal::Refusal;
use crate::times::Times;
use crate::verifier::token_cache::{Remembered, TokenCache};

/// The requirements on every token, whatever its issuer.
#[derive(Debug, Clone)]
pub struct Requirements {
    pub token_use: TokenUse,
    pub dpop: DpopMode,
    /// The leeway for `exp`, `nbf` and `iat`.
    pub(crate) leeway: Duration,
    /// Whether policies end with their token, so that no leeway applies to `exp`.
    pub(crate) policy_expiry: bool,
    /// The first of these claims that is present is the principal.
    pub(crate) principal_claims: Vec<String>,
    pub(crate) kept_claims: KeptClaims,
}

/// The expected kind of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenUse {
    /// Access tokens (RFC 9068 and Okta's).
    Access,
    /// ID tokens (OpenID Connect Core 1.0, section 2).
    Id,
}

/// Verifies tokens of the trusted issuers.
#[derive(Debug)]
pub struct Verifier {
    issuers: Vec<Arc<TrustedIssuer>>,
    requirements: Requirements,
    cache: TokenCache,
    clock: Arc<dyn Clock>,
}

impl Verifier {
    /// Creates a verifier that caches at most `cache_entries` tokens.
    pub fn new(
        issuers: Vec<TrustedIssuer>,
        requirements: Requirements,
        cache_entries: usize,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            issuers: issuers.into_iter().map(Arc::new).collect(),
            requirements,
            cache: TokenCache::new(cache_entries),
            clock,
        }
    }

    pub fn issuers(&self) -> &[Arc<TrustedIssuer>] {
        &self.issuers
    }

    /// Verifies a token, or finds it in the cache, and then introspects it if introspection is on. Waits at most until
    /// `deadline`. Fails with a [`Refusal`] if the token is invalid, or an
    /// [`InternalError`](crate::error::InternalError) if that cannot be decided.
    pub async fn verify(
        &self,
        credential: &Credential,
        deadline: Deadline,
        trace: &mut Trace,
    ) -> Result<Arc<VerifiedClaims>, AuthorizerError> {
        let verified = self.verify_or_recall(credential, deadline, trace).await?;
        trace.client_id = verified.claims.client_id().map(str::to_owned);
        let issuer = &verified.issuer;
        issuer
            .check_active(credential.token(), &verified.claims, deadline, trace)
            .await?;
        // The token may have expired while it waited for keys or for introspection.
        self.check_times(verified.claims.times())?;
        Ok(verified.claims)
    }

    async fn verify_or_recall(
        &self,
        credential: &Credential,
        deadline: Deadline,
        trace: &mut Trace,
    ) -> Result<Remembered, AuthorizerError> {
        if !self.cache.is_on() {
            trace.cache = Some(CacheOutcome::Off);
            return self.verify_now(credential, deadline, trace).await;
        }
        let digest = credential.token().digest();
        if let Some(remembered) = self.recall(&digest, deadline, trace).await? {
            trace.cache = Some(CacheOutcome::Hit);
            let binding = remembered
                .claims
                .bound_to()
                .map_or(Binding::None, Binding::Key);
            self.requirements
                .check_scheme(credential.scheme(), binding)?;
            return Ok(remembered);
        }
        trace.cache = Some(CacheOutcome::Miss);
        let verified = self.verify_now(credential, deadline, trace).await?;
        self.cache.remember(digest, verified.clone());
        Ok(verified)
    }

    /// The cached token, if the key that verified it is still valid. The times are checked again and the key is looked
    /// up again, so that a token is no longer valid after its key was withdrawn or replaced.
    async fn recall(
        &self,
        digest: &TokenDigest,
        deadline: Deadline,
        trace: &mut Trace,
    ) -> Result<Option<Remembered>, AuthorizerError> {
        let Some(remembered) = self.cache.recall(digest) else {
            return Ok(None);
        };
        trace.key_id = Some(remembered.header.key_id().clone());
        if let Err(refusal) = self.check_times(remembered.claims.times()) {
            self.cache.forget(digest);
            return Err(refusal.into());
        }
        let header = &remembered.header;
        let found = remembered
            .issuer
            .find_keys(header.key_id(), header.algorithm(), deadline, trace)
            .await?;
        if found
            .candidates
            .iter()
            .all(|key| key.thumbprint() != remembered.thumbprint)
        {
            self.cache.forget(digest);
            return Ok(None);
        }
        Ok(Some(remembered))
    }

    async fn verify_now(
        &self,
        credential: &Credential,
        deadline: Deadline,
        trace: &mut Trace,
    ) -> Result<Remembered, AuthorizerError> {
        let UnverifiedToken {
            header,
            claims,
            signing_input,
            signature,
        } = UnverifiedToken::parse(credential.token())?;
        trace.key_id = Some(header.key_id().clone());
        let issuer = self.issuer_of(&claims)?;
        issuer.check_algorithm(header.algorithm())?;
        let times = claims.times()?;
        self.check_times(&times)?;
        claims.check_audience(&issuer.audiences)?;
        claims.subject()?;
        issuer.check_client(&claims)?;
        let says_access_token = header.says_access_token();
        self.requirements.check_kind(says_access_token, &claims)?;
        self.requirements
            .check_scheme(credential.scheme(), claims.binding())?;
        let principal = self.principal(&claims, issuer)?;

        let algorithm = header.algorithm();
        let found = issuer
            .find_keys(header.key_id(), algorithm, deadline, trace)
            .await?;
        let thumbprint = signer(&found, algorithm, signing_input, signature)?.thumbprint();

        let name = Arc::clone(&issuer.name);
        let kept = &self.requirements.kept_claims;
        let claims = VerifiedClaims::new(
            &claims,
            name,
            times,
            principal,
            self.has_several_issuers(),
            kept,
        )?;
        Ok(Remembered {
            issuer: Arc::clone(issuer),
            header,
            thumbprint,
            claims: Arc::new(claims),
        })
    }

    fn issuer_of(&self, claims: &UnverifiedClaims) -> Result<&Arc<TrustedIssuer>, Refusal> {
        let name = claims.issuer().ok_or(Refusal::IssuerNotTrusted)?;
        let mut issuers = self.issuers.iter();
        issuers.find(|issuer| *issuer.name == *name).ok_or_else(|| {
            if self
                .issuers
                .iter()
                .any(|issuer| issuer.is_custom_server_of(name))
            {
                Refusal::OrgServerToken
            } else {
                Refusal::IssuerNotTrusted
            }
        })
    }

    /// The principal, qualified by its issuer if there are several.
    fn principal(
        &self,
        claims: &UnverifiedClaims,
        issuer: &TrustedIssuer,
    ) -> Result<String, Refusal> {
        let principal = claims.principal(&self.requirements.principal_claims)?;
        let principal = if self.has_several_issuers() {
            format!("{}#{principal}", issuer.name)
        } else {
            principal.to_owned()
        };
        let bytes = json_len(&principal);
        if bytes > MAX_PRINCIPAL_BYTES {
            return Err(Refusal::PrincipalTooLong { bytes });
        }
        Ok(principal)
    }

    const fn has_several_issuers(&self) -> bool {
        self.issuers.len() > 1
    }

    fn check_times(&self, times: &Times) -> Result<(), Refusal> {
        let now = self.clock.now();
        times.check(now, self.requirements.leeway)?;
        if self.requirements.policy_expiry {
            times.check_policy_expiry(now)?;
        }
        Ok(())
    }
}

impl Requirements {
    /// Checks that a bound token is not sent as a bearer token, and an unbound token not as a bound one (RFC 9449,
    /// section 7.1).
    const fn check_scheme(&self, scheme: Scheme, binding: Binding) -> Result<(), Refusal> {
        match (scheme, binding, self.dpop) {
            (Scheme::Bearer, Binding::Key(_) | Binding::Other, _) => Err(Refusal::BoundToken),
            (Scheme::Bearer, Binding::None, DpopMode::Require) => Err(Refusal::DpopRequired),
            (Scheme::Dpop, _, DpopMode::Off) => Err(Refusal::DpopOff),
            (Scheme::Dpop, Binding::None | Binding::Other, _) => Err(Refusal::NotBoundToKey),
            (Scheme::Bearer, Binding::None, DpopMode::Off | DpopMode::Accept)
            | (Scheme::Dpop, Binding::Key(_), DpopMode::Accept | DpopMode::Require) => Ok(()),
        }
    }

    /// Refuses a token with a sign of the other kind: the two kinds must not be confused (RFC 8725, section 3.12).
    fn check_kind(
        &self,
        says_access_token: bool,
        claims: &UnverifiedClaims,
    ) -> Result<(), Refusal> {
        match self.token_use {
            TokenUse::Access if claims.looks_like_id_token() => Err(Refusal::IdToken),
            TokenUse::Id if says_access_token || claims.looks_like_access_token() => {
                Err(Refusal::AccessToken)
            }
            TokenUse::Access | TokenUse::Id => Ok(()),
        }
    }
}

/// Finds the key that verifies the signature.
fn signer<'k>(
    found: &'k KeyLookup,
    algorithm: Algorithm,
    signing_input: &str,
    signature: &str,
) -> Result<&'k VerificationKey, Refusal> {
    let made_it = |key: &&VerificationKey| {
        key.verify(algorithm, signing_input.as_bytes(), signature)
            .is_ok()
    };
    let signer = found.candidates.iter().find(made_it);
    signer.ok_or(Refusal::WrongSignature)
}
