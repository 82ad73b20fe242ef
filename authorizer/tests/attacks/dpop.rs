//! Attacks on key-bound tokens (DPoP, RFC 9449): one table per requirement, which compares the whole answer.

use serde_json::{Value, json};

use super::support::proof::{Prover, dpop_headers, http_2_event, proof_claims, rest_event};
use super::support::{
    NOW, STAGE, Signer, World, bearer, changed, mint, token_event, token_with, unauthorized,
};
use super::wait;
use testkit::signer::base64url;

mod proof;
mod target;
mod use_once;

fn requiring() -> World {
    World::new(&[("DPOP", "require")])
}

/// Checks that an event is refused for this reason, with the whole answer.
#[track_caller]
fn refused(world: &World, event: &Value, reason: &str) {
    let answer = wait(world.ask(event));
    let expected = if event["version"] == "2.0" {
        json!({"isAuthorized": false})
    } else {
        unauthorized()
    };
    assert_eq!(
        (world.reason().as_str(), &answer),
        (reason, &expected),
        "{event}"
    );
    assert_eq!(world.log.last()["decision"], "unauthorized");
}

/// Checks that an event is allowed, with the same answer as for a bearer token.
#[track_caller]
fn granted(world: &World, event: &Value) {
    let answer = wait(world.ask(event));
    assert_eq!(world.reason(), "granted", "{event}: {answer}");
    let principal = if event["version"] == "2.0" {
        &answer["context"]["principal"]
    } else {
        &answer["principalId"]
    };
    assert_eq!(principal, "00u1");
    assert_eq!(answer["context"].get("cnf"), None);
}

/// Checks a request for [`URL`] with a good token and this proof.
#[track_caller]
fn refused_proof(world: &World, token: &str, proof: &str, reason: &str) {
    refused(world, &rest_event(&dpop_headers(token, proof)), reason);
}

#[track_caller]
fn granted_proof(world: &World, token: &str, proof: &str) {
    granted(world, &rest_event(&dpop_headers(token, proof)));
}

/// Checks that proofs with these changes to their header and claims are refused. Each is checked in a new world, so
/// that no proof depends on another.
#[track_caller]
fn refused_changes(table: &[(Value, Value, &str)]) {
    let client = Prover::client();
    let token = client.token();
    for (header, claims, reason) in table {
        let proof = client.proof_with(&token, header, claims);
        refused_proof(&requiring(), &token, &proof, reason);
    }
}

#[test]
fn a_bound_token_with_its_proof_is_accepted_in_every_form_that_carries_one() {
    let (world, client) = (requiring(), Prover::client());
    let token = client.token();
    let headers = || dpop_headers(&token, &client.proof(&token));
    granted(&world, &rest_event(&headers()));
    granted(&world, &http_2_event(&headers()));
    let version_1 = changed(rest_event(&headers()), &json!({"version": "1.0"}));
    granted(&world, &version_1);
    for scheme in ["dpop", "DPOP", "Dpop", "DPoP  "] {
        let authorization = json!({"Authorization": format!("{scheme} {token}")});
        granted(&world, &rest_event(&changed(headers(), &authorization)));
    }
}

#[test]
fn a_proof_of_every_algorithm_is_accepted() {
    for (alg, signer) in [
        ("RS256", Signer::rsa()),
        ("RS384", Signer::rsa()),
        ("RS512", Signer::rsa()),
        ("PS256", Signer::rsa()),
        ("PS384", Signer::rsa()),
        ("PS512", Signer::rsa()),
        ("ES256", Signer::p256()),
        ("ES384", Signer::p384()),
        ("EdDSA", Signer::ed25519()),
    ] {
        let prover = Prover { signer, alg };
        let token = prover.token();
        granted_proof(&requiring(), &token, &prover.proof(&token));
    }
}

