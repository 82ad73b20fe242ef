//! Attacks on keys and with keys.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::signer::base64url;

use super::support::{
    KEYS_URI, NOW, OTHER_ISSUER, Signer, World, changed, claims, claims_with, header, mint,
    token_event, token_with, unauthorized,
};
use super::{accepted, refused, wait};

fn signed_as(header_changes: &Value, signer: &Signer) -> String {
    mint(&changed(header(), header_changes), &claims(), signer)
}

#[test]
fn a_key_that_the_issuer_does_not_publish() {
    let world = World::new(&[]);
    accepted(&world, &token_with(&json!({})));
    let unknown = |kid: &str| {
        refused(
            &world,
            &signed_as(&json!({"kid": kid}), Signer::other_rsa()),
            "key_unknown",
        )
    };
    unknown("k9");
    assert_eq!(world.issuer.fetches(), 2, "the keys are fetched again");
    for kid in ["k9", "k8", "k7"] {
        unknown(kid);
    }
    assert_eq!(
        world.issuer.fetches(),
        2,
        "no fetch before the cooldown ends"
    );
    world.clock.advance(Duration::from_secs(31));
    unknown("k9");
    assert_eq!(world.issuer.fetches(), 3);
}

#[test]
fn a_rotated_key_is_fetched() {
    let world = World::new(&[]);
    accepted(&world, &token_with(&json!({})));
    world.issuer.publish(
        KEYS_URI,
        &[Signer::rsa().jwk("k1"), Signer::other_rsa().jwk("k2")],
    );
    world.clock.advance(Duration::from_secs(31));
    accepted(
        &world,
        &signed_as(&json!({"kid": "k2"}), Signer::other_rsa()),
    );
}

#[test]
fn a_key_of_another_party_under_a_known_id() {
    refused(
        &World::new(&[]),
        &signed_as(&json!({}), Signer::other_rsa()),
        "wrong_signature",
    );
}

#[test]
fn one_byte_changed_anywhere() {
    let world = World::new(&[]);
    let token = token_with(&json!({}));
    accepted(&world, &token);
    for place in (0..token.len()).step_by(7) {
        let mut bytes = token.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(bytes).unwrap();
        assert_eq!(
            wait(world.ask_with(&forged)),
            unauthorized(),
            "byte {place}"
        );
    }
}

#[test]
fn other_claims_under_a_good_signature() {
    let world = World::new(&[]);
    let (good, greedy) = (
        token_with(&json!({})),
        token_with(&json!({"groups": ["Admins"]})),
    );
    let good: Vec<&str> = good.split('.').collect();
    let greedy: Vec<&str> = greedy.split('.').collect();
    refused(
        &world,
        &format!("{}.{}.{}", good[0], greedy[1], good[2]),
        "wrong_signature",
    );
}

/// One of 256 signatures begins with a zero byte. Some libraries accept such a signature by RSA-PSS without it.
#[test]
fn an_rsa_signature_without_its_leading_zero() {
    for algorithm in ["RS256", "PS256"] {
        let world = World::new(&[("ALGORITHMS", algorithm)]);
        let header = changed(header(), &json!({"alg": algorithm}));
        let part = |text: Value| base64url(text.to_string());
        let (input, signature) = (0..)
            .map(|number| {
                let claims = part(claims_with(&json!({"jti": format!("t-{number}")})));
                let input = format!("{}.{claims}", part(header.clone()));
                let signature = Signer::rsa().sign(algorithm, input.as_bytes());
                (input, signature)
            })
            .find(|(_, signature)| signature[0] == 0)
            .unwrap();
        let token = |signature: &[u8]| format!("{input}.{}", base64url(signature));
        accepted(&world, &token(&signature));
        refused(&world, &token(&signature[1..]), "wrong_signature");
    }
}

