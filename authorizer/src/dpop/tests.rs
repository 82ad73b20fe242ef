use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;
use crate::issuer::jwks::KeyRefusal;
use crate::refusal::{JwsError, TokenPart};
use crate::refusal::{MAX_PROOF_BYTES, MAX_PROOF_ID_BYTES, Refusal};

/// The request of RFC 9449, section 7.1.
const TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
const PROOF: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
/// Section 6.1.
const JKT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
const IAT: u64 = 1_562_262_618;

fn call(method: &str) -> ProvenRequest {
    ProvenRequest {
        method: method.to_owned(),
        path: "/protectedresource".to_owned(),
        address: Some(Address {
            domain_name: "resource.example.org".to_owned(),
            path: "/protectedresource".to_owned(),
        }),
    }
}

fn jkt() -> Thumbprint {
    URL_SAFE_NO_PAD.decode(JKT).unwrap().try_into().unwrap()
}

fn verifier() -> ProofVerifier {
    ProofVerifier::new(Vec::new(), Duration::from_secs(60))
}

fn verify_at(
    verifier: &ProofVerifier,
    proof: &str,
    call: &ProvenRequest,
    now: u64,
) -> Result<(), AuthorizerError> {
    let token = BearerToken::from_token(TOKEN).unwrap();
    let now = Timestamp::from_secs(now);
    let proof = UnverifiedProof::from_header(proof)?;
    verifier.verify(&proof, call, &token, jkt(), now)
}

#[track_caller]
fn check(proof: &str, expected: Result<(), ProofRefusal>) {
    let found = verify_at(&verifier(), proof, &call("GET"), IAT);
    assert_eq!(found, expected.map_err(AuthorizerError::from), "{proof}");
}

/// The example with changed members and its original signature.
fn changed(header: &Value, claims: &Value) -> String {
    let parts: Vec<&str> = PROOF.split('.').collect();
    let part = |text: &str, changes: &Value| {
        let object = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
        URL_SAFE_NO_PAD.encode(testkit::json::changed(object, changes).to_string())
    };
    format!(
        "{}.{}.{}",
        part(parts[0], header),
        part(parts[1], claims),
        parts[2]
    )
}

#[test]
fn the_request_of_rfc_9449_is_accepted_once() {
    let verifier = verifier();
    let replayed = Err(ProofRefusal::Replayed.into());
    assert_eq!(verify_at(&verifier, PROOF, &call("GET"), IAT), Ok(()));
    assert_eq!(verify_at(&verifier, PROOF, &call("GET"), IAT), replayed);
    assert_eq!(
        verify_at(&verifier, PROOF, &call("GET"), IAT + 120),
        replayed
    );
}

/// A proof without `ath` is for a token request, not for a call of an API.
#[test]
fn proofs_of_token_requests_are_refused() {
    let header = PROOF.split('.').next().unwrap();
    let mut call = call("POST");
    call.address = Some(Address {
        domain_name: "server.example.com".to_owned(),
        path: "/token".to_owned(),
    });
    for (section, iat, claims, signature) in [
        (
            "4.1",
            1_562_262_616,
            "eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ",
            "2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg",
        ),
        (
            "5, with a refresh token",
            1_562_265_296,
            "eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjY1Mjk2fQ",
            "pAqut2IRDm_De6PR93SYmGBPXpwrAk90e8cP2hjiaG5QsGSuKDYW7_X620BxqhvYC8ynrrvZLTk41mSRroapUA",
        ),
    ] {
        let proof = format!("{header}.{claims}.{signature}");
        let refused = Err(ProofRefusal::Token.into());
        assert_eq!(
            verify_at(&verifier(), &proof, &call, iat),
            refused,
            "{section}"
        );
        let unverified = UnverifiedProof::from_header(&proof).unwrap();
        let parsed = ParsedProof::parse(&unverified).unwrap();
        assert_eq!(parsed.check_key(jkt()), Ok(()), "{section}");
        assert_eq!(parsed.check_signature(), Ok(()), "{section}");
    }
}

