//! A trusted issuer, with the settings and keys that apply only to its tokens.

use std::sync::Arc;
use std::time::Instant;

use crate::algorithm::Algorithm;
use crate::bearer::BearerToken;
use crate::claims::UnverifiedClaims;
use crate::deadline::Deadline;
use crate::error::{AuthorizerError, InternalError};
use crate::issuer::introspection::{AskedToken, Introspection, IntrospectionError};
use crate::issuer::jwks::{KeyLookup, KeyLookupError, KeySource};
use crate::key_id::KeyId;
use crate::log::trace::Trace;
use crate::refusal::Refusal;
use crate::verifier::VerifiedClaims;

/// An issuer with its own keys, audiences, clients and algorithms. None of them ever applies to a token of another
/// issuer (RFC 8725, section 3.8).
#[derive(Debug)]
pub struct TrustedIssuer {
    /// The exact `iss`.
    pub(crate) name: Arc<str>,
    pub(crate) audiences: Vec<String>,
    /// Acceptable clients; `None` accepts any.
    pub(crate) client_ids: Option<Vec<String>>,
    pub(crate) algorithms: Vec<Algorithm>,
    pub keys: KeySource,
    /// `None` if introspection is off.
    pub(crate) introspection: Option<Introspection>,
}

impl TrustedIssuer {
    /// The keys with which the token may have been signed.
    pub(super) async fn find_keys(
        &self,
        key_id: &KeyId,
        algorithm: Algorithm,
        deadline: Deadline,
        trace: &mut Trace,
    ) -> Result<KeyLookup, AuthorizerError> {
        let started = Instant::now();
        let found = self.keys.lookup(key_id, algorithm, deadline).await;
        trace.keys_wait = started.elapsed();
        match found {
            Ok(found) => {
                trace.keys = Some((found.state, found.age));
                Ok(found)
            }
            Err(KeyLookupError::Unknown) => Err(Refusal::KeyUnknown.into()),
            Err(KeyLookupError::Unusable { reason }) => Err(Refusal::KeyUnusable { reason }.into()),
            Err(KeyLookupError::Unavailable { last_failure }) => {
                Err(InternalError::KeysUnavailable {
                    cause: last_failure,
                }
                .into())
            }
        }
    }

    /// Whether this is a custom authorization server (`{org}/oauth2/{id}`) in the Okta org of the org server `name`.
    pub(super) fn is_custom_server_of(&self, name: &str) -> bool {
        let org = name.strip_suffix('/').unwrap_or(name);
        self.name
            .strip_prefix(org)
            .is_some_and(|path| path.starts_with("/oauth2/"))
    }

    /// Refuses an algorithm that is not allowed for this issuer.
    pub(super) fn check_algorithm(&self, algorithm: Algorithm) -> Result<(), Refusal> {
        if self.algorithms.contains(&algorithm) {
            Ok(())
        } else {
            Err(Refusal::AlgorithmNotAllowed)
        }
    }

    /// Refuses a client that is not allowed for this issuer.
    pub(super) fn check_client(&self, claims: &UnverifiedClaims) -> Result<(), Refusal> {
        let Some(allowed) = &self.client_ids else {
            return Ok(());
        };
        let is_allowed = claims
            .client_id()
            .is_some_and(|id| allowed.iter().any(|allowed| allowed == id));
        if is_allowed {
            Ok(())
        } else {
            Err(Refusal::ClientNotAllowed)
        }
    }

    /// Introspects a verified token, if introspection is on.
    pub(super) async fn check_active(
        &self,
        token: &BearerToken,
        claims: &VerifiedClaims,
        deadline: Deadline,
        trace: &mut Trace,
    ) -> Result<(), AuthorizerError> {
        let Some(introspection) = &self.introspection else {
            return Ok(());
        };
        let started = Instant::now();
        let asked = AskedToken {
            text: token.reveal(),
            sha256: token.digest(),
            issuer: claims.issuer(),
            subject: claims.subject(),
            client_id: claims.client_id(),
        };
        let active = introspection.check(asked, deadline).await;
        trace.introspection_wait = started.elapsed();
        match active {
            Ok(()) => Ok(()),
            Err(IntrospectionError::Revoked) => Err(Refusal::Revoked.into()),
            Err(IntrospectionError::Other(member)) => {
                Err(Refusal::IntrospectionMismatch { member }.into())
            }
            Err(IntrospectionError::Unavailable(cause)) => {
                Err(InternalError::IntrospectionUnavailable { cause }.into())
            }
        }
    }
}
