//! The keys of a run: two of each kind.

use std::sync::LazyLock;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
};

use super::super::support::Signer;

/// The algorithms that `signer` has keys for.
pub(crate) const ALGORITHMS: [&str; 9] = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA",
];

pub(crate) fn signer(algorithm: &str) -> &'static Signer {
    match algorithm {
        "ES256" => Signer::p256(),
        "ES384" => Signer::p384(),
        "EdDSA" => Signer::ed25519(),
        _ => Signer::rsa(),
    }
}

/// Another key for the same algorithm.
pub(crate) fn other_signer(algorithm: &str) -> &'static Signer {
    static P256: LazyLock<Signer> = LazyLock::new(|| {
        Signer::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    });
    static P384: LazyLock<Signer> = LazyLock::new(|| {
        Signer::P384(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap())
    });
    static ED25519: LazyLock<Signer> =
        LazyLock::new(|| Signer::Ed25519(Ed25519KeyPair::generate().unwrap()));
    match algorithm {
        "ES256" => &P256,
        "ES384" => &P384,
        "EdDSA" => &ED25519,
        _ => Signer::other_rsa(),
    }
}

/// An algorithm that needs another kind of key.
pub(crate) fn unlike(algorithm: &str) -> &'static str {
    match algorithm {
        "ES256" => "EdDSA",
        "ES384" => "ES256",
        "EdDSA" => "RS256",
        _ => "ES256",
    }
}

/// Another algorithm for the same RSA key.
pub(crate) fn sibling(algorithm: &str) -> Option<&'static str> {
    Some(match algorithm {
        "RS256" => "PS256",
        "RS384" => "RS256",
        "RS512" => "RS384",
        "PS256" => "RS256",
        "PS384" => "PS512",
        "PS512" => "RS512",
        _ => return None,
    })
}