#[test]
fn a_proof_for_another_method_url_token_or_key_is_refused() {
    check(PROOF, Ok(()));
    let found = |call: &ProvenRequest| verify_at(&verifier(), PROOF, call, IAT);
    for method in ["POST", "get", ""] {
        assert_eq!(
            found(&call(method)),
            Err(ProofRefusal::Method.into()),
            "{method}"
        );
    }
    let mut elsewhere = call("GET");
    elsewhere.address = None;
    let no_url = InternalError::UnknownEvent(UnknownEventError::NoUrl);
    assert_eq!(found(&elsewhere), Err(no_url.into()));
    elsewhere.address = Some(Address {
        domain_name: "resource.example.org".to_owned(),
        path: "/protectedresource/".to_owned(),
    });
    assert_eq!(found(&elsewhere), Err(ProofRefusal::Url.into()));

    let proof = UnverifiedProof::from_header(PROOF).unwrap();
    let (token, other) = (
        BearerToken::from_token(TOKEN).unwrap(),
        BearerToken::from_token("another").unwrap(),
    );
    let now = Timestamp::from_secs(IAT);
    assert_eq!(
        verifier().verify(&proof, &call("GET"), &other, jkt(), now),
        Err(ProofRefusal::Token.into())
    );
    assert_eq!(
        verifier().verify(&proof, &call("GET"), &token, [0; 32], now),
        Err(ProofRefusal::OtherKey.into())
    );
}

#[test]
fn the_public_url_replaces_the_address_of_the_event() {
    let urls = ["https://one.example/v1", "https://resource.example.org"];
    let verify = |urls: &[&str]| {
        let urls = urls.iter().map(|url| url.parse().unwrap()).collect();
        let verifier = ProofVerifier::new(urls, Duration::ZERO);
        let mut call = call("GET");
        call.address = Some(Address {
            domain_name: "d-1.execute-api.eu-west-1.amazonaws.com".to_owned(),
            path: "/prod/protectedresource".to_owned(),
        });
        verify_at(&verifier, PROOF, &call, IAT)
    };
    assert_eq!(verify(&urls), Ok(()));
    assert_eq!(verify(&urls[..1]), Err(ProofRefusal::Url.into()));
    assert_eq!(verify(&[]), Err(ProofRefusal::Url.into()));
}

#[test]
fn a_proof_is_acceptable_for_60_seconds_and_the_leeway_either_way() {
    for (leeway, now, expected) in [
        (0, IAT + 60, Ok(())),
        (0, IAT - 60, Ok(())),
        (0, IAT + 61, Err(ProofRefusal::Expired { seconds_ago: 61 })),
        (
            0,
            IAT - 61,
            Err(ProofRefusal::InFuture { seconds_ahead: 61 }),
        ),
        (60, IAT + 120, Ok(())),
        (60, IAT - 120, Ok(())),
        (
            60,
            IAT + 121,
            Err(ProofRefusal::Expired { seconds_ago: 121 }),
        ),
        (
            60,
            IAT - 121,
            Err(ProofRefusal::InFuture { seconds_ahead: 121 }),
        ),
    ] {
        let verifier = ProofVerifier::new(Vec::new(), Duration::from_secs(leeway));
        assert_eq!(
            verify_at(&verifier, PROOF, &call("GET"), now),
            expected.map_err(AuthorizerError::from)
        );
    }
    for iat in [json!(null), json!("1562262618"), json!(true), json!([IAT])] {
        check(
            &changed(&json!({}), &json!({"iat": iat})),
            Err(ProofRefusal::TimeMissing),
        );
    }
    for (iat, expected) in [
        (
            json!(1e300),
            ProofRefusal::InFuture {
                seconds_ahead: u64::MAX / 1000 - IAT,
            },
        ),
        (json!(-1e300), ProofRefusal::Expired { seconds_ago: IAT }),
    ] {
        check(&changed(&json!({}), &json!({"iat": iat})), Err(expected));
    }
}

