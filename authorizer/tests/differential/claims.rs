//! Changes to the claims of a token.

use serde_json::{Value, json};

use super::super::support::{ISSUER, NOW};
use super::header::odd_values;
use super::jws::Jws;
use super::{Mutation, mutation};

pub(crate) fn set(claim: &'static str, value: Value) -> Mutation<Jws> {
    mutation(format!("{claim} = {value}"), move |jws: &mut Jws, _| {
        jws.claims.insert(claim.to_owned(), value.clone());
    })
}

pub(crate) fn without(claim: &'static str) -> Mutation<Jws> {
    mutation(format!("{claim} missing"), move |jws: &mut Jws, _| {
        jws.claims.remove(claim);
    })
}

/// A number in this notation, which may be invalid JSON.
pub(crate) fn written(claim: &'static str, number: &'static str) -> Mutation<Jws> {
    mutation(
        format!("{claim} written {number}"),
        move |jws: &mut Jws, _| {
            jws.claims.insert(claim.to_owned(), json!("here"));
            jws.claims_text.push(Box::new(move |text| {
                let text = String::from_utf8_lossy(&text).into_owned();
                text.replace(
                    &format!(r#""{claim}":"here""#),
                    &format!(r#""{claim}":{number}"#),
                )
                .into_bytes()
            }));
        },
    )
}

/// Notations of a number.
pub(crate) const NUMBERS: [&str; 26] = [
    "1790000000.0",
    "1790000000e0",
    "1.79E9",
    "1.79e+9",
    "179000000000e-2",
    "-0",
    "-1",
    "0.0",
    "01790000000",
    "+1790000000",
    "1_790_000_000",
    "0x6ab13380",
    "1790000000.",
    ".5",
    "1e",
    "1e308",
    "1e309",
    "-1e309",
    "1e-400",
    "NaN",
    "Infinity",
    "-Infinity",
    "9007199254740993",
    "18446744073709551616",
    "-9223372036854775809",
    "\"Infinity\"",
];

/// Times in seconds from now.
const DISTANCES: [f64; 21] = [
    -100_000.0, -61.0, -60.5, -60.001, -60.0, -59.999, -59.5, -59.0, -1.0, -0.5, 0.0, 0.5, 1.0,
    59.0, 59.5, 60.0, 60.001, 60.5, 61.0, 3600.0, 1e12,
];

fn times() -> Vec<Mutation<Jws>> {
    let mut all = Vec::new();
    for claim in ["exp", "nbf", "iat"] {
        all.push(without(claim));
        for distance in DISTANCES {
            all.push(mutation(
                format!("{claim} = now + {distance}"),
                move |jws: &mut Jws, _| {
                    #[expect(clippy::cast_precision_loss, reason = "exact in a double")]
                    let time = NOW as f64 + distance;
                    let whole = json!(NOW.saturating_add_signed(distance as i64));
                    let time = if distance.fract() == 0.0 {
                        whole
                    } else {
                        json!(time)
                    };
                    jws.claims.insert(claim.to_owned(), time);
                },
            ));
        }
        for value in odd_values() {
            all.push(set(claim, value));
        }
        all.push(set(claim, json!(NOW.to_string())));
        all.push(set(claim, json!((NOW + 100).to_string())));
        all.push(set(claim, json!([NOW])));
        all.push(set(claim, json!(NOW * 1000)));
        all.push(set(claim, json!("2026-09-21T14:13:20Z")));
        all.extend(NUMBERS.into_iter().map(|number| written(claim, number)));
    }
    all
}

/// Removes each claim, or sets it to values of every type.
fn names() -> Vec<Mutation<Jws>> {
    let mut all = Vec::new();
    for claim in [
        "iss",
        "aud",
        "sub",
        "jti",
        "client_id",
        "scope",
        "scp",
        "groups",
        "auth_time",
        "cnf",
        "nonce",
        "at_hash",
        "c_hash",
        "token_use",
        "cid",
        "azp",
        "appid",
        "acr",
        "act",
        "__proto__",
        "constructor",
    ] {
        all.push(without(claim));
        all.extend(odd_values().into_iter().map(|value| set(claim, value)));
    }
    all
}

fn issuers() -> Vec<Mutation<Jws>> {
    let issuers = [
        format!("{ISSUER}/"),
        ISSUER.to_uppercase(),
        ISSUER.replace("https", "HTTPS"),
        ISSUER.replace("https", "http"),
        format!(" {ISSUER}"),
        format!("{ISSUER}\u{200b}"),
        ISSUER.replace(".com", ".com:443"),
        ISSUER.replace("default", "%64efault"),
        ISSUER.replace('a', "\u{430}"),
        ISSUER[..ISSUER.len() - 1].to_owned(),
        format!("{ISSUER}#x"),
        "https://other.example".to_owned(),
        "https://example.okta.com".to_owned(),
        "https://example.okta.com/oauth2/other".to_owned(),
    ];
    let mut all: Vec<_> = issuers
        .into_iter()
        .map(|issuer| set("iss", json!(issuer)))
        .collect();
    all.push(set("iss", json!([ISSUER])));
    all
}

fn audiences() -> Vec<Mutation<Jws>> {
    let ours = "api://default";
    let audiences = [
        json!([ours]),
        json!(["other", ours]),
        json!([ours, "other"]),
        json!([ours, ours]),
        json!([ours, 1]),
        json!([null, ours]),
        json!([[ours]]),
        json!({"0": ours}),
        json!({ours: true}),
        json!("API://default"),
        json!("api://default/"),
        json!("api://default "),
        json!("api://defaul"),
        json!("api://default other"),
        json!("api://default,other"),
        json!("api://Default"),
        json!("other"),
        json!(["other"]),
        json!(["api://default "]),
        json!("*"),
        json!(["api", "//default"]),
        json!([""]),
        json!(["", ours]),
        json!([{"aud": ours}]),
        json!([ours, {}]),
        json!([true, ours]),
    ];
    audiences.into_iter().map(|aud| set("aud", aud)).collect()
}

/// Values of the right type for a claim, or similar ones.
fn values() -> Vec<Mutation<Jws>> {
    let values = [
        ("sub", json!("s".repeat(510))),
        ("sub", json!("s".repeat(511))),
        ("sub", json!("\u{0}")),
        ("sub", json!("\u{202e}\u{1f600}")),
        ("jti", json!("ID.1")),
        ("jti", json!("AT.1")),
        ("token_use", json!("id")),
        ("token_use", json!("access")),
        ("nonce", json!("n")),
        ("scope", json!("openid a b")),
        ("scp", json!(["openid", 1, ""])),
        ("groups", json!([null, "x"])),
        (
            "cnf",
            json!({"jkt": "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"}),
        ),
        ("cnf", json!({"jkt": "short"})),
        ("cnf", json!({"jkt": 1})),
        (
            "cnf",
            json!({"x5t#S256": "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"}),
        ),
        ("cnf", json!({"kid": "k"})),
        (
            "cnf",
            json!({"jkt": "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo", "kid": "k"}),
        ),
        ("unknown", json!({"nested": [[[]], {"": null}]})),
        ("unknown", json!("\u{0}\u{7f}\u{ffff}")),
    ];
    values
        .into_iter()
        .map(|(claim, value)| set(claim, value))
        .collect()
}

pub(crate) fn all() -> Vec<Mutation<Jws>> {
    let mut all = times();
    all.extend(names());
    all.extend(issuers());
    all.extend(audiences());
    all.extend(values());
    all
}
