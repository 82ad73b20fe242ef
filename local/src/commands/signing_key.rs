//! A key of an issuer that exists only in this process.

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const KEY_ID: &str = "local";

/// An RSA key that signs tokens with RS256.
#[derive(Debug)]
pub(super) struct SigningKey(RsaKeyPair);

#[derive(Debug, thiserror::Error)]
#[error("no key pair or signature could be made")]
pub(super) struct SigningKeyError;

impl From<Unspecified> for SigningKeyError {
    fn from(_: Unspecified) -> Self {
        Self
    }
}

impl SigningKey {
    /// A new key.
    pub(super) fn generate() -> Result<Self, SigningKeyError> {
        Ok(Self(RsaKeyPair::generate(KeySize::Rsa2048)?))
    }

    /// The JWK Set that the issuer would publish.
    pub(super) fn jwk_set(&self) -> Value {
        let public: PublicKeyComponents<Vec<u8>> = self.0.public_key().into();
        json!({"keys": [{
            "kty": "RSA", "alg": "RS256", "use": "sig", "kid": KEY_ID,
            "n": URL_SAFE_NO_PAD.encode(public.n), "e": URL_SAFE_NO_PAD.encode(public.e),
        }]})
    }

    /// A token with these claims.
    pub(super) fn token(&self, claims: &Value) -> Result<String, SigningKeyError> {
        let header = json!({"kid": KEY_ID, "alg": "RS256"});
        let text = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let mut signature = vec![0; self.0.public_modulus_len()];
        let random = SystemRandom::new();
        self.0
            .sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature)?;
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
