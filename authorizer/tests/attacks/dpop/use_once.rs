//! The time of a proof, its token, and its single use (RFC 9449, sections 4.3 and 11.1).

use std::time::Duration;

use serde_json::json;

use super::{granted_proof, refused, refused_changes, refused_proof, requiring};
use crate::support::proof::{Prover, dpop_headers, http_2_event, proof_claims, rest_event_at};
use crate::support::{NOW, World};
use testkit::signer::base64url;

#[test]
fn a_proof_that_is_too_old_or_from_the_future() {
    let client = Prover::client();
    let token = client.token();
    for (leeway, iat, expected) in [
        ("60", json!(NOW - 120), "granted"),
        ("60", json!(NOW + 120), "granted"),
        ("60", json!(NOW - 121), "dpop_proof_expired"),
        ("60", json!(NOW + 121), "dpop_proof_in_future"),
        ("0", json!(NOW - 60), "granted"),
        ("0", json!(NOW + 60), "granted"),
        ("0", json!(NOW - 61), "dpop_proof_expired"),
        ("0", json!(NOW + 61), "dpop_proof_in_future"),
        ("0", json!(1_789_999_939.999), "dpop_proof_expired"),
        ("300", json!(NOW - 360), "granted"),
        ("300", json!(NOW - 361), "dpop_proof_expired"),
        ("60", json!(NOW * 1000), "dpop_proof_in_future"),
        ("60", json!(-1), "dpop_proof_expired"),
        ("60", json!(1e300), "dpop_proof_in_future"),
        ("60", json!(NOW.to_string()), "dpop_iat_missing"),
        ("60", json!(null), "dpop_iat_missing"),
        ("60", json!({}), "dpop_iat_missing"),
    ] {
        let world = World::new(&[("DPOP", "require"), ("CLOCK_LEEWAY_SECONDS", leeway)]);
        let proof = client.proof_with(&token, &json!({}), &json!({"iat": iat}));
        match expected {
            "granted" => granted_proof(&world, &token, &proof),
            reason => refused_proof(&world, &token, &proof, reason),
        }
    }
}

#[test]
fn a_proof_with_its_own_exp_or_nbf() {
    let client = Prover::client();
    let token = client.token();
    for (claims, expected) in [
        (json!({"exp": NOW - 59, "nbf": NOW + 60}), "granted"),
        (json!({"exp": NOW + 1_000_000_000}), "granted"),
        (json!({"exp": NOW - 60}), "dpop_proof_expired"),
        (json!({"exp": 0}), "dpop_proof_expired"),
        (json!({"nbf": 1_790_000_060.5}), "dpop_proof_in_future"),
        (json!({"exp": NOW.to_string()}), "dpop_time_malformed"),
        (json!({"nbf": []}), "dpop_time_malformed"),
        (json!({"nbf": true, "exp": NOW}), "dpop_time_malformed"),
    ] {
        let world = World::new(&[("DPOP", "require")]);
        let proof = client.proof_with(&token, &json!({}), &claims);
        match expected {
            "granted" => granted_proof(&world, &token, &proof),
            reason => refused_proof(&world, &token, &proof, reason),
        }
    }
}

#[test]
fn a_proof_made_for_another_token() {
    let client = Prover::client();
    let token = client.token();
    let other = base64url(aws_lc_rs::digest::digest(
        &aws_lc_rs::digest::SHA256,
        b"another",
    ));
    let good = proof_claims(&token)["ath"].as_str().unwrap().to_owned();
    let none = json!({});
    refused_changes(&[
        (none.clone(), json!({"ath": null}), "dpop_token_mismatch"),
        (none.clone(), json!({"ath": ""}), "dpop_token_mismatch"),
        (none.clone(), json!({"ath": other}), "dpop_token_mismatch"),
        (
            none.clone(),
            json!({"ath": format!("{good}=")}),
            "dpop_token_mismatch",
        ),
        (
            none.clone(),
            json!({"ath": good[..42]}),
            "dpop_token_mismatch",
        ),
        (none, json!({"ath": [good]}), "dpop_token_mismatch"),
    ]);
}

#[test]
fn a_proof_without_an_id_or_with_an_oversized_one() {
    let none = json!({});
    refused_changes(&[
        (none.clone(), json!({"jti": null}), "dpop_jti_missing"),
        (none.clone(), json!({"jti": ""}), "dpop_jti_missing"),
        (none.clone(), json!({"jti": 1}), "dpop_jti_missing"),
        (none.clone(), json!({"jti": ["a"]}), "dpop_jti_missing"),
        (
            none.clone(),
            json!({"jti": "j".repeat(257)}),
            "dpop_jti_too_long",
        ),
        (
            none.clone(),
            json!({"jti": "\u{e9}".repeat(129)}),
            "dpop_jti_too_long",
        ),
    ]);
    let client = Prover::client();
    let token = client.token();
    let longest = client.proof_with(&token, &none, &json!({"jti": "j".repeat(256)}));
    granted_proof(&requiring(), &token, &longest);
}

#[test]
fn a_proof_that_is_used_twice() {
    let (world, client) = (requiring(), Prover::client());
    let token = client.token();
    let proof = client.proof_with(&token, &json!({}), &json!({"iat": NOW + 120}));
    granted_proof(&world, &token, &proof);
    refused_proof(&world, &token, &proof, "dpop_proof_replayed");
    refused(
        &world,
        &http_2_event(&dpop_headers(&token, &proof)),
        "dpop_proof_replayed",
    );
    world.clock.advance(Duration::from_secs(240));
    refused_proof(&world, &token, &proof, "dpop_proof_replayed");
    world.clock.advance(Duration::from_secs(1));
    refused_proof(&world, &token, &proof, "dpop_proof_expired");
}

#[test]
fn a_proof_id_is_used_once_whatever_the_key() {
    let (world, client, other) = (requiring(), Prover::client(), Prover::thief());
    let (token, others) = (client.token(), other.token());
    let jti = json!({"jti": "one"});
    granted_proof(&world, &token, &client.proof_with(&token, &json!({}), &jti));
    let proof = other.proof_with(&others, &json!({}), &jti);
    refused_proof(&world, &others, &proof, "dpop_proof_replayed");
    world.clock.advance(Duration::from_secs(121));
    let later = json!({"jti": "one", "iat": NOW + 121});
    granted_proof(
        &world,
        &others,
        &other.proof_with(&others, &json!({}), &later),
    );
}

#[test]
fn a_refused_proof_can_be_used_again() {
    let (world, client) = (requiring(), Prover::client());
    let token = client.token();
    let proof = client.proof(&token);
    let headers = dpop_headers(&token, &proof);
    let elsewhere = rest_event_at("PUT/state/42", "/prod/state/42", &headers);
    refused(&world, &elsewhere, "dpop_method_mismatch");
    let (input, _) = proof.rsplit_once('.').unwrap();
    let unsigned = format!("{input}.{}", base64url([1; 64]));
    refused_proof(&world, &token, &unsigned, "dpop_wrong_signature");
    world
        .clock
        .set(authorizer::clock::Timestamp::from_secs(NOW + 121));
    refused_proof(&world, &token, &proof, "dpop_proof_expired");
    world
        .clock
        .set(authorizer::clock::Timestamp::from_secs(NOW));
    granted_proof(&world, &token, &proof);
}
