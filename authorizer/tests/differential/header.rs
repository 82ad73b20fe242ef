//! Changes to the header of a token.

use serde_json::{Value, json};

use super::jws::Jws;
use super::keys::{ALGORITHMS, other_signer, sibling, unlike};
use super::{Mutation, mutation};

/// Values that a member might have by mistake.
pub(crate) fn odd_values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(""),
        json!(" "),
        json!("x"),
        json!([]),
        json!(["x"]),
        json!([null]),
        json!({}),
        json!({"x": 1}),
    ]
}

pub(crate) fn set(member: &'static str, value: Value) -> Mutation<Jws> {
    mutation(format!("{member}: {value}"), move |jws: &mut Jws, _| {
        jws.header.insert(member.to_owned(), value.clone());
    })
}

fn without(member: &'static str) -> Mutation<Jws> {
    mutation(format!("{member}: missing"), move |jws: &mut Jws, _| {
        jws.header.remove(member);
    })
}

/// Changes to the header of a token or a proof.
pub(crate) fn of_any() -> Vec<Mutation<Jws>> {
    let mut all = vec![without("alg"), without("typ")];
    for alg in [
        "none", "None", "NONE", "nOnE", "HS256", "HS384", "HS512", "rs256", "es256", "eddsa",
        "ES512", "ES256K", "Ed25519", "Ed448", "RSA-OAEP", "RS1", "dir", " RS256",
    ] {
        all.push(set("alg", json!(alg)));
    }
    for alg in ALGORITHMS {
        all.push(set("alg", json!(alg)));
    }
    for value in odd_values() {
        for member in ["alg", "typ", "crit", "b64"] {
            all.push(set(member, value.clone()));
        }
    }
    for crit in [
        json!(["exp"]),
        json!(["b64"]),
        json!(["alg"]),
        json!("exp"),
        json!(["http://example.com/x"]),
    ] {
        all.push(set("crit", crit));
    }
    for typ in [
        "JWT",
        "jwt",
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "application/AT+jwt",
        "application/jwt",
        "dpop+jwt",
        "DPoP+JWT",
        "application/dpop+jwt",
        "id_token",
        "secevent+jwt",
        "logout+jwt",
        "at+jwt ",
        "at+jwt;x=y",
        "application/application/at+jwt",
    ] {
        all.push(set("typ", json!(typ)));
    }
    for (member, value) in [
        ("cty", json!("JWT")),
        ("zip", json!("DEF")),
        ("enc", json!("A128GCM")),
        ("jku", json!("https://evil.example/keys")),
        ("x5u", json!("https://evil.example/cert")),
        ("x5c", json!(["bm8="])),
        ("x5c", json!("no")),
        ("x5t", json!("x")),
        ("x5t#S256", json!("x")),
        ("iss", json!("https://evil.example")),
        ("exp", json!(1)),
        ("unknown", json!({"a": [1, null]})),
        ("__proto__", json!({"alg": "none"})),
        ("constructor", json!(1)),
        ("toString", json!(1)),
    ] {
        all.push(set(member, value));
    }
    all.push(mutation("b64 and crit", |jws: &mut Jws, random| {
        jws.header.insert("b64".to_owned(), json!(random.one_in(2)));
        jws.header.insert("crit".to_owned(), json!(["b64"]));
    }));
    all.push(mutation("a known critical member", |jws: &mut Jws, _| {
        jws.header.insert("x".to_owned(), json!(1));
        jws.header.insert("crit".to_owned(), json!(["x"]));
    }));
    all.push(mutation(
        "another algorithm of the key",
        |jws: &mut Jws, _| {
            if let Some(other) = sibling(jws.algorithm) {
                jws.header.insert("alg".to_owned(), json!(other));
                jws.signed_with = other;
            }
        },
    ));
    all.push(mutation("alg of another key type", |jws: &mut Jws, _| {
        jws.header
            .insert("alg".to_owned(), json!(unlike(jws.algorithm)));
    }));
    all
}

/// Changes to the header of a token only, because a proof has no key id.
pub(crate) fn of_token() -> Vec<Mutation<Jws>> {
    let mut all = vec![without("kid")];
    for value in odd_values() {
        all.push(set("kid", value.clone()));
        all.push(set("jwk", value));
    }
    for kid in [
        "k2",
        "k3",
        "K1",
        "k1 ",
        " k1",
        "k1\0",
        "../k1",
        "k1' OR '1'='1",
        "\u{202e}1k",
        "constructor",
        "__proto__",
    ] {
        all.push(set("kid", json!(kid)));
    }
    for length in [256, 257, 4000] {
        all.push(mutation(
            format!("kid: {length} bytes"),
            move |jws: &mut Jws, _| {
                jws.header
                    .insert("kid".to_owned(), json!("k".repeat(length)));
            },
        ));
    }
    all.push(mutation(
        "the signer's own key in jwk",
        |jws: &mut Jws, _| {
            let thief = other_signer(jws.algorithm);
            jws.header.insert("jwk".to_owned(), thief.jwk("k1"));
            jws.signer = thief;
        },
    ));
    all.push(mutation("the right key in jwk", |jws: &mut Jws, _| {
        jws.header.insert("jwk".to_owned(), jws.signer.jwk("k1"));
    }));
    all
}