#[test]
fn keys_that_are_unusable_for_tokens() {
    let rsa = Signer::rsa().jwk("k1");
    let small = json!({"kty": "RSA", "kid": "k1", "e": "AQAB", "n": base64url([0xabu8; 128])});
    let symmetric = json!({"kty": "oct", "kid": "k1", "k": "c2VjcmV0"});
    for (key, reason) in [
        (
            changed(rsa.clone(), &json!({"use": "enc"})),
            "key_not_for_signatures",
        ),
        (
            changed(rsa.clone(), &json!({"key_ops": ["encrypt"]})),
            "key_not_for_signatures",
        ),
        (symmetric, "key_symmetric"),
        (small, "key_rsa_too_small"),
        (
            changed(rsa.clone(), &json!({"alg": "RS512"})),
            "algorithm_not_for_key",
        ),
        (
            changed(rsa.clone(), &json!({"alg": "ES256"})),
            "algorithm_not_for_key",
        ),
        (Signer::p256().jwk("k1"), "algorithm_not_for_key"),
        (changed(rsa, &json!({"kty": "XYZ"})), "key_unsupported"),
    ] {
        let world = World::new(&[]);
        world
            .issuer
            .publish(KEYS_URI, &[key, Signer::other_rsa().jwk("good")]);
        refused(&world, &token_with(&json!({})), reason);
        // The other key is still usable.
        accepted(
            &world,
            &signed_as(&json!({"kid": "good"}), Signer::other_rsa()),
        );
    }
}

#[test]
fn an_algorithm_of_another_family_than_the_key() {
    let world = World::new(&[("ALGORITHMS", "RS256,PS256,ES256,EdDSA")]);
    let keys = [
        changed(Signer::rsa().jwk("rs"), &json!({"alg": "RS256"})),
        Signer::p256().jwk("ec"),
    ];
    world.issuer.publish(KEYS_URI, &keys);
    for (kid, alg) in [
        ("rs", "PS256"),
        ("rs", "ES256"),
        ("ec", "RS256"),
        ("ec", "EdDSA"),
    ] {
        refused(
            &world,
            &signed_as(&json!({"kid": kid, "alg": alg}), Signer::rsa()),
            "algorithm_not_for_key",
        );
    }
}

#[test]
fn every_allowed_algorithm_accepts_right_signatures_and_refuses_wrong_ones() {
    let names = "RS256,RS384,RS512,PS256,PS384,PS512,ES256,ES384,EdDSA";
    let world = World::new(&[("ALGORITHMS", names)]);
    let keys = [
        Signer::rsa().jwk("rsa"),
        Signer::p256().jwk("p256"),
        Signer::p384().jwk("p384"),
        Signer::ed25519().jwk("ed"),
    ];
    world.issuer.publish(KEYS_URI, &keys);
    for (alg, kid, signer) in names.split(',').map(|alg| match alg {
        "ES256" => (alg, "p256", Signer::p256()),
        "ES384" => (alg, "p384", Signer::p384()),
        "EdDSA" => (alg, "ed", Signer::ed25519()),
        _ => (alg, "rsa", Signer::rsa()),
    }) {
        let token = signed_as(&json!({"alg": alg, "kid": kid}), signer);
        accepted(&world, &token);
        let (input, _) = token.rsplit_once('.').unwrap();
        let zeros = base64url([0u8; 64]);
        refused(&world, &format!("{input}.{zeros}"), "wrong_signature");
    }
}

#[test]
fn two_keys_under_one_id() {
    let world = World::new(&[("ALGORITHMS", "RS256,ES256")]);
    let keys = [
        Signer::p256().jwk("k1"),
        Signer::other_rsa().jwk("k1"),
        Signer::rsa().jwk("k1"),
    ];
    world.issuer.publish(KEYS_URI, &keys);
    accepted(&world, &signed_as(&json!({}), Signer::rsa()));
    accepted(&world, &signed_as(&json!({}), Signer::other_rsa()));
    accepted(&world, &signed_as(&json!({"alg": "ES256"}), Signer::p256()));
}

