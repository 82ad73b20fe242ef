//! Builds a trusted issuer from the settings.

use std::sync::Arc;

use super::{IssuerSettings, Settings};
use crate::clock::Clock;
use crate::issuer::http_client::Transport;
use crate::issuer::introspection::{AskedIssuer, Introspection};
use crate::issuer::jwks::{KeySettings, KeySource};
use crate::verifier::{TokenUse, TrustedIssuer};

impl IssuerSettings {
    /// Builds the issuer with its key source, without fetching anything.
    pub fn trusted(
        &self,
        settings: &Settings,
        transport: &Arc<dyn Transport>,
        clock: &Arc<dyn Clock>,
    ) -> TrustedIssuer {
        let keys = KeySettings {
            issuer: self.issuer.clone(),
            jwks_uri: self.jwks_uri.clone(),
            algorithms: self.algorithms.clone(),
            cache: settings.keys.clone(),
        };
        let introspection = settings.introspection.as_ref().map(|introspection| {
            let asked = AskedIssuer {
                issuer: self.issuer.clone(),
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
        TrustedIssuer {
            name: self.issuer.as_str().into(),
            audiences: self.audiences.clone(),
            client_ids: self.client_ids.clone(),
            algorithms: self.algorithms.clone(),
            keys: KeySource::new(keys, Arc::clone(transport), Arc::clone(clock)),
            introspection,
        }
    }
}
