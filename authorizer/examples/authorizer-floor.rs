//! The floor of the benchmarks: a bare Lambda runtime that answers each event with a constant.
//!
//! With `FLOOR=verify` it also verifies one RSA-2048 signature with a parsed key, which no authorizer of signed tokens
//! can avoid. If `FLOOR_TOKEN` and `FLOOR_KEY` (a `SubjectPublicKeyInfo` in base64) are set, it verifies that token
//! with that key, so that init is repeatable.

#![expect(clippy::expect_used, reason = "a benchmark: an error ends it")]

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;

/// A message as long as the signed part of a usual access token.
const MESSAGE: [u8; 600] = [b'a'; 600];

struct Verification {
    key: ParsedPublicKey,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl Verification {
    fn new() -> Self {
        match (std::env::var("FLOOR_KEY"), std::env::var("FLOOR_TOKEN")) {
            (Ok(key), Ok(token)) => Self::given(&key, &token),
            _ => Self::generated(),
        }
    }

    fn given(key: &str, token: &str) -> Self {
        let key = STANDARD.decode(key).expect("base64");
        let (message, signature) = token.rsplit_once('.').expect("a token");
        Self {
            key: ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key).expect("a public key"),
            message: message.into(),
            signature: URL_SAFE_NO_PAD.decode(signature).expect("base64url"),
        }
    }

    fn generated() -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key pair");
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            &MESSAGE,
            &mut signature,
        )
        .expect("a signature");
        let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref())
            .expect("a public key");
        Self {
            key,
            message: MESSAGE.to_vec(),
            signature,
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let verifies = std::env::var("FLOOR").is_ok_and(|floor| floor == "verify");
    let verification = verifies.then(Verification::new);
    let answer = RawValue::from_string(r#"{"principalId":"floor"}"#.to_owned())?;
    let (verification, answer) = (&verification, &answer);
    lambda_runtime::run(service_fn(
        |_event: LambdaEvent<Box<RawValue>>| async move {
            if let Some(Verification {
                key,
                message,
                signature,
            }) = verification
            {
                key.verify_sig(message, signature)?;
            }
            Ok::<_, Error>(answer.clone())
        },
    ))
    .await
}
