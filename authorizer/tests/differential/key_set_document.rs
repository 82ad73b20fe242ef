//! Changes to a key set as a whole, and to its JSON.

use serde_json::{Value, json};
use testkit::json::changed;

use super::key_set::keys;
use super::keys::{other_signer, sibling, signer, unlike};
use super::token::TokenDraft;
use super::{Mutation, mutation};

fn text(name: &str, change: fn(&str) -> String) -> Mutation<TokenDraft> {
    mutation(format!("set: {name}"), move |draft: &mut TokenDraft, _| {
        draft.set_text.push(Box::new(move |text| change(&text)));
    })
}

/// Replaces the first occurrence of `from`.
fn once(name: &str, from: &'static str, to: &'static str) -> Mutation<TokenDraft> {
    replaced(name, from, to.to_owned())
}

fn replaced(name: &str, from: &'static str, to: String) -> Mutation<TokenDraft> {
    mutation(format!("set: {name}"), move |draft: &mut TokenDraft, _| {
        let to = to.clone();
        draft
            .set_text
            .push(Box::new(move |text| text.replacen(from, &to, 1)));
    })
}

/// Adds a member that is nested too deeply, after the id of a key.
fn deep(name: &str, id: &'static str) -> Mutation<TokenDraft> {
    let (open, close) = ("[".repeat(200), "]".repeat(200));
    replaced(name, id, format!("{id},\"x9\":{open}{close}"))
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
        once(
            "keys twice, the other empty before",
            "{\"keys\"",
            "{\"keys\":[],\"keys\"",
        ),
        text("keys twice, the other empty after", |text| {
            text.strip_suffix('}').unwrap_or(text).to_owned() + ",\"keys\":[]}"
        }),
        once("Keys", "\"keys\"", "\"Keys\""),
        once("escaped keys", "\"keys\"", "\"\\u006beys\""),
        once("an unknown member", "{", "{\"next\":{\"a\":[1]},"),
        once("an unknown member twice", "{", "{\"next\":1,\"next\":2,"),
        text("a byte order mark", |text| format!("\u{feff}{text}")),
        text("something at the end", |text| format!("{text}x")),
        text("white space around", |text| format!("\n {text}\t\n")),
        text("cut off", |text| text[..text.len() - 2].to_owned()),
        once("a comma too many", "}]", "},]"),
        once("a comment", "{", "{/* */"),
        once(
            "NaN in a key",
            "\"kid\":\"k1\"",
            "\"kid\":\"k1\",\"x9\":NaN",
        ),
        once(
            "a huge number in a key",
            "\"kid\":\"k1\"",
            "\"kid\":\"k1\",\"x9\":1e999",
        ),
        once(
            "a huge number in another key",
            "\"kid\":\"k2\"",
            "\"kid\":\"k2\",\"x9\":1e999",
        ),
        once(
            "a lone surrogate in a key",
            "\"kid\":\"k1\"",
            "\"kid\":\"k1\",\"x9\":\"\\ud800\"",
        ),
        once(
            "a lone surrogate in another key",
            "\"kid\":\"k2\"",
            "\"kid\":\"k2\",\"x9\":\"\\ud800\"",
        ),
        once(
            "kid twice, the other before",
            "\"kid\":\"k1\"",
            "\"kid\":\"k9\",\"kid\":\"k1\"",
        ),
        once(
            "kid twice, the other after",
            "\"kid\":\"k1\"",
            "\"kid\":\"k1\",\"kid\":\"k9\"",
        ),
        once(
            "kty twice",
            "\"kid\":\"k1\"",
            "\"kid\":\"k1\",\"kty\":\"oct\"",
        ),
        once(
            "a member twice in another key",
            "\"kid\":\"k2\"",
            "\"kid\":\"k2\",\"kid\":\"k2\"",
        ),
        once(
            "escaped kid",
            "\"kid\":\"k1\"",
            "\"\\u006bid\":\"\\u006b1\"",
        ),
        deep("deep in a key", "\"kid\":\"k1\""),
        deep("deep in another key", "\"kid\":\"k2\""),
    ]
}

pub(crate) fn all() -> Vec<Mutation<TokenDraft>> {
    let mut all = sets();
    all.extend(texts());
    all
}
