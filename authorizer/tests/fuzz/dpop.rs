//! The fuzz target of DPoP proofs.

use std::time::Duration;

use authorizer::bearer::BearerToken;
use authorizer::clock::Timestamp;
use authorizer::dpop::{Address, ProofVerifier, ProvenRequest, UnverifiedProof};
use authorizer::issuer::jwks::Thumbprint;
use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;
use testkit::signer::{mint, mint_text, sha256};

use super::client_key;
use super::token::has_fraction;
use crate::support::NOW;

const TOKEN: &str = "the.access.token";
const LEEWAY: Duration = Duration::from_secs(60);

/// The input is a proof. If it has a line break, it is a header and claims, which the client's key signs; `{{jwk}}` is
/// replaced by that key and `{{ath}}` by the digest of the token.
///
/// An accepted proof meets every requirement of RFC 9449, section 4.3, which this function checks a second time, and is
/// accepted after another library has parsed and serialised it. A second use of the proof is refused. White space around
/// the header's value does not change the result.
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
        // A number with a fraction may be another after it is parsed and serialised.
        if !has_fraction(&header) && !has_fraction(&claims) {
            assert!(verify(&mint(&header, &claims, client_key())));
        }
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
    let url = claims["htu"].as_str().unwrap();
    let path = url
        .char_indices()
        .filter(|(_, character)| *character == '/');
    let (origin, path) = url.split_at(path.map(|(at, _)| at).nth(2).unwrap());
    let origin = origin.to_ascii_lowercase();
    let port = origin.strip_prefix("https://api.example.com").unwrap();
    // A port is a number (RFC 3986, section 3.2.3), so zeros may precede it.
    let is_default = |digits: &str| digits.is_empty() || digits.trim_start_matches('0') == "443";
    assert!(
        port.is_empty() || port.strip_prefix(':').is_some_and(is_default),
        "{url}"
    );
    let path = path.split(['?', '#']).next().unwrap();
    assert_eq!(normal(path), "/prod/state/42", "{url}");
}

/// A path normalised by RFC 3986, sections 6.2.2.1 to 6.2.2.3.
fn normal(path: &str) -> String {
    let mut escapes = path.split('%');
    let mut decoded = escapes.next().unwrap().to_owned();
    for escape in escapes {
        let (digits, rest) = escape.split_at(2);
        let byte = u8::from_str_radix(digits, 16).unwrap();
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            decoded.push(char::from(byte));
        } else {
            decoded.push('%');
            decoded.push_str(&digits.to_ascii_uppercase());
        }
        decoded.push_str(rest);
    }
    let mut segments = Vec::new();
    let mut ends_in_slash = false;
    for segment in decoded.split('/').skip(1) {
        ends_in_slash = ["", ".", ".."].contains(&segment);
        match segment {
            "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    if ends_in_slash && segments.last().is_some_and(|last| !last.is_empty()) {
        segments.push("");
    }
    format!("/{}", segments.join("/"))
}
