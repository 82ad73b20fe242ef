//! Changes to the token's key in the issuer's set.

use serde_json::{Value, json};
use testkit::json::changed;

use super::header::odd_values;
use super::jws::members as object;
use super::token::TokenDraft;
use super::{Mutation, mutation};

/// A change to members of the token's key; null removes one.
fn set(name: &str, changes: Value) -> Mutation<TokenDraft> {
    mutation(format!("key: {name}"), move |draft: &mut TokenDraft, _| {
        let Some(key) = draft.key() else { return };
        *key = object(changed(Value::Object(key.clone()), &changes));
    })
}

/// Sets a member to a value, which may be null.
fn exactly(member: &'static str, value: Value) -> Mutation<TokenDraft> {
    mutation(
        format!("key {member}: {value}"),
        move |draft: &mut TokenDraft, _| {
            if let Some(key) = draft.key() {
                key.insert(member.to_owned(), value.clone());
            }
        },
    )
}

/// A change to a string member, if the key has it.
fn edit(name: &str, member: &'static str, change: fn(&str) -> String) -> Mutation<TokenDraft> {
    mutation(
        format!("key {member}: {name}"),
        move |draft: &mut TokenDraft, _| {
            if let Some(Value::String(text)) = draft.key().and_then(|key| key.get_mut(member)) {
                *text = change(text);
            }
        },
    )
}

pub(crate) fn keys(name: &str, change: fn(&mut TokenDraft)) -> Mutation<TokenDraft> {
    mutation(format!("keys: {name}"), move |draft: &mut TokenDraft, _| {
        change(draft)
    })
}

fn members() -> Vec<Mutation<TokenDraft>> {
    let mut all = Vec::new();
    for member in [
        "kty", "kid", "use", "key_ops", "alg", "crv", "n", "e", "x", "y",
    ] {
        all.push(set(&format!("no {member}"), json!({member: null})));
        all.extend(odd_values().into_iter().map(|value| exactly(member, value)));
    }
    for (member, value) in [
        ("kty", json!("rsa")),
        ("kty", json!("oct")),
        ("kty", json!("AKP")),
        ("kty", json!("EC")),
        ("kty", json!("OKP")),
        ("kty", json!("RSA")),
        ("kid", json!("K1")),
        ("kid", json!("k1 ")),
        ("use", json!("enc")),
        ("use", json!("SIG")),
        ("use", json!("sig ")),
        ("key_ops", json!(["verify"])),
        ("key_ops", json!(["sign"])),
        ("key_ops", json!(["sign", "verify"])),
        ("key_ops", json!(["encrypt"])),
        ("key_ops", json!(["verify", "verify"])),
        ("key_ops", json!(["verify", 1])),
        ("key_ops", json!("verify")),
        ("key_ops", json!(["VERIFY"])),
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("alg", json!("RSA-OAEP")),
        ("alg", json!("ES512")),
        ("alg", json!("Ed25519")),
        ("alg", json!("rs256")),
        ("crv", json!("P-521")),
        ("crv", json!("secp256k1")),
        ("crv", json!("Ed448")),
        ("crv", json!("X25519")),
        ("crv", json!("p-256")),
        ("crv", json!("P-256")),
        ("crv", json!("P-384")),
        ("crv", json!("Ed25519")),
        ("e", json!("AQAC")),
        ("e", json!("AQ")),
        ("e", json!("Aw")),
        ("e", json!("AA")),
        ("e", json!("AAEAAQ")),
        ("e", json!("AQAB=")),
        ("e", json!("AQAAAAE")),
        ("e", json!("AQAAAAAAAAAB")),
        ("d", json!("AQAB")),
        ("d", json!("")),
        ("d", json!(null)),
        ("d", json!(1)),
        ("p", json!("AQAB")),
        ("q", json!("AQAB")),
        ("dp", json!("AQAB")),
        ("dq", json!("AQAB")),
        ("qi", json!("AQAB")),
        ("oth", json!([])),
        ("k", json!("AAAA")),
        ("x5c", json!(["bm8="])),
        ("x5c", json!("no")),
        ("x5c", json!([])),
        ("x5u", json!("https://evil.example")),
        ("x5t", json!(1)),
        ("ext", json!(false)),
        ("ext", json!("x")),
        ("unknown", json!({"a": [null]})),
        ("__proto__", json!({"kty": "oct"})),
        ("revoked", json!({"revoked_at": 1})),
        ("exp", json!(1)),
        ("iat", json!(1)),
        ("nbf", json!(9e12)),
    ] {
        all.push(exactly(member, value));
    }
    all
}

fn numbers() -> Vec<Mutation<TokenDraft>> {
    let mut all = Vec::new();
    for member in ["n", "e", "x", "y"] {
        all.push(edit("padded", member, |text| {
            format!("{text}{}", "=".repeat((4 - text.len() % 4) % 4))
        }));
        all.push(edit("the standard alphabet", member, |text| {
            text.replace('-', "+").replace('_', "/")
        }));
        all.push(edit("a line break", member, |text| {
            format!("{}\n{}", &text[..2], &text[2..])
        }));
        all.push(edit("a space at the end", member, |text| {
            format!("{text} ")
        }));
        all.push(edit("an exclamation mark", member, |text| {
            format!("!{text}")
        }));
        all.push(edit("zeros in front", member, |text| format!("AAAA{text}")));
        all.push(edit("longer", member, |text| format!("{text}AAAA")));
        all.push(edit("shorter", member, |text| {
            text[..text.len() - 4.min(text.len())].to_owned()
        }));
        all.push(edit("another start", member, |text| {
            format!("BBBB{}", &text[4.min(text.len())..])
        }));
        all.push(edit("one character more", member, |text| {
            format!("{text}A")
        }));
        all.push(edit("zero", member, |text| "A".repeat(text.len())));
        all.push(edit("even", member, |text| {
            format!("{}AAAA", &text[..text.len().saturating_sub(4)])
        }));
    }
    all.push(keys("RSA of 1024 bits", |draft| {
        let small = small_rsa();
        draft.keys = vec![small["jwk"].clone()];
        let token = small["token"].as_str().unwrap().to_owned();
        draft.token.whole.push(Box::new(move |_| token));
    }));
    all
}

/// A key of 1,024 bits and a token signed with it. The libraries of the tests cannot create such a key.
fn small_rsa() -> Value {
    serde_json::from_str(include_str!("../data/small_rsa.json")).unwrap()
}

pub(crate) fn all() -> Vec<Mutation<TokenDraft>> {
    let mut all = members();
    all.extend(numbers());
    all
}