#[test]
fn malformed_proofs_are_refused() {
    let header = TokenPart::Header;
    check("", Err(JwsError::NotThreeParts.into()));
    check("a.b.c.d.e", Err(JwsError::NotThreeParts.into()));
    check(
        "a=.b.c",
        Err(JwsError::NotBase64Url { part: header }.into()),
    );
    check(
        "W10.b.c",
        Err(JwsError::NotJsonObject { part: header }.into()),
    );
    check(&format!("{PROOF},{PROOF}"), Err(ProofRefusal::Several));
    check(&format!("{PROOF}, "), Err(ProofRefusal::Several));
    let long = format!("a.{}.c", "b".repeat(MAX_PROOF_BYTES - 4));
    check(&long, Err(JwsError::NotBase64Url { part: header }.into()));
    check(
        &format!("{long}d"),
        Err(ProofRefusal::TooLong { bytes: 4097 }),
    );
    check(
        &format!("{PROOF}="),
        Err(JwsError::NotBase64Url {
            part: TokenPart::Signature,
        }
        .into()),
    );
}

#[test]
fn proofs_with_an_invalid_header_are_refused() {
    let key = |reason| ProofRefusal::Key { reason };
    for (header, expected) in [
        (json!({"typ": null}), ProofRefusal::Type),
        (json!({"typ": "JWT"}), ProofRefusal::Type),
        (json!({"typ": ["dpop+jwt"]}), ProofRefusal::Type),
        (json!({"crit": []}), ProofRefusal::CriticalExtension),
        (json!({"alg": null}), ProofRefusal::AlgorithmNotAllowed),
        (json!({"alg": "none"}), ProofRefusal::AlgorithmNotAllowed),
        (json!({"alg": "HS256"}), ProofRefusal::AlgorithmNotAllowed),
        (json!({"alg": "ES512"}), ProofRefusal::AlgorithmNotAllowed),
        (
            json!({"alg": "ES384"}),
            key(KeyRefusal::DoesNotFitAlgorithm),
        ),
        (
            json!({"alg": "RS256"}),
            key(KeyRefusal::DoesNotFitAlgorithm),
        ),
        (json!({"jwk": null}), ProofRefusal::KeyMissing),
        (json!({"jwk": "{}"}), ProofRefusal::KeyMissing),
        (json!({"jwk": {}}), key(KeyRefusal::MissingMember("kty"))),
        (
            json!({"jwk": {"kty": "oct", "k": "AQ"}}),
            key(KeyRefusal::Symmetric),
        ),
        (
            json!({"jwk": {"kty": "EC", "k": "AQ"}}),
            key(KeyRefusal::Symmetric),
        ),
        (
            json!({"jwk": {"kty": "EC", "d": "AQ"}}),
            key(KeyRefusal::PrivateKey),
        ),
    ] {
        check(&changed(&header, &json!({})), Err(expected));
    }
}

#[test]
fn proofs_with_invalid_claims_are_refused() {
    let longest = "j".repeat(MAX_PROOF_ID_BYTES);
    for (claims, expected) in [
        (json!({"htm": null}), ProofRefusal::Method),
        (json!({"htm": ["GET"]}), ProofRefusal::Method),
        (json!({"htu": null}), ProofRefusal::UrlMalformed),
        (
            json!({"htu": "/protectedresource"}),
            ProofRefusal::UrlMalformed,
        ),
        (
            json!({"htu": "http://resource.example.org/protectedresource"}),
            ProofRefusal::Url,
        ),
        (json!({"ath": null}), ProofRefusal::Token),
        (json!({"ath": ""}), ProofRefusal::Token),
        (json!({"jti": null}), ProofRefusal::IdMissing),
        (json!({"jti": 1}), ProofRefusal::IdMissing),
        (json!({"jti": ""}), ProofRefusal::IdMissing),
        (json!({"jti": longest}), ProofRefusal::WrongSignature),
        (
            json!({"jti": format!("{longest}j")}),
            ProofRefusal::IdTooLong { bytes: 257 },
        ),
        (json!({"nonce": "n"}), ProofRefusal::WrongSignature),
    ] {
        check(&changed(&json!({}), &claims), Err(expected));
    }
}

