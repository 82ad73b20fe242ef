//! The fuzz target of DPoP proofs.

use std::time::Duration;

use authorizer::bearer::BearerToken;
use authorizer::clock::Timestamp;
use authorizer::dpop::{Address, ProofVerifier, ProvenRequest, UnverifiedProof};
use authorizer::issuer::jwks::Thumbprint;
use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;
use testkit::signer::{mint_text, sha256};

use super::client_key;
use crate::support::NOW;

const TOKEN: &str = "the.access.token";
const LEEWAY: Duration = Duration::from_secs(60);

/// The input is a proof. If it has a line break, it is a header and claims, which the client's key signs; `{{jwk}}` is
/// replaced by that key and `{{ath}}` by the digest of the token.
///
/// An accepted proof meets every requirement of RFC 9449, section 4.3, which this function checks a second time. A second
/// use of the proof is refused. White space around the header's value does not change the result.
pub(crate) fn dpop(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else {
        return;
    };
    let Some((header, claims)) = text.split_once('\n') else {
        // The fuzzer does not have the client's key, so it cannot have signed the proof.
        assert!(!verify(text));
        return;
    };
    let jwk = client_key().public_jwk();
    let header = header.replace("{{jwk}}", &jwk.to_string());
    let claims = claims.replace("{{ath}}", &sha256(TOKEN));
    let proof = mint_text(&header, &claims, client_key());
    if verify(&proof) {
        let header = serde_json::from_str(&header).unwrap();
        let claims = serde_json::from_str(&claims).unwrap();
        check_accepted(&header, &claims);
    }
}

/// Whether the proof is accepted. Checks what must hold for accepted and refused proofs.
fn verify(proof: &str) -> bool {
    let thumbprint = digest(&SHA256, client_key().public_jwk().to_string().as_bytes());
    let thumbprint: Thumbprint = thumbprint.as_ref().try_into().unwrap();
    let once = |value: &str| {
        let verifier = ProofVerifier::new(Vec::new(), LEEWAY);
        let found = present(&verifier, value, thumbprint);
        if found.is_ok() {
            let again = present(&verifier, value, thumbprint);
            assert_eq!(again, Err("dpop_proof_replayed"), "a proof is used twice");
        }
        found
    };
    let found = once(proof);
    assert_eq!(
        once(&format!(" \t{proof} ")),
        found,
        "white space changes the result"
    );
    let other_key = present(&ProofVerifier::new(Vec::new(), LEEWAY), proof, [0; 32]);
    assert!(other_key.is_err(), "accepted for another key");
    found.is_ok()
}

fn present(
    verifier: &ProofVerifier,
    value: &str,
    bound_to: Thumbprint,
) -> Result<(), &'static str> {
    let proof = UnverifiedProof::from_header(value).map_err(|refusal| refusal.code())?;
    let call = ProvenRequest {
        method: "GET".to_owned(),
        path: "/state/42".to_owned(),
        address: Some(Address {
            domain_name: "api.example.com".to_owned(),
            path: "/prod/state/42".to_owned(),
        }),
    };
    let token = BearerToken::from_token(TOKEN).unwrap();
    verifier
        .verify(&proof, &call, &token, bound_to, Timestamp::from_secs(NOW))
        .map_err(|error| error.code())
}

fn check_accepted(header: &Value, claims: &Value) {
    assert_eq!(header["typ"], "dpop+jwt");
    assert_eq!(header["alg"], "EdDSA");
    assert!(header.get("crit").is_none());
    let jwk = header["jwk"].as_object().unwrap();
    assert_eq!(jwk["x"], client_key().public_jwk()["x"]);
    for private in ["d", "k", "p", "q", "dp", "dq", "qi", "oth"] {
        assert!(!jwk.contains_key(private), "{private}");
    }
    assert_eq!(claims["htm"], "GET");
    let length = claims["jti"].as_str().unwrap().len();
    assert!((1..=256).contains(&length));
    #[expect(clippy::cast_precision_loss, reason = "the clock has few digits")]
    let age = NOW as f64 - claims["iat"].as_f64().unwrap();
    assert!(age.abs() <= 120.001, "{age}");
    let url = percent_decoded(claims["htu"].as_str().unwrap()).to_lowercase();
    let rest = url.strip_prefix("https://api.example.com");
    assert!(
        rest.is_some_and(|rest| rest.starts_with(['/', ':'])),
        "{url}"
    );
    let end = rest.unwrap().split(['?', '#']).next().unwrap();
    assert!(end.contains("state") && end.contains("42"), "{url}");
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let digits = (*first == b'%').then(|| str::from_utf8(tail.get(..2)?).ok());
        match digits
            .flatten()
            .map(|digits| u8::from_str_radix(digits, 16))
        {
            Some(Ok(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
