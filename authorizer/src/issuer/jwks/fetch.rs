//! Fetches the keys once, and discovers their URL if it is unknown.

use std::time::Duration;

use thiserror::Error;

use super::KeySettings;
use super::freshness::fresh_for;
use super::set::{KeySet, KeySetError};
use crate::issuer::http_client::{Endpoint, IssuerRequest, Transport, TransportError};
use crate::issuer::metadata::{IssuerMetadata, MetadataError};

/// Why a fetch returned no keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FetchError {
    #[error("no key set URL from the issuer's metadata: {0}")]
    Discovery(MetadataError),
    #[error("the key set could not be fetched: {0}")]
    Transport(TransportError),
    #[error("the issuer sent a key set without a usable key: {0}")]
    KeySet(KeySetError),
}

impl FetchError {
    /// The stable code for logs and metrics.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Discovery(_) => "discovery",
            Self::Transport(error) => error.code(),
            Self::KeySet(_) => "key_set",
        }
    }
}

pub(super) struct Fetched {
    pub(super) keys: KeySet,
    pub(super) fresh_for: Duration,
}

/// Fetches the keys from `known`, or from the URL in the metadata. Also returns the URL to use next time.
pub(super) async fn fetch(
    settings: &KeySettings,
    known: Option<Endpoint>,
    transport: &dyn Transport,
) -> (Result<Fetched, FetchError>, Option<Endpoint>) {
    let endpoint = match known {
        Some(endpoint) => endpoint,
        None => match discover(settings, transport).await {
            Ok(endpoint) => endpoint,
            Err(error) => return (Err(FetchError::Discovery(error)), None),
        },
    };
    let outcome = fetch_from(settings, &endpoint, transport).await;
    // If the URL returns no keys, they may have moved, so the next fetch reads the metadata again.
    let moved = matches!(
        outcome,
        Err(FetchError::KeySet(_) | FetchError::Transport(TransportError::Status(_)))
    );
    (outcome, Some(endpoint).filter(|_| !moved))
}

async fn discover(
    settings: &KeySettings,
    transport: &dyn Transport,
) -> Result<Endpoint, MetadataError> {
    IssuerMetadata::fetch(&settings.issuer, transport, settings.cache.timeout)
        .await?
        .jwks_uri()
}

async fn fetch_from(
    settings: &KeySettings,
    endpoint: &Endpoint,
    transport: &dyn Transport,
) -> Result<Fetched, FetchError> {
    let request = IssuerRequest {
        endpoint,
        timeout: settings.cache.timeout,
        form: None,
    };
    let document = transport
        .send(request)
        .await
        .map_err(FetchError::Transport)?;
    let keys = KeySet::parse(&document.body, &settings.algorithms)
        .map_err(|error| FetchError::KeySet(error.fault))?;
    let fresh_for = fresh_for(
        document.cache_control.as_deref(),
        document.age,
        settings.cache.max_age,
        settings.cache.cooldown,
    );
    Ok(Fetched { keys, fresh_for })
}