#[test]
fn a_proof_that_fails_is_not_remembered() {
    let verifier = verifier();
    let other_claims = changed(&json!({}), &json!({"nonce": "n"}));
    let found = verify_at(&verifier, &other_claims, &call("GET"), IAT);
    assert_eq!(found, Err(ProofRefusal::WrongSignature.into()));
    assert_eq!(verify_at(&verifier, PROOF, &call("GET"), IAT), Ok(()));
}

#[test]
fn a_full_memory_is_an_internal_failure() {
    let full = ProofVerifier {
        used: Mutex::new(ReplayMemory::new(0)),
        ..verifier()
    };
    let found = verify_at(&full, PROOF, &call("GET"), IAT);
    assert_eq!(found, Err(InternalError::ProofMemoryFull.into()));
}

#[test]
fn the_debug_output_of_a_proof_does_not_contain_it() {
    let proof = UnverifiedProof::from_header(PROOF).unwrap();
    assert_eq!(
        format!("{proof:?}"),
        format!("UnverifiedProof({} bytes)", PROOF.len())
    );
}

#[test]
fn every_reason_has_its_own_code() {
    let part = TokenPart::Payload;
    let reasons = [
        ProofRefusal::Missing,
        ProofRefusal::Several,
        ProofRefusal::TooLong { bytes: 1 },
        JwsError::NotThreeParts.into(),
        JwsError::NotBase64Url { part }.into(),
        JwsError::NotJsonObject { part }.into(),
        JwsError::NotJsonObject {
            part: TokenPart::Header,
        }
        .into(),
        JwsError::RepeatedMember { part }.into(),
        JwsError::NumberOutOfRange { part }.into(),
        ProofRefusal::Type,
        ProofRefusal::CriticalExtension,
        ProofRefusal::AlgorithmNotAllowed,
        ProofRefusal::KeyMissing,
        ProofRefusal::Key {
            reason: KeyRefusal::PrivateKey,
        },
        ProofRefusal::Key {
            reason: KeyRefusal::Symmetric,
        },
        ProofRefusal::Key {
            reason: KeyRefusal::RsaTooSmall,
        },
        ProofRefusal::Key {
            reason: KeyRefusal::DoesNotFitAlgorithm,
        },
        ProofRefusal::Key {
            reason: KeyRefusal::UnsupportedCurve,
        },
        ProofRefusal::Key {
            reason: KeyRefusal::NotAPublicKey,
        },
        ProofRefusal::WrongSignature,
        ProofRefusal::Method,
        ProofRefusal::UrlMalformed,
        ProofRefusal::Url,
        ProofRefusal::TimeMissing,
        ProofRefusal::Expired { seconds_ago: 1 },
        ProofRefusal::InFuture { seconds_ahead: 1 },
        ProofRefusal::Token,
        ProofRefusal::OtherKey,
        ProofRefusal::IdMissing,
        ProofRefusal::IdTooLong { bytes: 1 },
        ProofRefusal::Replayed,
    ];
    let codes: std::collections::HashSet<&str> = reasons.iter().map(ProofRefusal::code).collect();
    assert_eq!(codes.len(), reasons.len());
    for reason in reasons {
        let code = Refusal::from(reason).code();
        assert!(code.starts_with("dpop_"), "{code}");
        assert!(!reason.to_string().ends_with('.'), "{reason}");
    }
}
