//! Changes to the issuer's key set.

use serde_json::{Value, json};
use testkit::json::changed;

use super::header::odd_values;
use super::jws::members as object;
use super::keys::{other_signer, sibling, signer, unlike};
use super::token::TokenDraft;
use super::{Mutation, mutation};

/// A change to members of the token's key; null removes one.
fn set(name: &str, changes: Value) -> Mutation<TokenDraft> {
    mutation(format!("key: {name}"), move |draft: &mut TokenDraft, _| {
        let Some(key) = draft.key() else { return };
        *key = object(changed(Value::Object(key.clone()), &changes));
    })
}

/// A member with a value as it is, null included.
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

/// A change to a member that is a string, where the key has it.
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

fn keys(name: &str, change: fn(&mut TokenDraft)) -> Mutation<TokenDraft> {
    mutation(format!("keys: {name}"), move |draft: &mut TokenDraft, _| {
        change(draft)
    })
}

fn text(name: &str, change: fn(&str) -> String) -> Mutation<TokenDraft> {
    mutation(format!("set: {name}"), move |draft: &mut TokenDraft, _| {
        draft.set_text.push(Box::new(move |text| change(&text)));
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
        let small = testkit_small_rsa();
        draft.keys = vec![small["jwk"].clone()];
        let token = small["token"].as_str().unwrap().to_owned();
        draft.token.whole.push(Box::new(move |_| token));
    }));
    all
}

/// A key of 1,024 bits and a token of it, which no library of ours makes.
fn testkit_small_rsa() -> Value {
    serde_json::from_str(include_str!("../data/small_rsa.json")).unwrap()
}

fn set_alg(draft: &mut TokenDraft, alg: Value) {
    if let Some(key) = draft.key() {
        key.insert("alg".to_owned(), alg);
    }
}

fn sets() -> Vec<Mutation<TokenDraft>> {
    vec![
        keys("none", |draft| draft.keys.clear()),
        keys("another order", |draft| draft.keys.reverse()),
        keys("only this one", |draft| draft.keys.truncate(1)),
        keys("without this one", |draft| {
            drop(draft.keys.drain(..draft.keys.len().min(1)))
        }),
        keys("this one twice", |draft| {
            draft.keys.extend(draft.keys.first().cloned())
        }),
        keys("another of the id before", |draft| {
            let other = other_signer(draft.token.algorithm).jwk("k1");
            draft.keys.insert(0, other);
        }),
        keys("another of the id after", |draft| {
            draft
                .keys
                .push(other_signer(draft.token.algorithm).jwk("k1"));
        }),
        keys("another type of the id before", |draft| {
            draft
                .keys
                .insert(0, signer(unlike(draft.token.algorithm)).jwk("k1"));
        }),
        keys("another type of the id after", |draft| {
            draft
                .keys
                .push(signer(unlike(draft.token.algorithm)).jwk("k1"));
        }),
        keys("one for encryption of the id before", |draft| {
            let other = changed(draft.token.signer.jwk("k1"), &json!({"use": "enc"}));
            draft.keys.insert(0, other);
        }),
        keys("a symmetric key of the id before", |draft| {
            draft
                .keys
                .insert(0, json!({"kty": "oct", "kid": "k1", "k": "AAAA"}))
        }),
        keys("a symmetric key of the id after", |draft| {
            draft
                .keys
                .push(json!({"kty": "oct", "kid": "k1", "k": "AAAA"}))
        }),
        keys("an unknown type before", |draft| {
            draft
                .keys
                .insert(0, json!({"kty": "XYZ", "kid": "k0", "pub": "AAAA"}))
        }),
        keys("an unknown type of the id before", |draft| {
            draft
                .keys
                .insert(0, json!({"kty": "XYZ", "kid": "k1", "pub": "AAAA"}))
        }),
        keys("null before", |draft| draft.keys.insert(0, Value::Null)),
        keys("a string before", |draft| {
            draft.keys.insert(0, json!("key"))
        }),
        keys("an array before", |draft| draft.keys.insert(0, json!([]))),
        keys("an empty object before", |draft| {
            draft.keys.insert(0, json!({}))
        }),
        keys("a number after", |draft| draft.keys.push(json!(1))),
        keys("a bad key before", |draft| {
            draft
                .keys
                .insert(0, json!({"kty": "RSA", "kid": "k0", "n": "!", "e": 1}))
        }),
        keys("a hundred others before", |draft| {
            let other = other_signer(draft.token.algorithm);
            for at in 0..100 {
                draft.keys.insert(0, other.jwk(&format!("o{at}")));
            }
        }),
        keys("alg of the token", |draft| {
            set_alg(draft, json!(draft.token.algorithm));
        }),
        keys("alg of another key type", |draft| {
            set_alg(draft, json!(unlike(draft.token.algorithm)));
        }),
        keys("alg of the same key type", |draft| {
            if let Some(other) = sibling(draft.token.algorithm) {
                set_alg(draft, json!(other));
            }
        }),
        keys("the token has no id and there is one key", |draft| {
            draft.token.header.remove("kid");
            draft.keys.truncate(1);
        }),
        keys("no key has an id", |draft| {
            for key in &mut draft.keys {
                if key.is_object() {
                    *key = changed(key.clone(), &json!({"kid": null}));
                }
            }
        }),
    ]
}

