//! Tokens that are valid, but that the issuer has revoked (RFC 7662).

use std::time::Duration;

use serde_json::{Value, json};

use super::support::{KEYS_URI, NOW, World, http_api_event, token_event, token_with};
use super::{accepted, refused, wait};

const URI: &str = "https://example.okta.com/oauth2/default/v1/introspect";

fn world(ttl: &str) -> World {
    World::new(&[
        ("INTROSPECTION", "on"),
        ("INTROSPECTION_URI", URI),
        ("INTROSPECTION_CLIENT_ID", "web"),
        ("INTROSPECTION_TTL_SECONDS", ttl),
    ])
}

fn says(world: &World, answer: &Value) {
    world.issuer.publish_text(URI, &answer.to_string());
}

#[test]
fn a_revoked_token() {
    let world = world("30");
    says(&world, &json!({"active": false}));
    refused_by_issuer(&world, "token_revoked");
    let event = http_api_event("GET/a", &super::support::bearer(&token_with(&json!({}))));
    assert_eq!(wait(world.ask(&event)), json!({"isAuthorized": false}));
}

#[track_caller]
fn refused_by_issuer(world: &World, reason: &str) {
    assert_eq!(
        wait(world.ask_with(&token_with(&json!({})))),
        super::support::unauthorized()
    );
    assert_eq!(world.reason(), reason);
}

#[test]
fn a_token_revoked_while_it_is_cached() {
    let world = world("30");
    says(&world, &json!({"active": true}));
    let token = token_with(&json!({}));
    accepted(&world, &token);
    says(&world, &json!({"active": false}));
    accepted(&world, &token);
    world.clock.advance(Duration::from_secs(31));
    refused_by_issuer(&world, "token_revoked");
    assert_eq!(
        world.log.last()["cache"],
        "hit",
        "the verified token is cached, but the answer of the issuer is not"
    );
}

#[test]
fn without_a_ttl_a_revocation_applies_at_once() {
    let world = world("0");
    says(&world, &json!({"active": true}));
    accepted(&world, &token_with(&json!({})));
    says(&world, &json!({"active": false}));
    refused_by_issuer(&world, "token_revoked");
}

#[test]
fn an_issuer_without_a_usable_answer_is_an_internal_failure() {
    for answer in [
        json!({}),
        json!({"active": "true"}),
        json!({"active": 1}),
        json!([true]),
        json!(null),
    ] {
        let world = world("30");
        says(&world, &answer);
        let found = wait(world.ask(&token_event(&token_with(&json!({})))));
        assert_eq!(found["errorType"], "IntrospectionUnavailable", "{answer}");
        assert_eq!(world.log.last()["decision"], "error");
    }
    let world = world("30");
    let found = wait(world.ask(&token_event(&token_with(&json!({})))));
    assert_eq!(found["errorType"], "IntrospectionUnavailable");
    // The log names the cause, and the next introspection waits a second.
    let detail = "failed: introspection failed: no connection to the issuer: it refused or closed the connection, or \
                  there is no route to it";
    assert_eq!(world.log.last()["detail"], detail);
    says(&world, &json!({"active": true}));
    let found = wait(world.ask(&token_event(&token_with(&json!({})))));
    assert_eq!(found["errorType"], "IntrospectionUnavailable");
    world.clock.advance(Duration::from_secs(1));
    accepted(&world, &token_with(&json!({})));
}

#[test]
fn an_answer_about_another_token_is_a_refusal() {
    let names = |members: Value| super::support::changed(json!({"active": true}), &members);
    let issuer = super::support::ISSUER;
    for (members, reason) in [
        (
            json!({"iss": issuer, "sub": "alice@example.com", "client_id": "web", "exp": NOW}),
            None,
        ),
        (json!({"exp": NOW - 59}), None),
        (json!({"exp": NOW - 60}), Some("token_revoked")),
        (
            json!({"iss": format!("{issuer}/")}),
            Some("introspection_mismatch"),
        ),
        (
            json!({"sub": "bob@example.com"}),
            Some("introspection_mismatch"),
        ),
        (json!({"client_id": "app"}), Some("introspection_mismatch")),
    ] {
        let world = world("30");
        says(&world, &names(members));
        match reason {
            None => accepted(&world, &token_with(&json!({}))),
            Some(reason) => refused_by_issuer(&world, reason),
        }
    }
    // A token without a client cannot differ in the client.
    let world = world("30");
    says(&world, &names(json!({"client_id": "app"})));
    accepted(&world, &token_with(&json!({"cid": null})));
}

#[test]
fn a_token_that_does_not_verify_is_not_introspected() {
    let world = world("30");
    says(&world, &json!({"active": true}));
    refused(
        &world,
        &token_with(&json!({"exp": NOW - 100})),
        "token_expired",
    );
    assert_eq!(world.issuer.fetches(), 0);
    let forged = format!("{}A", token_with(&json!({})));
    wait(world.ask_with(&forged));
    assert!(!world.issuer.asked().contains(&URI.to_owned()));
}

/// The time that the lookup of keys takes is not available for introspection.
#[test]
fn no_request_is_started_after_the_keys_took_all_the_time() {
    let world = world("30");
    says(&world, &json!({"active": true}));
    let token = token_with(&json!({"exp": NOW + 9_000}));
    accepted(&world, &token);
    world.clock.advance(Duration::from_secs(3_700));
    world.issuer.go_slow(&world.clock, Duration::from_secs(6));
    let before = world.issuer.fetches();
    let answer = wait(world.ask_with(&token));
    assert_eq!(answer["errorType"], "IntrospectionUnavailable");
    assert_eq!(world.issuer.asked()[before..], [KEYS_URI]);
}