#[test]
fn a_stolen_bound_token_without_its_key() {
    let (world, client, thief) = (requiring(), Prover::client(), Prover::thief());
    let token = client.token();
    refused(&world, &rest_event(&bearer(&token)), "bound_token");
    refused(&world, &token_event(&token), "bound_token");
    refused_proof(&world, &token, &thief.proof(&token), "dpop_key_mismatch");
    // The owner's key is in the header, but the thief signed.
    let forged = mint(&client.header(), &proof_claims(&token), thief.signer);
    refused_proof(&world, &token, &forged, "dpop_wrong_signature");
}

#[test]
fn a_bound_token_as_a_bearer_token_even_with_its_proof_and_when_cached() {
    let client = Prover::client();
    let token = client.token();
    for mode in ["off", "accept", "require"] {
        let world = World::new(&[("DPOP", mode)]);
        let event = || {
            let scheme = json!({"Authorization": format!("Bearer {token}")});
            rest_event(&changed(
                dpop_headers(&token, &client.proof(&token)),
                &scheme,
            ))
        };
        refused(&world, &event(), "bound_token");
        if mode != "off" {
            granted_proof(&world, &token, &client.proof(&token));
            refused(&world, &event(), "bound_token");
            assert_eq!(world.log.last()["cache"], "hit");
        }
    }
}

#[test]
fn a_token_without_a_binding_as_a_bound_one() {
    let (world, client) = (World::new(&[("DPOP", "accept")]), Prover::client());
    let token = token_with(&json!({}));
    let event = || rest_event(&dpop_headers(&token, &client.proof(&token)));
    refused(&world, &event(), "token_not_bound");
    granted(&world, &rest_event(&bearer(&token)));
    refused(&world, &event(), "token_not_bound");
    assert_eq!(world.log.last()["cache"], "hit");
}

#[test]
fn a_token_bound_to_anything_but_one_key() {
    let client = Prover::client();
    let jkt = client.thumbprint();
    for cnf in [
        json!({}),
        json!({"x5t#S256": jkt}),
        json!({"jkt": jkt, "x5t#S256": jkt}),
        json!({"jkt": jkt, "kid": "k"}),
        json!({"jkt": [jkt]}),
        json!({"jkt": jkt.to_uppercase() + "="}),
        json!([jkt]),
        json!(jkt),
    ] {
        let token = token_with(&json!({"cnf": cnf}));
        let world = requiring();
        refused_proof(&world, &token, &client.proof(&token), "token_not_bound");
        refused(&world, &rest_event(&bearer(&token)), "bound_token");
    }
}

#[test]
fn dpop_is_off_accepted_or_required() {
    let client = Prover::client();
    let (bound, plain) = (client.token(), token_with(&json!({})));
    for (mode, bound_reason, plain_reason) in [
        ("off", Some("dpop_off"), None),
        ("", Some("dpop_off"), None),
        ("accept", None, None),
        ("require", None, Some("dpop_required")),
    ] {
        let world = World::new(&[("DPOP", mode)]);
        let with_proof = rest_event(&dpop_headers(&bound, &client.proof(&bound)));
        for (event, reason) in [
            (with_proof, bound_reason),
            (rest_event(&bearer(&plain)), plain_reason),
            (token_event(&plain), plain_reason),
        ] {
            match reason {
                Some(reason) => refused(&world, &event, reason),
                None => granted(&world, &event),
            }
        }
    }
    // A route for anonymous callers stays open.
    let rules = r#"[{"methods": ["GET"], "path": "/state/*", "anonymous": true}]"#;
    let world = World::new(&[("DPOP", "require"), ("ACCESS_RULES", rules)]);
    wait(world.ask(&rest_event(&json!({}))));
    assert_eq!(world.reason(), "granted_to_anyone");
}

#[test]
fn events_that_carry_no_proof_accept_no_bound_token() {
    let (world, client) = (requiring(), Prover::client());
    let token = client.token();
    let reason = "dpop_no_proof_possible";
    let mut event = token_event(&token);
    event["authorizationToken"] = json!(format!("DPoP {token}"));
    refused(&world, &event, reason);
    let mut connect = rest_event(&dpop_headers(&token, &client.proof(&token)));
    connect["methodArn"] = json!(format!("{STAGE}/$connect"));
    refused(&world, &connect, reason);
    connect["headers"] = json!({});
    connect["queryStringParameters"] = json!({"access_token": token});
    refused(&world, &connect, "bound_token");
}

