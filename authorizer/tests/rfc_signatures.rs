//! The signature examples of RFC 7515, 7520 and 8037, checked with our own key parsing and verification.
//!
//! The ES512 examples (RFC 7515, appendix A.4; RFC 7520, section 4.3) and the HMAC examples are left out, because their
//! algorithms are not supported.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

use authorizer::algorithm::Algorithm;
use authorizer::issuer::jwks::{KeySet, SignatureError};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Example {
    example: String,
    algorithm: String,
    jwk: Box<RawValue>,
    token: String,
}

impl Example {
    fn all() -> Vec<Self> {
        let examples: Vec<Self> =
            serde_json::from_str(include_str!("data/rfc_signatures.json")).unwrap();
        assert_eq!(examples.len(), 5);
        examples
    }

    fn set(&self) -> KeySet {
        let json = format!(r#"{{"keys":[{}]}}"#, self.jwk.get());
        KeySet::parse(json.as_bytes(), &Algorithm::ALL).unwrap()
    }

    fn verify(&self, algorithm: Algorithm, token: &str) -> Result<(), SignatureError> {
        let (signing_input, signature) = token.rsplit_once('.').unwrap();
        self.set().keys()[0].verify(algorithm, signing_input.as_bytes(), signature)
    }
}

#[test]
fn each_example_verifies_only_with_its_own_algorithm() {
    for example in Example::all() {
        for algorithm in Algorithm::ALL {
            let verdict = example.verify(algorithm, &example.token);
            assert_eq!(
                verdict.is_ok(),
                algorithm.name() == example.algorithm,
                "{}",
                example.example
            );
        }
    }
}

#[test]
fn no_byte_of_an_example_can_be_changed() {
    for example in Example::all() {
        let algorithm = example.algorithm.parse().unwrap();
        let set = example.set();
        for at in (0..example.token.len()).step_by(3) {
            let mut token = example.token.clone().into_bytes();
            if token[at] == b'.' {
                continue;
            }
            token[at] = if token[at] == b'A' { b'B' } else { b'A' };
            let token = String::from_utf8(token).unwrap();
            let (signing_input, signature) = token.rsplit_once('.').unwrap();
            let verdict = set.keys()[0].verify(algorithm, signing_input.as_bytes(), signature);
            assert_eq!(verdict, Err(SignatureError), "{} at {at}", example.example);
        }
    }
}

#[test]
fn a_signature_in_another_encoding_is_wrong() {
    for example in Example::all() {
        let algorithm = example.algorithm.parse().unwrap();
        for suffix in ["=", "==", " ", "\n", "A", "AAAA", ".", "%3D"] {
            let token = format!("{}{suffix}", example.token);
            assert_eq!(
                example.verify(algorithm, &token),
                Err(SignatureError),
                "{suffix:?}"
            );
        }
        let (signing_input, _) = example.token.rsplit_once('.').unwrap();
        assert_eq!(
            example.verify(algorithm, &format!("{signing_input}.")),
            Err(SignatureError)
        );
    }
}

/// The provider of `jsonwebtoken` must be installed explicitly before the first signature. Left to crate features,
/// `jsonwebtoken` would panic if another crate enabled a second provider.
#[test]
fn the_crypto_provider_is_installed_with_the_first_key() {
    let _keys = Example::all()[0].set();
    let other = &jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
    assert!(
        other.install_default().is_err(),
        "no provider was installed"
    );
}
