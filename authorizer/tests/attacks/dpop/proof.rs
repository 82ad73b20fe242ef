//! The form of a proof: JWT, header, key and signature (RFC 9449, section 4.3).

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::{Value, json};

use super::{granted, granted_proof, refused, refused_changes, refused_proof, requiring};
use crate::support::proof::{Prover, dpop_headers, http_2_event, proof_claims, rest_event};
use crate::support::{Signer, changed, mint, unauthorized};
use crate::wait;
use testkit::signer::{base64url, mint_text};

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
    // None of these requests used up a proof. REST APIs send one value in both forms.
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
fn a_proof_one_byte_over_the_limit_is_refused() {
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
    // A token of the issuer is not a proof, although its key is public.
    let client = Prover::client();
    let token = client.token();
    refused_proof(&requiring(), &token, &token, "dpop_type_not_allowed");
}

#[test]
fn a_proof_with_an_unusable_key() {
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

    // Members that do not describe the key are ignored.
    let token = client.token();
    let extra = with(
        json!({"kid": "any", "use": "sig", "key_ops": ["verify"], "ext": true, "alg": "ES256"}),
    );
    granted_proof(
        &requiring(),
        &token,
        &client.proof_with(&token, &extra, &none),
    );
}

#[test]
fn a_key_url_in_a_proof_is_never_followed() {
    let (world, client) = (requiring(), Prover::client());
    let token = client.token();
    let header = json!({"jwk": null, "jku": "https://evil.example/keys", "x5u": "https://evil.example/x5", "kid": "k1"});
    let proof = client.proof_with(&token, &header, &json!({}));
    refused_proof(&world, &token, &proof, "dpop_key_missing");
    assert_eq!(world.issuer.fetches(), 1, "only the issuer was asked");
}

#[test]
fn a_proof_with_a_wrong_signature() {
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
