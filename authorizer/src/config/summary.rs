//! The effective settings, for the log at startup.

use serde_json::{Value, json};

use super::{IssuerSettings, Settings};
use crate::algorithm::Algorithm;
use crate::answer::ResponseForm;
use crate::dpop::{DpopMode, PublicUrl};
use crate::verifier::TokenUse;

impl Settings {
    /// The effective settings, with defaults and without secrets.
    pub fn summary(&self) -> Value {
        let requirements = &self.requirements;
        let keys = &self.keys;
        json!({
            "issuers": self.issuers.iter().map(IssuerSettings::summary).collect::<Vec<_>>(),
            "tokenUse": match requirements.token_use { TokenUse::Access => "access", TokenUse::Id => "id" },
            "clockLeewaySeconds": requirements.leeway.as_secs(),
            "principalClaims": requirements.principal_claims,
            "contextClaims": requirements.kept_claims.context,
            "accessRules": self.access_rules.len(),
            "jwksMaxAgeSeconds": keys.max_age.as_secs(),
            "jwksMaxStaleSeconds": keys.max_stale.as_secs(),
            "jwksCooldownSeconds": keys.cooldown.as_secs(),
            "jwksTimeoutMs": u64::try_from(keys.timeout.as_millis()).unwrap_or(u64::MAX),
            "jwksFile": keys.key_file.is_some(),
            "tokenCacheEntries": self.token_cache_entries,
            "introspection": self.introspection.as_ref().map(|introspection| json!({
                "uri": introspection.uri.as_ref().map(ToString::to_string),
                "clientId": introspection.client_id,
                "publicClient": introspection.client_secret.is_none(),
                "ttlSeconds": introspection.ttl.as_secs(),
            })),
            "caFile": self.ca_pem.is_some(),
            "proxy": self.proxy.as_ref().map(ToString::to_string),
            "policyExpiry": self.requirements.policy_expiry,
            "httpApiResponse": match self.http_api_answer {
                ResponseForm::Simple => "simple",
                ResponseForm::Policy => "iam",
            },
            "dpop": match requirements.dpop {
                DpopMode::Off => "off",
                DpopMode::Accept => "accept",
                DpopMode::Require => "require",
            },
            "dpopPublicUrls": self.dpop_public_urls.iter().map(PublicUrl::as_str).collect::<Vec<_>>(),
            "logLevel": self.log_level.name(),
        })
    }
}

impl IssuerSettings {
    fn summary(&self) -> Value {
        json!({
            "issuer": self.issuer,
            "audience": self.audiences,
            "clientIds": self.client_ids,
            "jwksUri": self.jwks_uri.as_ref().map(ToString::to_string),
            "algorithms": self.algorithms.iter().copied().map(Algorithm::name).collect::<Vec<_>>(),
        })
    }
}
