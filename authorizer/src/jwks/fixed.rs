//! Keys that never change, for tests and offline use.

use std::sync::Arc;
use std::time::Duration;

use super::{KeySet, KeySetError, KeySettings, KeySource};
use crate::algorithm::Algorithm;
use crate::clock::SystemClock;
use crate::http_client::{Document, Request, Sending, Transport};

impl KeySource {
    /// A source that always has this set, for tests and offline use: no network, no age.
    ///
    /// # Errors
    ///
    /// If no key in the set can be used.
    pub fn fixed(keys_json: &[u8], algorithms: &[Algorithm]) -> Result<Self, KeySetError> {
        KeySet::parse(keys_json, algorithms)?;
        let settings = KeySettings {
            issuer: "https://issuer.invalid".to_owned(),
            jwks_uri: "https://issuer.invalid/keys".parse().ok(),
            algorithms: algorithms.to_vec(),
            max_age: Duration::from_secs(u64::from(u32::MAX)),
            max_stale: Duration::ZERO,
            cooldown: Duration::ZERO,
            timeout: Duration::from_secs(1),
            key_file: None,
        };
        let transport = Arc::new(Always(keys_json.to_vec()));
        Ok(Self::new(settings, transport, Arc::new(SystemClock)))
    }
}

/// Answers every request with the same body.
#[derive(Debug)]
struct Always(Vec<u8>);

impl Transport for Always {
    fn send<'a>(&'a self, _: Request<'a>) -> Sending<'a> {
        let document = Document {
            body: self.0.clone(),
            ..Document::default()
        };
        Box::pin(async move { Ok(document) })
    }
}
