//! Changes to the other claims of a proof, and to its key.

use serde_json::{Value, json};
use testkit::json::changed;

use super::super::support::{ISSUER, NOW};
use super::header::odd_values;
use super::jws::Jws;
use super::keys::signer;
use super::{Mutation, claims, mutation};

pub(crate) fn all() -> Vec<Mutation<Jws>> {
    let mut all = Vec::new();
    for claim in ["htm", "htu", "iat", "ath", "jti", "nonce", "exp", "nbf"] {
        all.push(claims::without(claim));
        all.extend(
            odd_values()
                .into_iter()
                .map(|value| claims::set(claim, value)),
        );
    }
    for method in ["get", "Get", "GET ", "POST", "*"] {
        all.push(claims::set("htm", json!(method)));
    }
    for distance in [
        -400.0, -301.0, -300.0, -299.0, -121.0, -120.5, -120.0, -119.0, -60.0, -0.5, 0.5, 60.0,
        119.0, 120.0, 120.5, 121.0, 299.0, 300.0, 301.0, 1e9,
    ] {
        all.push(mutation(
            format!("iat = now + {distance}"),
            move |jws: &mut Jws, _| {
                #[expect(clippy::cast_precision_loss, reason = "exact in a double")]
                jws.claims
                    .insert("iat".to_owned(), json!(NOW as f64 + distance));
            },
        ));
    }
    all.extend(
        claims::NUMBERS
            .into_iter()
            .map(|number| claims::written("iat", number)),
    );
    for (claim, value) in [
        ("iat", json!(NOW.to_string())),
        ("iat", json!(NOW * 1000)),
        ("iat", json!([NOW])),
        ("exp", json!(NOW + 60)),
        ("exp", json!(NOW - 61)),
        ("exp", json!("x")),
        ("nbf", json!(NOW + 61)),
        ("nbf", json!(NOW - 1)),
        ("aud", json!(1)),
        ("aud", json!("x")),
        ("iss", json!(1)),
        ("iss", json!(ISSUER)),
        ("ath", json!("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo")),
        ("nonce", json!("n")),
        ("jti", json!("j".repeat(256))),
        ("jti", json!("j".repeat(257))),
        ("jti", json!("\u{0}")),
        ("unknown", json!({"a": null})),
    ] {
        all.push(claims::set(claim, value));
    }
    all.push(mutation("ath: padded", |jws: &mut Jws, _| {
        jws.claims_text.push(Box::new(|text| {
            let text = String::from_utf8_lossy(&text).into_owned();
            let Some((start, rest)) = text.split_once("\"ath\":\"") else {
                return text.into_bytes();
            };
            let Some((ath, rest)) = rest.split_once('"') else {
                return text.into_bytes();
            };
            format!("{start}\"ath\":\"{ath}=\"{rest}").into_bytes()
        }));
    }));
    all
}

/// A change to the key in the proof.
fn key(name: impl Into<String>, change: impl Fn(&mut Jws) -> Value + 'static) -> Mutation<Jws> {
    mutation(format!("jwk: {}", name.into()), move |jws: &mut Jws, _| {
        let jwk = change(jws);
        jws.header.insert("jwk".to_owned(), jwk);
    })
}

pub(crate) fn keys() -> Vec<Mutation<Jws>> {
    let mut all: Vec<Mutation<Jws>> = odd_values()
        .into_iter()
        .map(|value| key(value.to_string(), move |_| value.clone()))
        .collect();
    all.push(mutation("jwk missing", |jws: &mut Jws, _| {
        drop(jws.header.remove("jwk"))
    }));
    all.push(key("another key that signs", |jws| {
        jws.signer = signer(jws.algorithm);
        jws.signer.public_jwk()
    }));
    all.push(key("another key", |jws| signer(jws.algorithm).public_jwk()));
    all.push(key("symmetric", |_| json!({"kty": "oct", "k": "AAAA"})));
    for (member, value) in [
        ("d", json!("AQAB")),
        ("d", json!("")),
        ("k", json!("AAAA")),
        ("p", json!("AQAB")),
        ("oth", json!([])),
        ("kid", json!("k")),
        ("kid", json!(1)),
        ("use", json!("sig")),
        ("use", json!("enc")),
        ("use", json!(1)),
        ("key_ops", json!(["verify"])),
        ("key_ops", json!(["sign"])),
        ("key_ops", json!([])),
        ("key_ops", json!("verify")),
        ("alg", json!("RS256")),
        ("alg", json!("PS256")),
        ("alg", json!("ES256")),
        ("alg", json!("EdDSA")),
        ("alg", json!("none")),
        ("alg", json!(1)),
        ("alg", json!("RSA-OAEP")),
        ("ext", json!(true)),
        ("ext", json!(false)),
        ("x5c", json!(["no"])),
        ("unknown", json!([null])),
        ("kty", json!("oct")),
        ("kty", json!("EC")),
        ("kty", json!(null)),
        ("crv", json!("P-521")),
        ("crv", json!("P-256")),
        ("crv", json!("Ed25519")),
        ("crv", json!(1)),
        ("e", json!("AAEAAQ")),
        ("e", json!("AQAC")),
        ("e", json!(1)),
        ("n", json!("AQAB")),
        ("x", json!("AAAA")),
        ("y", json!("AAAA")),
        ("y", json!(null)),
    ] {
        all.push(key(format!("{member} = {value}"), move |jws| {
            let mut jwk = jws.header.get("jwk").cloned().unwrap_or_default();
            if jwk.is_object() {
                jwk[member] = value.clone();
            }
            jwk
        }));
    }
    for member in ["n", "e", "x", "y", "kty", "crv"] {
        all.push(key(format!("no {member}"), move |jws| {
            let jwk = jws
                .header
                .get("jwk")
                .filter(|jwk| jwk.is_object())
                .cloned()
                .unwrap_or(json!({}));
            changed(jwk, &json!({member: null}))
        }));
        for (name, change) in [("padded", "="), ("longer", "AAAA"), ("with a space", " ")] {
            all.push(key(format!("{member} {name}"), move |jws| {
                let mut jwk = jws.header.get("jwk").cloned().unwrap_or_default();
                if let Some(Value::String(text)) = jwk.get_mut(member) {
                    text.push_str(change);
                }
                jwk
            }));
        }
    }
    all
}
