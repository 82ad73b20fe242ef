//! Tokens of an issuer that exists only in a test, right and wrong ones.

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://example.okta.com/oauth2/default";

static KEY: LazyLock<RsaKeyPair> =
    LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());

/// A key set with a good key, `good`, and one for each fault, named after it.
pub(crate) fn jwk_set() -> String {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let public: PublicKeyComponents<Vec<u8>> = KEY.public_key().into();
    let good = json!({
        "kty": "RSA", "kid": "good", "use": "sig", "n": encode(&public.n), "e": encode(&public.e),
    });
    let but = |kid: &str, changes: Value| {
        let mut key = good.clone();
        key["kid"] = kid.into();
        for (name, value) in changes.as_object().unwrap() {
            key[name] = value.clone();
        }
        key
    };
    let curve = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let point = curve.public_key().as_ref();
    let elliptic = json!({
        "kty": "EC", "crv": "P-256", "kid": "elliptic",
        "x": encode(&point[1..33]), "y": encode(&point[33..65]),
    });
    json!({"keys": [
        good,
        elliptic,
        but("encryption", json!({"use": "enc"})),
        json!({"kty": "oct", "kid": "symmetric", "k": "c2VjcmV0"}),
        but("private", json!({"d": "AQAB"})),
        but("small", json!({"n": encode(&[0xff; 128])})),
        json!({"kty": "OKP", "crv": "X25519", "kid": "unsupported", "x": encode(&[1; 32])}),
        but("malformed", json!({"n": 5})),
    ]})
    .to_string()
}

/// The claims of a token that is valid from 2026 on.
pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "api://default", "cid": "web", "sub": "alice@example.com", "uid": "00u1",
        "iat": 1_767_225_600_u64, "exp": 1_767_229_200_u64, "scp": ["state:write"], "groups": ["Everyone"],
    })
}

/// The claims with some changed, and those left out that are null.
pub(crate) fn claims_but(changes: &Value) -> String {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims.to_string()
}

/// A token by the good key over any header and payload.
pub(crate) fn signed(header: &str, payload: &str) -> String {
    let text = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let mut signature = vec![0; KEY.public_modulus_len()];
    let random = SystemRandom::new();
    KEY.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature)
        .unwrap();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

pub(crate) const HEADER: &str = r#"{"alg": "RS256", "kid": "good"}"#;

/// A token that is right but for these claims.
pub(crate) fn token(changes: &Value) -> String {
    signed(HEADER, &claims_but(changes))
}