fn texts() -> Vec<Mutation<TokenDraft>> {
    vec![
        text("an array", |_| "[]".to_owned()),
        text("null", |_| "null".to_owned()),
        text("nothing", |_| String::new()),
        text("HTML", |_| "<html>".to_owned()),
        text("no keys", |_| "{}".to_owned()),
        text("keys is null", |_| r#"{"keys":null}"#.to_owned()),
        text("keys is an object", |text| {
            text.replacen('[', "{\"0\":[", 1).replacen(']', "]}", 1)
        }),
        text("keys is a string", |_| r#"{"keys":"x"}"#.to_owned()),
        text("only the array", |text| {
            text.trim_start_matches("{\"keys\":")
                .trim_end_matches('}')
                .to_owned()
                + "}"
        }),
        text("keys twice, the other empty before", |text| {
            text.replacen("{\"keys\"", "{\"keys\":[],\"keys\"", 1)
        }),
        text("keys twice, the other empty after", |text| {
            text.strip_suffix('}').unwrap_or(text).to_owned() + ",\"keys\":[]}"
        }),
        text("Keys", |text| text.replacen("\"keys\"", "\"Keys\"", 1)),
        text("escaped keys", |text| {
            text.replacen("\"keys\"", "\"\\u006beys\"", 1)
        }),
        text("a further member", |text| {
            text.replacen('{', "{\"next\":{\"a\":[1]},", 1)
        }),
        text("a further member twice", |text| {
            text.replacen('{', "{\"next\":1,\"next\":2,", 1)
        }),
        text("a byte order mark", |text| format!("\u{feff}{text}")),
        text("something at the end", |text| format!("{text}x")),
        text("white space around", |text| format!("\n {text}\t\n")),
        text("cut off", |text| text[..text.len() - 2].to_owned()),
        text("a comma too many", |text| text.replacen("}]", "},]", 1)),
        text("a comment", |text| text.replacen('{', "{/* */", 1)),
        text("NaN in a key", |text| {
            text.replacen("\"kid\":\"k1\"", "\"kid\":\"k1\",\"x9\":NaN", 1)
        }),
        text("a huge number in a key", |text| {
            text.replacen("\"kid\":\"k1\"", "\"kid\":\"k1\",\"x9\":1e999", 1)
        }),
        text("a huge number in another key", |text| {
            text.replacen("\"kid\":\"k2\"", "\"kid\":\"k2\",\"x9\":1e999", 1)
        }),
        text("a lone surrogate in a key", |text| {
            text.replacen("\"kid\":\"k1\"", "\"kid\":\"k1\",\"x9\":\"\\ud800\"", 1)
        }),
        text("a lone surrogate in another key", |text| {
            text.replacen("\"kid\":\"k2\"", "\"kid\":\"k2\",\"x9\":\"\\ud800\"", 1)
        }),
        text("kid twice, the other before", |text| {
            text.replacen("\"kid\":\"k1\"", "\"kid\":\"k9\",\"kid\":\"k1\"", 1)
        }),
        text("kid twice, the other after", |text| {
            text.replacen("\"kid\":\"k1\"", "\"kid\":\"k1\",\"kid\":\"k9\"", 1)
        }),
        text("kty twice", |text| {
            text.replacen("\"kid\":\"k1\"", "\"kid\":\"k1\",\"kty\":\"oct\"", 1)
        }),
        text("a member twice in another key", |text| {
            text.replacen("\"kid\":\"k2\"", "\"kid\":\"k2\",\"kid\":\"k2\"", 1)
        }),
        text("escaped kid", |text| {
            text.replacen("\"kid\":\"k1\"", "\"\\u006bid\":\"\\u006b1\"", 1)
        }),
        text("deep in a key", |text| {
            text.replacen(
                "\"kid\":\"k1\"",
                &format!(
                    "\"kid\":\"k1\",\"x9\":{}{}",
                    "[".repeat(200),
                    "]".repeat(200)
                ),
                1,
            )
        }),
        text("deep in another key", |text| {
            text.replacen(
                "\"kid\":\"k2\"",
                &format!(
                    "\"kid\":\"k2\",\"x9\":{}{}",
                    "[".repeat(200),
                    "]".repeat(200)
                ),
                1,
            )
        }),
    ]
}

pub(crate) fn all() -> Vec<Mutation<TokenDraft>> {
    let mut all = members();
    all.extend(numbers());
    all.extend(sets());
    all.extend(texts());
    all
}