#[test]
fn the_token_is_checked_first_the_proof_second_and_the_rules_last() {
    let client = Prover::client();
    let jkt = client.thumbprint();
    let rules = r#"[{"methods": ["GET"], "path": "/elsewhere"}]"#;
    let world = World::new(&[("DPOP", "require"), ("ACCESS_RULES", rules)]);
    let expired = token_with(&json!({"exp": NOW - 1000, "cnf": {"jkt": jkt}}));
    refused_proof(&world, &expired, "nonsense", "token_expired");
    let token = client.token();
    refused_proof(&world, &token, "nonsense", "dpop_not_three_parts");
    let answer = wait(world.ask(&rest_event(&dpop_headers(&token, &client.proof(&token)))));
    assert_eq!(world.reason(), "route_not_granted");
    assert_eq!(answer["principalId"], "00u1");
}

#[test]
fn a_cached_token_still_needs_a_new_proof_each_time() {
    let (world, client) = (requiring(), Prover::client());
    let token = client.token();
    granted_proof(&world, &token, &client.proof(&token));
    assert_eq!(world.log.last()["cache"], "miss");
    granted_proof(&world, &token, &client.proof(&token));
    assert_eq!(world.log.last()["cache"], "hit");
    refused_proof(&world, &token, "nonsense", "dpop_not_three_parts");
    assert_eq!(world.log.last()["cache"], "hit");
    refused_proof(
        &world,
        &token,
        &Prover::thief().proof(&token),
        "dpop_key_mismatch",
    );
}

#[test]
fn the_proof_of_a_revoked_token_can_be_used_again() {
    const ENDPOINT: &str = "https://example.okta.com/oauth2/default/v1/introspect";
    let client = Prover::client();
    let world = World::new(&[
        ("DPOP", "require"),
        ("INTROSPECTION", "on"),
        ("INTROSPECTION_URI", ENDPOINT),
        ("INTROSPECTION_CLIENT_ID", "web"),
        ("INTROSPECTION_TTL_SECONDS", "0"),
    ]);
    let says = |active: bool| {
        world
            .issuer
            .publish_text(ENDPOINT, &json!({"active": active}).to_string())
    };
    let token = client.token();
    let proof = client.proof(&token);
    says(false);
    refused_proof(&world, &token, &proof, "token_revoked");
    says(true);
    granted_proof(&world, &token, &proof);
    refused_proof(&world, &token, &proof, "dpop_proof_replayed");
}

#[test]
fn no_proof_is_ever_logged() {
    let client = Prover::client();
    let token = client.token();
    let world = World::new(&[("DPOP", "require"), ("LOG_LEVEL", "trace")]);
    let secret = json!({"jti": "proof-secret", "nonce": "proof-nonce"});
    let good = client.proof_with(&token, &json!({}), &secret);
    let (input, _) = good.rsplit_once('.').unwrap();
    let proofs = [
        good.clone(),
        good.clone(),
        client.proof_with(&token, &json!({"crit": ["proof-secret"]}), &secret),
        client.proof_with(
            &token,
            &json!({}),
            &json!({"htu": "https://proof-secret.example/"}),
        ),
        format!("{input}.{}", base64url([1; 64])),
        "proof-secret".to_owned(),
        format!("{good},{good}"),
    ];
    for proof in &proofs {
        for event in [
            rest_event(&dpop_headers(&token, proof)),
            http_2_event(&dpop_headers(&token, proof)),
        ] {
            wait(world.ask(&event));
        }
        assert!(!format!("{:?}", world.authorizer).contains("proof-secret"));
    }
    let log = world.log.text();
    assert!(
        !log.contains("proof-secret") && !log.contains("proof-nonce"),
        "{log}"
    );
    let parts = proofs
        .iter()
        .chain([&token])
        .flat_map(|text| text.split('.'));
    for part in parts.filter(|part| part.len() > 8) {
        assert!(!log.contains(part), "{part}");
    }
}
