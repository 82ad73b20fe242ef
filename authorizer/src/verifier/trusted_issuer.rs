//! One trusted issuer, and everything that applies only to its tokens.

use std::sync::Arc;
use std::time::Instant;

use crate::algorithm::Algorithm;
use crate::bearer::{BearerToken, TokenDigest};
use crate::claims::UnverifiedClaims;
use crate::clock::Clock;
use crate::config::{IssuerSettings, Settings};
use crate::deadline::Deadline;
use crate::error::{AuthorizerError, Failure};
use crate::issuer::http_client::Transport;
use crate::issuer::introspection::{AskedIssuer, AskedToken, Introspection, IntrospectionError};
use crate::issuer::jwks::{KeyLookup, KeyLookupError, KeySettings, KeySource};
use crate::key_id::KeyId;
use crate::log::trace::Trace;
use crate::refusal::Refusal;
use crate::verifier::{TokenUse, VerifiedClaims};

/// An issuer and all that is bound to it. Its keys never verify another's tokens, and another's audiences, clients and
/// algorithms never apply to its own (RFC 8725, section 3.8).
#[derive(Debug)]
pub struct TrustedIssuer {
    /// The exact `iss`.
    pub name: Arc<str>,
    /// Acceptable audiences.
    pub audiences: Vec<String>,
    /// Acceptable clients; `None` is any.
    pub client_ids: Option<Vec<String>>,
    /// Allowed algorithms.
    pub algorithms: Vec<Algorithm>,
    /// Its keys.
    pub keys: KeySource,
    /// How it is asked about verified tokens, if introspection is on.
    pub introspection: Option<Introspection>,
}

impl TrustedIssuer {
    /// An issuer with these settings. Nothing is fetched yet.
    #[must_use]
    pub fn new(
        issuer: &IssuerSettings,
        settings: &Settings,
        transport: &Arc<dyn Transport>,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        let keys = KeySettings {
            issuer: issuer.issuer.clone(),
            jwks_uri: issuer.jwks_uri.clone(),
            algorithms: issuer.algorithms.clone(),
            max_age: settings.keys.max_age,
            max_stale: settings.keys.max_stale,
            cooldown: settings.keys.cooldown,
            timeout: settings.keys.timeout,
            key_file: settings.keys.key_file.clone(),
        };
        let introspection = settings.introspection.as_ref().map(|introspection| {
            let asked = AskedIssuer {
                issuer: issuer.issuer.clone(),
                token_type_hint: match settings.requirements.token_use {
                    TokenUse::Access => "access_token",
                    TokenUse::Id => "id_token",
                },
                timeout: settings.keys.timeout,
                cooldown: settings.keys.cooldown,
                leeway: settings.requirements.leeway,
            };
            let settings = introspection.clone();
            Introspection::new(asked, settings, Arc::clone(transport), Arc::clone(clock))
        });
        Self {
            name: issuer.issuer.as_str().into(),
            audiences: issuer.audiences.clone(),
            client_ids: issuer.client_ids.clone(),
            algorithms: issuer.algorithms.clone(),
            keys: KeySource::new(keys, Arc::clone(transport), Arc::clone(clock)),
            introspection,
        }
    }

    /// The keys that the token may have been signed with.
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
            Err(KeyLookupError::Unavailable { last_failure }) => Err(Failure::KeysUnavailable {
                cause: last_failure,
            }
            .into()),
        }
    }

    /// Whether this is a custom authorization server (`{org}/oauth2/{id}`) of the Okta org whose own server is `name`.
    pub(super) fn is_custom_server_of(&self, name: &str) -> bool {
        let org = name.strip_suffix('/').unwrap_or(name);
        self.name
            .strip_prefix(org)
            .is_some_and(|path| path.starts_with("/oauth2/"))
    }

    /// Refuses an algorithm that the issuer does not sign with.
    pub(super) fn check_algorithm(&self, algorithm: Algorithm) -> Result<(), Refusal> {
        if self.algorithms.contains(&algorithm) {
            Ok(())
        } else {
            Err(Refusal::AlgorithmNotAllowed)
        }
    }

    /// Refuses a client that is not among the acceptable ones.
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

    /// Asks whether a verified token is active, if introspection is on.
    pub(super) async fn check_active(
        &self,
        digest: TokenDigest,
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
            sha256: digest,
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
                Err(Failure::IntrospectionUnavailable { cause }.into())
            }
        }
    }
}
