//! Parsed keys, so that `jsonwebtoken` does not parse a key for each signature.
//!
//! `jsonwebtoken` asks its provider for a verifier at each signature. The verifier of its own provider parses the key
//! each time, which takes half as long as the verification. [`PROVIDER`] returns a verifier with the parsed key if a key
//! set has that key, and otherwise the verifier of `jsonwebtoken`.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock, PoisonError, RwLock, Weak};

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
    RsaPublicKeyComponents, VerificationAlgorithm,
};
use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, aws_lc};
use jsonwebtoken::errors::Error;
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};

/// The provider of `jsonwebtoken` for this process.
static PROVIDER: LazyLock<CryptoProvider> = LazyLock::new(|| CryptoProvider {
    verifier_factory: verifier,
    ..aws_lc::DEFAULT_PROVIDER.clone()
});

/// The keys of all key sets in use, by their modulus or point. An entry does not keep its key alive.
static KEYS: RwLock<BTreeMap<Vec<u8>, Weak<ParsedKey>>> = RwLock::new(BTreeMap::new());

/// A key of a key set, parsed once for each algorithm that a token names.
pub(super) struct ParsedKey {
    key: DecodingKey,
    /// `None` if the library refuses the key for that algorithm.
    by_algorithm: [OnceLock<Option<ParsedPublicKey>>; 9],
}

impl ParsedKey {
    /// As long as the returned value exists, signatures are verified with the parsed key. Two key sets with the same
    /// key, such as a set and its refresh, share one value.
    pub(super) fn keep(key: &DecodingKey) -> Arc<Self> {
        let mut keys = KEYS.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = Self::in_use(&keys, key) {
            return kept;
        }
        let parsed = Arc::new(Self {
            key: key.clone(),
            by_algorithm: Default::default(),
        });
        keys.retain(|_, key| key.strong_count() > 0);
        keys.insert(name(key).to_vec(), Arc::downgrade(&parsed));
        parsed
    }

    fn find(key: &DecodingKey) -> Option<Arc<Self>> {
        Self::in_use(&KEYS.read().unwrap_or_else(PoisonError::into_inner), key)
    }

    fn in_use(keys: &BTreeMap<Vec<u8>, Weak<Self>>, key: &DecodingKey) -> Option<Arc<Self>> {
        let found = keys.get(name(key))?.upgrade()?;
        is_same(&found.key, key).then_some(found)
    }

    fn parsed(&self, algorithm: Algorithm) -> Option<&ParsedPublicKey> {
        let (place, scheme) = scheme(algorithm)?;
        self.by_algorithm
            .get(place)?
            .get_or_init(|| scheme.parse(&self.key))
            .as_ref()
    }
}

/// Makes `jsonwebtoken` use the parsed keys. Only the first call in a process has an effect.
///
/// By default `jsonwebtoken` selects a provider by crate features, and panics at the first token if another crate
/// enables a second one.
pub(super) fn install() {
    let _installed_before = PROVIDER.install_default();
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    let Some(key) = ParsedKey::find(key).filter(|key| key.parsed(*algorithm).is_some()) else {
        return (aws_lc::DEFAULT_PROVIDER.verifier_factory)(algorithm, key);
    };
    Ok(Box::new(ParsedVerifier {
        key,
        algorithm: *algorithm,
    }))
}

struct ParsedVerifier {
    key: Arc<ParsedKey>,
    algorithm: Algorithm,
}

impl Verifier<Vec<u8>> for ParsedVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        self.key
            .parsed(self.algorithm)
            .ok_or_else(signature::Error::new)?
            .verify_sig(message, signature)
            .map_err(signature::Error::from_source)
    }
}

impl JwtVerifier for ParsedVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

/// An algorithm in the crypto library.
enum SignatureScheme {
    Rsa(&'static RsaParameters),
    Curve(&'static dyn VerificationAlgorithm),
}

impl SignatureScheme {
    fn parse(&self, key: &DecodingKey) -> Option<ParsedPublicKey> {
        match (self, key.kind()) {
            (Self::Rsa(parameters), DecodingKeyKind::RsaModulusExponent { n, e }) => {
                let key = RsaPublicKeyComponents { n, e };
                key.to_parsed_public_key(parameters).ok()
            }
            // `ParsedPublicKey::new` refuses a point of another curve.
            (Self::Curve(algorithm), DecodingKeyKind::SecretOrDer(point)) => {
                ParsedPublicKey::new(*algorithm, point).ok()
            }
            _ => None,
        }
    }
}

/// The index of an algorithm in `by_algorithm`, and its name in the crypto library.
const fn scheme(algorithm: Algorithm) -> Option<(usize, SignatureScheme)> {
    use SignatureScheme::{Curve, Rsa};
    Some(match algorithm {
        Algorithm::RS256 => (0, Rsa(&RSA_PKCS1_2048_8192_SHA256)),
        Algorithm::RS384 => (1, Rsa(&RSA_PKCS1_2048_8192_SHA384)),
        Algorithm::RS512 => (2, Rsa(&RSA_PKCS1_2048_8192_SHA512)),
        Algorithm::PS256 => (3, Rsa(&RSA_PSS_2048_8192_SHA256)),
        Algorithm::PS384 => (4, Rsa(&RSA_PSS_2048_8192_SHA384)),
        Algorithm::PS512 => (5, Rsa(&RSA_PSS_2048_8192_SHA512)),
        Algorithm::ES256 => (6, Curve(&ECDSA_P256_SHA256_FIXED)),
        Algorithm::ES384 => (7, Curve(&ECDSA_P384_SHA384_FIXED)),
        Algorithm::EdDSA => (8, Curve(&ED25519)),
        _ => return None,
    })
}

fn name(key: &DecodingKey) -> &[u8] {
    match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, e: _ } => n,
        DecodingKeyKind::SecretOrDer(point) => point,
    }
}