#[test]
fn a_key_of_one_issuer_for_a_token_of_another() {
    let world = World::of_two_issuers(&[]);
    let es256 = changed(header(), &json!({"alg": "ES256"}));
    let other = json!({"iss": OTHER_ISSUER, "aud": "api://other", "cid": "anything"});
    accepted(&world, &mint(&es256, &claims_with(&other), Signer::p256()));
    accepted(&world, &token_with(&json!({})));
    // Signed with the other issuer's key, but with this issuer's `iss`.
    refused(
        &world,
        &mint(
            &changed(header(), &json!({"kid": "k2"})),
            &claims(),
            Signer::other_rsa(),
        ),
        "key_unknown",
    );
    refused(
        &world,
        &mint(&es256, &claims(), Signer::p256()),
        "algorithm_not_allowed",
    );
    // The settings of one issuer do not apply to the other.
    refused(
        &world,
        &mint(
            &es256,
            &claims_with(&json!({"iss": OTHER_ISSUER})),
            Signer::p256(),
        ),
        "audience_not_ours",
    );
    refused(
        &world,
        &mint(&header(), &claims_with(&other), Signer::rsa()),
        "algorithm_not_allowed",
    );
    refused(
        &world,
        &token_with(&json!({"cid": "anything"})),
        "client_not_allowed",
    );
}

#[test]
fn one_name_at_two_issuers_is_two_principals() {
    let world = World::of_two_issuers(&[]);
    let es256 = changed(header(), &json!({"alg": "ES256"}));
    let other = json!({"iss": OTHER_ISSUER, "aud": "api://other"});
    let first = wait(world.ask_with(&token_with(&json!({}))));
    let second = wait(world.ask_with(&mint(&es256, &claims_with(&other), Signer::p256())));
    assert_eq!(
        first["principalId"],
        format!("{}#00u1", super::support::ISSUER)
    );
    assert_eq!(second["principalId"], "https://other.example#00u1");
    assert_eq!(second["context"]["principal"], second["principalId"]);
}

#[test]
fn unavailable_keys_are_an_internal_failure_and_never_a_deny() {
    let world = World::new(&[]);
    world.issuer.go_down();
    let answer = wait(world.ask_with(&token_with(&json!({}))));
    assert_eq!(answer["errorType"], "KeysUnavailable");
    assert_ne!(answer["errorMessage"], "Unauthorized");
    assert_eq!(
        (
            world.log.last()["decision"].as_str(),
            world.reason().as_str()
        ),
        (Some("error"), "keys_unavailable")
    );
    let detail = "failed: no usable keys of the issuer, and none could be fetched: the key set could not be fetched: no \
                  connection to the issuer: it refused or closed the connection, or there is no route to it";
    assert_eq!(world.log.last()["detail"], detail);
    // Also in the simple form, which could refuse the token.
    let event = super::support::http_api_event(
        "GET/state",
        &super::support::bearer(&token_with(&json!({}))),
    );
    assert_eq!(wait(world.ask(&event))["errorType"], "KeysUnavailable");
    // A malformed token is refused without keys.
    refused(
        &world,
        &token_with(&json!({"exp": NOW - 100})),
        "token_expired",
    );
}

#[test]
fn an_outage_of_the_issuer_changes_nothing_while_keys_are_good() {
    let world = World::new(&[]);
    accepted(&world, &token_with(&json!({})));
    world.issuer.go_down();
    world.clock.advance(Duration::from_secs(7_200));
    let token = token_with(&json!({"exp": NOW + 9_000}));
    accepted(&world, &token);
    assert_eq!(world.log.last()["keys"], "stale");
    world.clock.advance(Duration::from_secs(90_000));
    let late = token_with(&json!({"exp": NOW + 900_000}));
    assert_eq!(
        wait(world.ask(&token_event(&late)))["errorType"],
        "KeysUnavailable"
    );
}
