//! Attacks on the cache of verified tokens. A cached token must always get the answer that a new verification would
//! give.

use std::time::Duration;

use serde_json::json;

use super::support::{
    KEYS_URI, NOW, Signer, World, claims, header, mint, token_with, unauthorized,
};
use super::{accepted, refused, wait};

#[track_caller]
fn accepted_from_cache(world: &World, token: &str, expected: &str) {
    accepted(world, token);
    assert_eq!(world.log.last()["cache"], expected);
}

#[test]
fn a_cached_token_gets_the_same_answer() {
    let world = World::new(&[("CONTEXT_CLAIMS", "ver,auth_time")]);
    let token = token_with(&json!({}));
    let first = wait(world.ask_with(&token));
    let second = wait(world.ask_with(&token));
    assert_eq!(first, second);
    assert_eq!(world.log.last()["cache"], "hit");
}

#[test]
fn a_cached_token_that_expired() {
    let world = World::new(&[]);
    let token = token_with(&json!({}));
    accepted_from_cache(&world, &token, "miss");
    world.clock.advance(Duration::from_secs(3_590 + 59));
    accepted_from_cache(&world, &token, "hit");
    world.clock.advance(Duration::from_secs(1));
    refused(&world, &token, "token_expired");
    refused(&world, &token, "token_expired");
}

#[test]
fn a_token_that_expires_while_it_waits_for_keys() {
    for expiry in ["off", "on"] {
        for is_cached in [false, true] {
            let world = World::new(&[("POLICY_EXPIRY", expiry), ("CLOCK_LEEWAY_SECONDS", "0")]);
            accepted(&world, &token_with(&json!({})));
            let token = token_with(&json!({"exp": NOW + 3_603}));
            if is_cached {
                accepted(&world, &token);
            }
            // The keys become stale.
            world.clock.advance(Duration::from_secs(3_600));
            world.issuer.go_slow(&world.clock, Duration::from_secs(4));
            assert_eq!(wait(world.ask_with(&token)), unauthorized());
            assert_eq!(world.reason(), "token_expired");
        }
    }
}

#[test]
fn a_cached_token_after_the_clock_was_set_back() {
    let world = World::new(&[]);
    let token = token_with(&json!({"nbf": NOW}));
    accepted(&world, &token);
    world
        .clock
        .set(authorizer::clock::Timestamp::from_secs(NOW - 61));
    refused(&world, &token, "token_not_yet_valid");
}

#[test]
fn a_cached_token_whose_key_was_withdrawn() {
    let world = World::new(&[]);
    let token = token_with(&json!({"exp": NOW + 9_000}));
    accepted(&world, &token);
    world
        .issuer
        .publish(KEYS_URI, &[Signer::other_rsa().jwk("k2")]);
    world.clock.advance(Duration::from_secs(3_700));
    refused_after_refresh(&world, &token, "key_unknown");
}

#[test]
fn a_cached_token_whose_key_was_replaced_under_the_same_id() {
    let world = World::new(&[]);
    let token = token_with(&json!({"exp": NOW + 9_000}));
    accepted(&world, &token);
    world
        .issuer
        .publish(KEYS_URI, &[Signer::other_rsa().jwk("k1")]);
    world.clock.advance(Duration::from_secs(3_700));
    refused_after_refresh(&world, &token, "wrong_signature");
}

/// Stale keys are refreshed by this lookup or by the next one.
#[track_caller]
fn refused_after_refresh(world: &World, token: &str, reason: &str) {
    let answers: Vec<_> = (0..3).map(|_| wait(world.ask_with(token))).collect();
    assert_eq!(answers[2], unauthorized());
    assert_eq!(world.reason(), reason);
}

#[test]
fn another_signature_over_cached_claims() {
    let world = World::new(&[]);
    let token = token_with(&json!({}));
    accepted(&world, &token);
    let (input, signature) = token.rsplit_once('.').unwrap();
    let other = mint(&header(), &claims(), Signer::other_rsa());
    let (_, other_signature) = other.rsplit_once('.').unwrap();
    assert_ne!(signature, other_signature);
    refused(
        &world,
        &format!("{input}.{other_signature}"),
        "wrong_signature",
    );
    accepted_from_cache(&world, &token, "hit");
}

fn distinct_tokens(count: usize) -> Vec<String> {
    let token = |number| token_with(&json!({"jti": format!("AT.{number}")}));
    (0..count).map(token).collect()
}

#[test]
fn the_number_of_cached_tokens_is_limited() {
    let world = World::new(&[("TOKEN_CACHE_ENTRIES", "2")]);
    let tokens = distinct_tokens(3);
    accepted_from_cache(&world, &tokens[0], "miss");
    accepted_from_cache(&world, &tokens[1], "miss");
    accepted_from_cache(&world, &tokens[0], "hit");
    accepted_from_cache(&world, &tokens[2], "miss");
    accepted_from_cache(&world, &tokens[0], "hit");
    // The least recently used token was removed.
    accepted_from_cache(&world, &tokens[1], "miss");
}

/// The limit in bytes leaves room for thousands of tokens of usual size.
#[test]
fn many_tokens_are_cached() {
    let world = World::new(&[("TOKEN_CACHE_ENTRIES", "50")]);
    let tokens = distinct_tokens(50);
    for expected in ["miss", "hit"] {
        for token in &tokens {
            wait(world.ask_with(token));
            assert_eq!(world.log.last()["cache"], expected);
        }
    }
}

#[test]
fn an_expired_token_makes_room_for_another() {
    let world = World::new(&[("TOKEN_CACHE_ENTRIES", "2")]);
    let expiring = token_with(&json!({"exp": NOW + 100}));
    let [lasting, other] = ["AT.2", "AT.3"].map(|id| token_with(&json!({"jti": id})));
    accepted_from_cache(&world, &expiring, "miss");
    accepted_from_cache(&world, &lasting, "miss");
    world.clock.advance(Duration::from_secs(160));
    refused(&world, &expiring, "token_expired");
    accepted_from_cache(&world, &other, "miss");
    accepted_from_cache(&world, &lasting, "hit");
}

#[test]
fn with_the_cache_off_nothing_is_cached() {
    let world = World::new(&[("TOKEN_CACHE_ENTRIES", "0")]);
    let token = token_with(&json!({}));
    accepted_from_cache(&world, &token, "off");
    accepted_from_cache(&world, &token, "off");
}

#[test]
fn a_refused_token_is_not_cached() {
    let world = World::new(&[]);
    let early = token_with(&json!({"nbf": NOW + 100}));
    refused(&world, &early, "token_not_yet_valid");
    world.clock.advance(Duration::from_secs(100));
    accepted_from_cache(&world, &early, "miss");
}