/// Compares keys that have the same name.
fn is_same(one: &DecodingKey, other: &DecodingKey) -> bool {
    use DecodingKeyKind::{RsaModulusExponent, SecretOrDer};
    let has_same_rest = match (one.kind(), other.kind()) {
        (RsaModulusExponent { n: _, e: one }, RsaModulusExponent { n: _, e: other }) => {
            one == other
        }
        (SecretOrDer(_), SecretOrDer(_)) => true,
        (RsaModulusExponent { .. }, SecretOrDer(_))
        | (SecretOrDer(_), RsaModulusExponent { .. }) => false,
    };
    has_same_rest && one.family() == other.family()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rsa::{self, KeySize};
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        Ed25519KeyPair, KeyPair as _,
    };

    use super::*;

    #[test]
    fn a_key_is_found_by_all_of_its_numbers_while_a_key_set_has_it() {
        let rsa = |e: &[u8]| DecodingKey::from_rsa_raw_components(&[0xc5; 256], e);
        let (key, other) = (rsa(&[1, 0, 1]), rsa(&[3]));
        let kept = ParsedKey::keep(&key);
        for (asked, expected) in [
            (key.clone(), true),
            (other, false),
            (DecodingKey::from_rsa_der(&[0xc5; 256]), false),
            (DecodingKey::from_secret(&[0xc5; 256]), false),
            (
                DecodingKey::from_rsa_raw_components(&[0xc4; 256], &[1, 0, 1]),
                false,
            ),
        ] {
            assert_eq!(ParsedKey::find(&asked).is_some(), expected);
        }
        drop(kept);
        assert!(ParsedKey::find(&key).is_none());
    }

    #[test]
    fn a_key_stays_parsed_until_the_last_key_set_with_it_is_dropped() {
        let key = DecodingKey::from_rsa_raw_components(&[0xc6; 256], &[1, 0, 1]);
        let (served, refreshed) = (ParsedKey::keep(&key), ParsedKey::keep(&key));
        assert!(Arc::ptr_eq(&served, &refreshed));
        drop(refreshed);
        assert!(ParsedKey::find(&key).is_some_and(|found| Arc::ptr_eq(&found, &served)));
    }

    #[test]
    fn a_key_without_a_key_set_is_forgotten_when_another_key_is_kept() {
        let key = |byte| DecodingKey::from_rsa_raw_components(&[byte; 256], &[1, 0, 1]);
        let (withdrawn, used) = (key(0xc7), key(0xc8));
        let (dropped, kept) = (ParsedKey::keep(&withdrawn), ParsedKey::keep(&used));
        drop(dropped);
        let _another = ParsedKey::keep(&key(0xc9));
        let has = |key| KEYS.read().unwrap().contains_key(name(key));
        assert!(has(&used) && !has(&withdrawn));
        drop(kept);
    }

    #[test]
    fn jsonwebtoken_uses_a_kept_key_only_for_algorithms_of_its_kind() {
        use Algorithm::{ES256, ES384, EdDSA, HS256, PS256, PS384, PS512, RS256, RS384, RS512};
        // New keys, because other tests in this process keep keys too.
        let rsa = rsa::KeyPair::generate(KeySize::Rsa2048).unwrap();
        let rsa = RsaPublicKeyComponents::<Vec<u8>>::from(rsa.public_key());
        let p256 = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let p384 = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
        let ed25519 = Ed25519KeyPair::generate().unwrap();
        install();
        for (key, its_own) in [
            (
                DecodingKey::from_rsa_raw_components(&rsa.n, &rsa.e),
                &[RS256, RS384, RS512, PS256, PS384, PS512][..],
            ),
            (
                DecodingKey::from_ec_der(p256.public_key().as_ref()),
                &[ES256],
            ),
            (
                DecodingKey::from_ec_der(p384.public_key().as_ref()),
                &[ES384],
            ),
            (
                DecodingKey::from_ed_der(ed25519.public_key().as_ref()),
                &[EdDSA],
            ),
        ] {
            let kept = ParsedKey::keep(&key);
            for algorithm in [
                RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA, HS256,
            ] {
                let uses = || {
                    let parsed = kept.by_algorithm.iter().filter_map(OnceLock::get);
                    parsed.flatten().count()
                };
                let before = uses();
                let _wrong_signature = jsonwebtoken::crypto::verify("", b"", &key, algorithm);
                let is_its_own = its_own.contains(&algorithm);
                assert_eq!(uses() - before, usize::from(is_its_own), "{algorithm:?}");
                let first = kept.parsed(algorithm).map(std::ptr::from_ref);
                assert_eq!(first.is_some(), is_its_own, "{algorithm:?}");
                assert_eq!(kept.parsed(algorithm).map(std::ptr::from_ref), first);
            }
            let verifier = verifier(&its_own[0], &key).unwrap();
            assert_eq!(verifier.algorithm(), its_own[0]);
            assert_eq!(Arc::strong_count(&kept), 2, "the verifier has the kept key");
            drop(verifier);
        }
    }
}
