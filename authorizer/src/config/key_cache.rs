//! Reads the settings of the key cache.

use std::sync::Arc;
use std::time::Duration;

use lambda_support::settings::Reader;

use super::IssuerSettings;
use crate::issuer::jwks::{KeyCacheSettings, KeySet};

/// Ten years. A larger number of seconds is likely a mistake.
const MAX_SECONDS: u64 = 315_360_000;

pub(super) fn read(reader: &mut Reader<'_>, issuers: &[IssuerSettings]) -> KeyCacheSettings {
    let seconds = Duration::from_secs;
    let cooldown = reader.number("JWKS_COOLDOWN_SECONDS", 30, 0..=86_400);
    if cooldown == 0 {
        reader.warn(
            "JWKS_COOLDOWN_SECONDS is 0: each token with an unknown key id causes a request to the issuer, and during an \
             outage each call waits for one; set it to at least 1"
                .to_owned(),
        );
    }
    let key_file = read_key_file(reader, issuers);
    let max_stale = reader.number("JWKS_MAX_STALE_SECONDS", 86_400, 0..=MAX_SECONDS);
    if key_file.is_some() && max_stale == 0 {
        reader.warn(
            "JWKS_FILE has no effect while JWKS_MAX_STALE_SECONDS is 0, because its keys are stale from the start: set \
             JWKS_MAX_STALE_SECONDS to at least 1, or unset JWKS_FILE"
                .to_owned(),
        );
    }
    KeyCacheSettings {
        key_file,
        max_age: seconds(reader.number("JWKS_MAX_AGE_SECONDS", 3600, 0..=MAX_SECONDS)),
        max_stale: seconds(max_stale),
        cooldown: seconds(cooldown),
        timeout: Duration::from_millis(reader.number("JWKS_TIMEOUT_MS", 2000, 1..=60_000)),
    }
}

fn read_key_file(reader: &mut Reader<'_>, issuers: &[IssuerSettings]) -> Option<Arc<KeySet>> {
    let file = reader.file("JWKS_FILE", "a JWK Set")?;
    let [issuer] = issuers else {
        reader.fault(
            "JWKS_FILE",
            "to be unset with several trusted issuers, because the file does not name the issuer of its keys",
        );
        return None;
    };
    match KeySet::parse(&file, &issuer.algorithms) {
        Ok(keys) => Some(Arc::new(keys)),
        Err(error) => {
            reader.fault(
                "JWKS_FILE",
                format!(
                    "the path of a JWK Set with a usable key; the file cannot be used: {error}"
                ),
            );
            None
        }
    }
}
