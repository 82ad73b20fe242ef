//! Attacks on key-bound tokens (DPoP, RFC 9449): one table per clause, each with the whole answer.

use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::{Value, json};

use super::support::proof::{
    Prover, URL, dpop_headers, http_2_event, proof_claims, rest_event, rest_event_at,
};
use super::support::{
    NOW, STAGE, Signer, World, bearer, changed, mint, token_event, token_with, unauthorized,
};
use super::wait;
use testkit::signer::{base64url, mint_text};

fn requiring() -> World {
    World::new(&[("DPOP", "require")])
}

/// An event that must be refused for this reason, with the whole answer of its form.
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

/// An event that must be allowed, and answered as one with a bearer token is.
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

/// A request for [`URL`] with a good token and this proof.
#[track_caller]
fn refused_proof(world: &World, token: &str, proof: &str, reason: &str) {
    refused(world, &rest_event(&dpop_headers(token, proof)), reason);
}

#[track_caller]
fn granted_proof(world: &World, token: &str, proof: &str) {
    granted(world, &rest_event(&dpop_headers(token, proof)));
}

/// Proofs of the client that must be refused, by the changes to their header and claims. Each is refused on a new
/// world, so that none depends on what another left behind.
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
    // The owner's key in the header, and the thief's signature.
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
fn a_token_bound_to_something_else_than_one_key() {
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
    // What is open to anyone stays open.
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
fn no_proof_or_more_than_one() {
    let (world, client) = (requiring(), Prover::client());
    let token = client.token();
    let authorization = format!("DPoP {token}");
    let (one, two) = (client.proof(&token), client.proof(&token));
    for (headers, reason) in [
        (json!({"DPoP": null}), "dpop_proof_missing"),
        (json!({"DPoP": ""}), "dpop_not_three_parts"),
        (json!({"DPoP": {"a": one}}), "dpop_not_three_parts"),
        (
            json!({"DPoP": format!("{one},{two}")}),
            "dpop_several_proofs",
        ),
        (
            json!({"DPoP": format!("{one}, {one}")}),
            "dpop_several_proofs",
        ),
        (json!({"DPoP": one, "dpop": two}), "dpop_several_proofs"),
        (json!({"DPoP": one, "DPOP": one}), "dpop_several_proofs"),
    ] {
        let headers = changed(headers, &json!({"Authorization": authorization}));
        refused(&world, &rest_event(&headers), reason);
        refused(&world, &http_2_event(&headers), reason);
    }
    let multiple = |single: &Value, values: &Value| {
        let headers = json!({"Authorization": authorization, "DPoP": single});
        let multiple = json!({"Authorization": [authorization], "DPoP": values});
        changed(
            rest_event(&headers),
            &json!({"multiValueHeaders": multiple}),
        )
    };
    for (single, values) in [
        (&one, json!([one, two])),
        (&one, json!([one, one])),
        (&one, json!([two])),
        (&one, json!([format!("{one},{two}")])),
    ] {
        refused(
            &world,
            &multiple(&json!(single), &values),
            "dpop_several_proofs",
        );
    }
    // None of these used a proof up, and REST APIs send one value in both forms.
    granted(&world, &multiple(&json!(one), &json!([one])));
    granted(&world, &multiple(&json!(null), &json!([two])));
}

#[test]
fn a_proof_that_is_not_a_jws() {
    let client = Prover::client();
    let token = client.token();
    let header = client.header().to_string();
    let claims = proof_claims(&token).to_string();
    let with = |header: &str, claims: &str| mint_text(header, claims, client.signer);
    let good = client.proof(&token);
    let (input, signature) = good.rsplit_once('.').unwrap();
    let repeated = |text: &str, member: &str| format!("{},{member}}}", &text[..text.len() - 1]);
    for (proof, reason) in [
        ("x".to_owned(), "dpop_not_three_parts"),
        (input.to_owned(), "dpop_not_three_parts"),
        (format!("{input}."), "dpop_not_three_parts"),
        (format!("{good}.{signature}"), "dpop_not_three_parts"),
        (format!("{good}="), "dpop_not_base64url"),
        (format!("{input}.!"), "dpop_not_base64url"),
        (with("[]", &claims), "dpop_header_not_json_object"),
        (with(&header, "[]"), "dpop_payload_not_json_object"),
        (with(&header, "{"), "dpop_payload_not_json_object"),
        (
            with(&repeated(&header, r#""alg":"ES256""#), &claims),
            "dpop_repeated_member",
        ),
        (
            with(&repeated(&header, r#""x":{"a":1,"a":1}"#), &claims),
            "dpop_repeated_member",
        ),
        (
            with(&header, &repeated(&claims, r#""htm":"PUT""#)),
            "dpop_repeated_member",
        ),
        (
            with(&header, &repeated(&claims, r#""x":1e400"#)),
            "dpop_number_out_of_range",
        ),
        (
            format!("{}.{}", base64url(header.as_bytes()), "e".repeat(5000)),
            "dpop_proof_too_long",
        ),
    ] {
        refused_proof(&requiring(), &token, &proof, reason);
    }
}

#[test]
fn an_oversized_proof_is_refused_at_the_very_byte() {
    let client = Prover::client();
    let token = client.token();
    let padded =
        |length: usize| client.proof_with(&token, &json!({}), &json!({"x": "x".repeat(length)}));
    let longest = (2000..4000)
        .rev()
        .map(padded)
        .find(|proof| proof.len() == 4096)
        .unwrap();
    granted_proof(&requiring(), &token, &longest);
    let longer = (2000..4000)
        .map(padded)
        .find(|proof| proof.len() > 4096)
        .unwrap();
    refused_proof(&requiring(), &token, &longer, "dpop_proof_too_long");
}

#[test]
fn a_proof_with_a_wrong_header() {
    let none = json!({});
    refused_changes(&[
        (json!({"typ": null}), none.clone(), "dpop_type_not_allowed"),
        (json!({"typ": "JWT"}), none.clone(), "dpop_type_not_allowed"),
        (
            json!({"typ": "at+jwt"}),
            none.clone(),
            "dpop_type_not_allowed",
        ),
        (
            json!({"typ": "dpop"}),
            none.clone(),
            "dpop_type_not_allowed",
        ),
        (
            json!({"typ": ["dpop+jwt"]}),
            none.clone(),
            "dpop_type_not_allowed",
        ),
        (
            json!({"crit": ["exp"]}),
            none.clone(),
            "dpop_critical_extension",
        ),
        (json!({"crit": []}), none.clone(), "dpop_critical_extension"),
        (
            json!({"crit": ["b64"], "b64": false}),
            none.clone(),
            "dpop_critical_extension",
        ),
        (
            json!({"alg": null}),
            none.clone(),
            "dpop_algorithm_not_allowed",
        ),
        (
            json!({"alg": "none"}),
            none.clone(),
            "dpop_algorithm_not_allowed",
        ),
        (
            json!({"alg": "HS256"}),
            none.clone(),
            "dpop_algorithm_not_allowed",
        ),
        (
            json!({"alg": "es256"}),
            none.clone(),
            "dpop_algorithm_not_allowed",
        ),
        (
            json!({"alg": "ES512"}),
            none.clone(),
            "dpop_algorithm_not_allowed",
        ),
        (
            json!({"alg": "ES256K"}),
            none.clone(),
            "dpop_algorithm_not_allowed",
        ),
        (
            json!({"alg": 1}),
            none.clone(),
            "dpop_algorithm_not_allowed",
        ),
        (
            json!({"alg": "ES384"}),
            none.clone(),
            "dpop_algorithm_not_for_key",
        ),
        (
            json!({"alg": "RS256"}),
            none.clone(),
            "dpop_algorithm_not_for_key",
        ),
        (json!({"alg": "EdDSA"}), none, "dpop_algorithm_not_for_key"),
    ]);
    // A token of the issuer is no proof, though its key may be public knowledge.
    let client = Prover::client();
    let token = client.token();
    refused_proof(&requiring(), &token, &token, "dpop_type_not_allowed");
}

#[test]
fn a_key_in_a_proof_that_is_not_a_good_public_key() {
    let client = Prover::client();
    let jwk = client.jwk();
    let with = |changes: Value| json!({"jwk": changed(jwk.clone(), &changes)});
    let rsa = changed(Signer::rsa().jwk(""), &json!({"kid": null}));
    let rsa = |changes: Value| json!({"alg": "RS256", "jwk": changed(rsa.clone(), &changes)});
    let small = base64url([&[0x80][..], &[1; 127]].concat());
    let none = json!({});
    let mut table = vec![
        (json!({"jwk": null}), none.clone(), "dpop_key_missing"),
        (
            json!({"jwk": jwk.to_string()}),
            none.clone(),
            "dpop_key_missing",
        ),
        (json!({"jwk": [jwk]}), none.clone(), "dpop_key_missing"),
        (json!({"jwk": {}}), none.clone(), "dpop_key_malformed"),
        (
            json!({"jwk": {"kty": "oct", "k": "AAAA"}}),
            none.clone(),
            "dpop_key_symmetric",
        ),
        (
            with(json!({"k": "AAAA"})),
            none.clone(),
            "dpop_key_symmetric",
        ),
        (
            rsa(json!({"k": "AAAA"})),
            none.clone(),
            "dpop_key_symmetric",
        ),
        (
            rsa(json!({"n": small})),
            none.clone(),
            "dpop_key_rsa_too_small",
        ),
        (rsa(json!({"e": "Ag"})), none.clone(), "dpop_key_malformed"),
        (with(json!({"x": null})), none.clone(), "dpop_key_malformed"),
        (
            with(json!({"x": jwk["y"]})),
            none.clone(),
            "dpop_key_malformed",
        ),
        (
            with(json!({"crv": "P-521"})),
            none.clone(),
            "dpop_key_unsupported",
        ),
        (
            with(json!({"crv": "secp256k1"})),
            none.clone(),
            "dpop_key_unsupported",
        ),
        (
            with(json!({"kty": "AKP"})),
            none.clone(),
            "dpop_key_unsupported",
        ),
        (
            with(json!({"alg": "ES384"})),
            none.clone(),
            "dpop_algorithm_not_for_key",
        ),
    ];
    for private in ["d", "p", "q", "dp", "dq", "qi", "oth"] {
        table.push((
            with(json!({private: "AQ"})),
            none.clone(),
            "dpop_key_private",
        ));
        table.push((
            rsa(json!({private: "AQ"})),
            none.clone(),
            "dpop_key_private",
        ));
    }
    refused_changes(&table);

    // What says nothing about the key changes nothing.
    let token = client.token();
    let further = with(
        json!({"kid": "any", "use": "sig", "key_ops": ["verify"], "ext": true, "alg": "ES256"}),
    );
    granted_proof(
        &requiring(),
        &token,
        &client.proof_with(&token, &further, &none),
    );
}

#[test]
fn an_address_of_a_key_in_a_proof_is_never_followed() {
    let (world, client) = (requiring(), Prover::client());
    let token = client.token();
    let header = json!({"jwk": null, "jku": "https://evil.example/keys", "x5u": "https://evil.example/x5", "kid": "k1"});
    let proof = client.proof_with(&token, &header, &json!({}));
    refused_proof(&world, &token, &proof, "dpop_key_missing");
    assert_eq!(world.issuer.fetches(), 1, "only the issuer was asked");
}

#[test]
fn a_signature_that_is_not_that_of_the_key() {
    let client = Prover::client();
    let token = client.token();
    let good = client.proof(&token);
    let parts: Vec<&str> = good.split('.').collect();
    let other = client.proof(&token);
    let other: Vec<&str> = other.split('.').collect();
    for proof in [
        format!("{}.{}.{}", parts[0], other[1], parts[2]),
        format!("{}.{}.AAAA", parts[0], parts[1]),
        format!("{}.{}.{}", parts[0], parts[1], base64url([0; 64])),
        format!(
            "{}.{}.{}AA",
            parts[0],
            parts[1],
            parts[2].trim_end_matches('A')
        ),
    ] {
        let answer = wait(requiring().ask(&rest_event(&dpop_headers(&token, &proof))));
        assert_eq!(answer, unauthorized(), "{proof}");
    }
    let other_key = Signer::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap());
    let forged = mint(&client.header(), &proof_claims(&token), &other_key);
    refused_proof(&requiring(), &token, &forged, "dpop_wrong_signature");
}

#[test]
fn a_proof_for_another_method() {
    let none = json!({});
    refused_changes(&[
        (none.clone(), json!({"htm": null}), "dpop_method_mismatch"),
        (none.clone(), json!({"htm": "POST"}), "dpop_method_mismatch"),
        (none.clone(), json!({"htm": "get"}), "dpop_method_mismatch"),
        (none.clone(), json!({"htm": "GET "}), "dpop_method_mismatch"),
        (none.clone(), json!({"htm": ""}), "dpop_method_mismatch"),
        (none, json!({"htm": ["GET"]}), "dpop_method_mismatch"),
    ]);
    let (world, client) = (requiring(), Prover::client());
    let token = client.token();
    let put = client.proof_with(&token, &json!({}), &json!({"htm": "PUT"}));
    let event = rest_event_at(
        "PUT/state/42",
        "/prod/state/42",
        &dpop_headers(&token, &put),
    );
    granted(&world, &event);
}

#[test]
fn a_proof_for_another_url() {
    let table: Vec<(Value, Value, &str)> = [
        json!(null),
        json!(5),
        json!(""),
        json!("/prod/state/42"),
        json!("//api.example.com/prod/state/42"),
        json!("api.example.com/prod/state/42"),
        json!("https:/api.example.com/prod/state/42"),
        json!("https:\\\\api.example.com\\prod\\state\\42"),
        json!(" https://api.example.com/prod/state/42"),
        json!("https://api.example.com/prod/state/42\n"),
        json!("https://api.example.com/prod/state/4\t2"),
        json!("https://api.example.com/prod/state/%4"),
        json!([URL]),
    ]
    .into_iter()
    .map(|htu| (json!({}), json!({"htu": htu}), "dpop_url_malformed"))
    .collect();
    refused_changes(&table);

    let table: Vec<(Value, Value, &str)> = [
        "http://api.example.com/prod/state/42",
        "wss://api.example.com/prod/state/42",
        "https://api.example.com:8443/prod/state/42",
        "https://api.example.com.evil.example/prod/state/42",
        "https://api.example.com@evil.example/prod/state/42",
        "https://me@api.example.com/prod/state/42",
        "https://api.example.com./prod/state/42",
        "https://api.example.com/state/42",
        "https://api.example.com/prod/state/42/",
        "https://api.example.com/prod//state/42",
        "https://api.example.com//prod/state/42",
        "https://api.example.com/prod/state/43",
        "https://api.example.com/prod/State/42",
        "https://api.example.com/prod/state%2F42",
        "https://api.example.com/prod/state/42;a=b",
        "https://api.example.com/prod/state/42%3Fq",
        "https://api.example.com/test/state/42",
        "https://api.example.com",
    ]
    .into_iter()
    .map(|htu| (json!({}), json!({"htu": htu}), "dpop_url_mismatch"))
    .collect();
    refused_changes(&table);
}

#[test]
fn one_url_in_all_its_spellings() {
    let client = Prover::client();
    let token = client.token();
    for htu in [
        URL,
        "https://api.example.com/prod/state/42?q=1&r=%2F",
        "https://api.example.com/prod/state/42#part",
        "HTTPS://API.Example.com/prod/state/42",
        "https://api.example.com:443/prod/state/42",
        "https://api.example.com:/prod/state/42",
        "https://api.example.com/prod/%73tate/%34%32",
        "https://api.example.com/prod/./x/../state/42",
        "https://api.example.com/../prod/state/42",
    ] {
        let proof = client.proof_with(&token, &json!({}), &json!({"htu": htu}));
        granted_proof(&requiring(), &token, &proof);
        let proof = client.proof_with(&token, &json!({}), &json!({"htu": htu}));
        granted(&requiring(), &http_2_event(&dpop_headers(&token, &proof)));
    }
}

/// Whether events have paths as they were sent or decoded is not documented: both are the same URL.
#[test]
fn a_path_with_characters_that_a_url_encodes() {
    let client = Prover::client();
    let token = client.token();
    for (path, htu, expected) in [
        ("/prod/a b", "https://api.example.com/prod/a%20b", "granted"),
        (
            "/prod/a%20b",
            "https://api.example.com/prod/a%20b",
            "granted",
        ),
        (
            "/prod/\u{e9}",
            "https://api.example.com/prod/%c3%a9",
            "granted",
        ),
        (
            "/prod/%C3%A9",
            "https://api.example.com/prod/%c3%a9",
            "granted",
        ),
        ("/prod/a?b", "https://api.example.com/prod/a%3Fb", "granted"),
        (
            "/prod/a?b",
            "https://api.example.com/prod/a?b",
            "dpop_url_mismatch",
        ),
        ("/prod/a#b", "https://api.example.com/prod/a%23b", "granted"),
        (
            "/prod/a#b",
            "https://api.example.com/prod/a#b",
            "dpop_url_mismatch",
        ),
        (
            "/prod/100%",
            "https://api.example.com/prod/100%25",
            "granted",
        ),
        ("/prod/%7Ea", "https://api.example.com/prod/~a", "granted"),
        (
            "/prod/a%2Fb",
            "https://api.example.com/prod/a%2fb",
            "granted",
        ),
        (
            "/prod/a%2Fb",
            "https://api.example.com/prod/a/b",
            "dpop_url_mismatch",
        ),
        (
            "/prod/a/b",
            "https://api.example.com/prod/a%2Fb",
            "dpop_url_mismatch",
        ),
        ("/prod/", "https://api.example.com/prod/", "granted"),
        (
            "/prod/",
            "https://api.example.com/prod",
            "dpop_url_mismatch",
        ),
        ("/", "https://api.example.com", "granted"),
        ("/", "https://api.example.com/", "granted"),
    ] {
        let world = requiring();
        let proof = client.proof_with(&token, &json!({}), &json!({"htu": htu}));
        let event = rest_event_at("GET/any", path, &dpop_headers(&token, &proof));
        match expected {
            "granted" => granted(&world, &event),
            reason => refused(&world, &event, reason),
        }
    }
}

#[test]
fn the_url_behind_cloudfront_or_a_base_path() {
    let client = Prover::client();
    let token = client.token();
    let urls =
        "https://www.example.com/api/, https://api.example.org,https://d1.cloudfront.net:8443/x";
    for (route, htu, expected) in [
        (
            "GET/state/42",
            "https://www.example.com/api/state/42",
            "granted",
        ),
        (
            "GET/state/42",
            "https://www.example.com/api//state/42",
            "dpop_url_mismatch",
        ),
        (
            "GET/state/42",
            "https://www.example.com/state/42",
            "dpop_url_mismatch",
        ),
        (
            "GET/state/42",
            "https://api.example.org/state/42",
            "granted",
        ),
        (
            "GET/state/42",
            "https://api.example.org:443/state/42",
            "granted",
        ),
        (
            "GET/state/42",
            "https://api.example.org//state/42",
            "dpop_url_mismatch",
        ),
        (
            "GET/state/42",
            "https://d1.cloudfront.net:8443/x/state/42",
            "granted",
        ),
        (
            "GET/state/42",
            "https://d1.cloudfront.net/x/state/42",
            "dpop_url_mismatch",
        ),
        // Neither the event's own domain name nor its stage is what callers use.
        ("GET/state/42", URL, "dpop_url_mismatch"),
        (
            "GET/state/42",
            "https://api.example.org/prod/state/42",
            "dpop_url_mismatch",
        ),
        ("GET/", "https://api.example.org", "granted"),
        ("GET/", "https://api.example.org/", "granted"),
        ("GET/", "https://www.example.com/api/", "granted"),
        (
            "GET/a b/\u{e9}",
            "https://api.example.org/a%20b/%C3%A9",
            "granted",
        ),
    ] {
        let world = World::new(&[("DPOP", "require"), ("DPOP_PUBLIC_URL", urls)]);
        let proof = client.proof_with(&token, &json!({}), &json!({"htu": htu}));
        let event = rest_event_at(route, "/prod/state/42", &dpop_headers(&token, &proof));
        match expected {
            "granted" => granted(&world, &event),
            reason => refused(&world, &event, reason),
        }
        let proof = client.proof_with(&token, &json!({}), &json!({"htu": htu}));
        let mut event = http_2_event(&dpop_headers(&token, &proof));
        event["routeArn"] = json!(format!("{STAGE}/{route}"));
        match expected {
            "granted" => granted(&world, &event),
            reason => refused(&world, &event, reason),
        }
    }
}

#[test]
fn an_event_without_a_url_is_an_internal_failure_unless_the_public_url_is_set() {
    let client = Prover::client();
    let token = client.token();
    for context in [
        json!({}),
        json!({"domainName": "api.example.com"}),
        json!(null),
        json!({"domainName": "a b", "path": "/"}),
    ] {
        let mut event = rest_event(&dpop_headers(&token, &client.proof(&token)));
        event["requestContext"] = context;
        let world = requiring();
        let answer = wait(world.ask(&event));
        let message = "the event has no known shape: expected the domain name and the path of the request, or the setting DPOP_PUBLIC_URL";
        assert_eq!(
            answer,
            json!({"errorType": "UnknownEvent", "errorMessage": message})
        );
        let world = World::new(&[
            ("DPOP", "require"),
            ("DPOP_PUBLIC_URL", "https://api.example.com/prod"),
        ]);
        granted(&world, &event);
    }
}

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
fn a_refused_proof_does_not_count_as_used() {
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
fn the_proof_of_a_revoked_token_does_not_count_as_used() {
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
