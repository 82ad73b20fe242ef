//! A public key as the crypto library holds it.

use std::sync::OnceLock;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    VerificationAlgorithm,
};

use crate::algorithm::Algorithm;

/// A key, parsed once for each algorithm that a token has named: parsing takes half as long as a verification.
pub(super) struct ParsedKey {
    first: ParsedPublicKey,
    /// By algorithm, in the order of [`Algorithm::ALL`]. `None` if the library refuses the key for it.
    by_algorithm: [OnceLock<Option<ParsedPublicKey>>; Algorithm::ALL.len()],
}

impl ParsedKey {
    /// A key that has been parsed for one algorithm, and so for its own bytes.
    pub(super) fn new(first: ParsedPublicKey, algorithm: Algorithm) -> Self {
        let by_algorithm = Algorithm::ALL.map(|each| {
            if each == algorithm {
                OnceLock::from(Some(first.clone()))
            } else {
                OnceLock::new()
            }
        });
        Self {
            first,
            by_algorithm,
        }
    }

    /// Whether a signature is this key's over a message.
    pub(super) fn has_signed(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        self.by_algorithm
            .get(algorithm as usize)
            .and_then(|key| key.get_or_init(|| self.parse(algorithm)).as_ref())
            .is_some_and(|key| key.verify_sig(message, signature).is_ok())
    }

    fn parse(&self, algorithm: Algorithm) -> Option<ParsedPublicKey> {
        ParsedPublicKey::new(verification(algorithm), self.first.as_ref()).ok()
    }
}

fn verification(algorithm: Algorithm) -> &'static dyn VerificationAlgorithm {
    match algorithm {
        Algorithm::RS256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::RS384 => &RSA_PKCS1_2048_8192_SHA384,
        Algorithm::RS512 => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::PS256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::PS384 => &RSA_PSS_2048_8192_SHA384,
        Algorithm::PS512 => &RSA_PSS_2048_8192_SHA512,
        Algorithm::ES256 => &ECDSA_P256_SHA256_FIXED,
        Algorithm::ES384 => &ECDSA_P384_SHA384_FIXED,
        Algorithm::EdDSA => &ED25519,
    }
}
