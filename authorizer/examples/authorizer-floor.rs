//! The floor of the benchmarks: a bare Lambda runtime that answers each event with a constant. With `FLOOR=verify` it
//! also verifies one RSA-2048 signature with a parsed key, which no authorizer of signed tokens can avoid.

#![expect(clippy::expect_used, reason = "a measuring tool: a fault ends it")]

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;

/// As long as the signed part of a usual access token.
const MESSAGE: [u8; 600] = [b'a'; 600];

struct Verification {
    key: ParsedPublicKey,
    signature: Vec<u8>,
}

impl Verification {
    fn new() -> Self {
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
        Self { key, signature }
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
            if let Some(Verification { key, signature }) = verification {
                key.verify_sig(&MESSAGE, signature)?;
            }
            Ok::<_, Error>(answer.clone())
        },
    ))
    .await
}
