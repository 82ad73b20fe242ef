//! Support for tests of the network code: a TLS server on loopback, a transport that a test answers by hand, and key
//! sets.

#![expect(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test uses a part of it, and a panic fails the test"
)]

pub mod gate;
pub mod tls;

use std::time::Duration;

use authorizer::algorithm::Algorithm;
use authorizer::clock::Timestamp;
use authorizer::deadline::Deadline;
use authorizer::issuer::jwks::{KeyCacheSettings, KeySettings};
use authorizer::key_id::KeyId;

/// The time at which every test begins.
pub const START: Timestamp = Timestamp::from_secs(1_800_000_000);
/// A deadline that no test reaches.
pub const LATER: Deadline = Deadline::at(Timestamp::from_secs(1_800_000_000 + 1_000_000));

/// The key of RFC 8037, appendix A.2.
pub const ED25519_X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
/// Another key.
pub const OTHER_X: &str = "fU0Of2FTpptiQrUiq77mhf2kQg-INLEIw72uNp71Sfo";

/// A key set with one Ed25519 key.
pub fn key_set(kid: &str, x: &str) -> String {
    format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"{kid}","x":"{x}"}}]}}"#)
}

pub fn kid(kid: &str) -> KeyId {
    KeyId::parse(kid).unwrap()
}

/// Keys are fresh for an hour and stale for a day, the cooldown is half a minute, and a fetch may take two seconds.
pub fn settings(issuer: &str, jwks_uri: Option<&str>) -> KeySettings {
    KeySettings {
        issuer: issuer.to_owned(),
        jwks_uri: jwks_uri.map(|uri| uri.parse().unwrap()),
        algorithms: vec![Algorithm::EdDSA, Algorithm::RS256],
        cache: KeyCacheSettings {
            max_age: Duration::from_secs(3600),
            max_stale: Duration::from_secs(86_400),
            cooldown: Duration::from_secs(30),
            timeout: Duration::from_secs(2),
            key_file: None,
        },
    }
}
