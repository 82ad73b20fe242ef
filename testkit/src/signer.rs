//! Key pairs that are generated for the run, and tokens signed with them.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::json::changed;

#[derive(Debug)]
pub enum Signer {
    /// RSA, 2,048 bits.
    Rsa(RsaKeyPair),
    /// ECDSA over P-256.
    P256(EcdsaKeyPair),
    /// ECDSA over P-384.
    P384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

fn new_rsa() -> Signer {
    Signer::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
}

impl Signer {
    /// The issuer's key.
    pub fn rsa() -> &'static Self {
        static KEY: LazyLock<Signer> = LazyLock::new(new_rsa);
        &KEY
    }

    /// Another party's key.
    pub fn other_rsa() -> &'static Self {
        static KEY: LazyLock<Signer> = LazyLock::new(new_rsa);
        &KEY
    }

    pub fn p256() -> &'static Self {
        static KEY: LazyLock<Signer> = LazyLock::new(|| {
            Signer::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
        });
        &KEY
    }

    pub fn p384() -> &'static Self {
        static KEY: LazyLock<Signer> = LazyLock::new(|| {
            Signer::P384(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap())
        });
        &KEY
    }

    pub fn ed25519() -> &'static Self {
        static KEY: LazyLock<Signer> =
            LazyLock::new(|| Signer::Ed25519(Ed25519KeyPair::generate().unwrap()));
        &KEY
    }

    /// The public key as an issuer publishes it.
    pub fn jwk(&self, kid: &str) -> Value {
        match self {
            Self::Rsa(pair) => {
                let public = pair.public_key();
                let n = public.modulus().big_endian_without_leading_zero();
                let e = public.exponent().big_endian_without_leading_zero();
                json!({"kty": "RSA", "kid": kid, "use": "sig", "n": base64url(n), "e": base64url(e)})
            }
            Self::P256(pair) => ec_jwk(kid, "P-256", pair.public_key().as_ref()),
            Self::P384(pair) => ec_jwk(kid, "P-384", pair.public_key().as_ref()),
            Self::Ed25519(pair) => {
                let x = base64url(pair.public_key().as_ref());
                json!({"kty": "OKP", "kid": kid, "use": "sig", "crv": "Ed25519", "x": x})
            }
        }
    }

    /// The public key with only the members that RFC 7638 hashes, as in the header of a DPoP proof (RFC 9449, section
    /// 4.2).
    pub fn public_jwk(&self) -> Value {
        changed(self.jwk(""), &json!({"kid": null, "use": null}))
    }

    /// The RFC 7638 thumbprint. `serde_json` sorts the members and adds no white space, as the RFC requires.
    pub fn thumbprint(&self) -> String {
        sha256(self.public_jwk().to_string())
    }

    /// Signs `input`. `algorithm` chooses among the algorithms of an RSA key; other keys have only one.
    pub fn sign(&self, algorithm: &str, input: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let encoding: &'static dyn RsaEncoding = match algorithm {
                    "RS384" => &RSA_PKCS1_SHA384,
                    "RS512" => &RSA_PKCS1_SHA512,
                    "PS256" => &RSA_PSS_SHA256,
                    "PS384" => &RSA_PSS_SHA384,
                    "PS512" => &RSA_PSS_SHA512,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, input, &mut signature).unwrap();
                signature
            }
            Self::P256(pair) | Self::P384(pair) => {
                pair.sign(&random, input).unwrap().as_ref().to_vec()
            }
            Self::Ed25519(pair) => pair.sign(input).as_ref().to_vec(),
        }
    }
}

fn ec_jwk(kid: &str, curve: &str, point: &[u8]) -> Value {
    let (x, y) = point[1..].split_at((point.len() - 1) / 2);
    json!({"kty": "EC", "kid": kid, "use": "sig", "crv": curve, "x": base64url(x), "y": base64url(y)})
}

/// Base64url without padding (RFC 7515, section 2).
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The SHA-256 hash in base64url, such as the `ath` claim of a proof (RFC 9449, section 4.2).
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    base64url(digest(&SHA256, bytes.as_ref()))
}

/// A token with a correct signature, whatever its header contains.
pub fn mint(header: &Value, claims: &Value, signer: &Signer) -> String {
    mint_text(&header.to_string(), &claims.to_string(), signer)
}

pub fn mint_text(header: &str, payload: &str, signer: &Signer) -> String {
    let algorithm = serde_json::from_str::<Value>(header)
        .map(|header| header["alg"].as_str().unwrap_or_default().to_owned())
        .unwrap_or_default();
    let input = format!("{}.{}", base64url(header), base64url(payload));
    let signature = signer.sign(&algorithm, input.as_bytes());
    format!("{input}.{}", base64url(signature))
}
