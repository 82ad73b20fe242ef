//! Changes to the encoded parts of a token.

use serde_json::json;

use super::jws::{Edit, Jws};
use super::{Mutation, mutation};

/// Whether the signature covers the change.
#[derive(Clone, Copy)]
enum Part {
    Header,
    Claims,
    Signature,
}

impl Part {
    const fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Claims => "claims",
            Self::Signature => "signature",
        }
    }

    fn edits(self, jws: &mut Jws) -> &mut Vec<Edit<String>> {
        match self {
            Self::Header => &mut jws.header_part,
            Self::Claims => &mut jws.claims_part,
            Self::Signature => &mut jws.signature_part,
        }
    }
}

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn padded(part: &str) -> String {
    let padding = (4 - part.len() % 4) % 4;
    format!("{part}{}", "=".repeat(padding))
}

/// Changes the bits of the last character that belong to no byte.
fn other_tail(part: &str) -> String {
    let bits = match part.len() % 4 {
        2 => 15,
        3 => 3,
        _ => return part.to_owned(),
    };
    let Some(last) = part.chars().last().and_then(|last| ALPHABET.find(last)) else {
        return part.to_owned();
    };
    let other = &ALPHABET[last ^ bits..][..1];
    format!("{}{other}", &part[..part.len() - 1])
}

fn standard_alphabet(part: &str) -> String {
    part.replace('-', "+").replace('_', "/")
}

fn inserted(part: &str, what: &str) -> String {
    let (start, end) = part.split_at(part.floor_char_boundary(part.len() / 2));
    format!("{start}{what}{end}")
}

type Change = fn(&str) -> String;

const CHANGES: [(&str, Change); 17] = [
    ("padding", padded),
    ("one sign of padding", |part| format!("{part}=")),
    ("two signs of padding", |part| format!("{part}==")),
    ("four signs of padding", |part| format!("{part}====")),
    ("another tail", other_tail),
    ("the standard alphabet", standard_alphabet),
    ("the standard alphabet with padding", |part| {
        padded(&standard_alphabet(part))
    }),
    ("a line break inside", |part| inserted(part, "\n")),
    ("a line break and a return inside", |part| {
        inserted(part, "\r\n")
    }),
    ("a space inside", |part| inserted(part, " ")),
    ("a tab inside", |part| inserted(part, "\t")),
    ("a comma inside", |part| inserted(part, ",")),
    ("an exclamation mark inside", |part| inserted(part, "!")),
    ("a letter of another script inside", |part| {
        inserted(part, "\u{e9}")
    }),
    ("percent-encoded", |part| part.replace('e', "%65")),
    ("one character more", |part| format!("{part}A")),
    ("one character less", |part| {
        part[..part.floor_char_boundary(part.len().saturating_sub(1))].to_owned()
    }),
];

/// Changes to the finished token, which the signature does not cover.
const WHOLE: [(&str, Change); 18] = [
    ("two parts", |token| {
        token
            .rsplit_once('.')
            .map_or_else(String::new, |two| two.0.to_owned())
    }),
    ("one part", |token| {
        token.split('.').next().unwrap_or_default().to_owned()
    }),
    ("four parts", |token| format!("{token}.")),
    ("five parts", |token| format!("{token}.AAAA.AAAA")),
    ("a dot in front", |token| format!(".{token}")),
    ("two dots", |token| token.replacen('.', "..", 1)),
    ("no header", |token| {
        token
            .split_once('.')
            .map_or_else(String::new, |two| format!(".{}", two.1))
    }),
    ("no claims", |token| without_part(token, 1)),
    ("no signature", |token| without_part(token, 2)),
    ("only dots", |_| "..".to_owned()),
    ("parts exchanged", |token| {
        token.split('.').rev().collect::<Vec<_>>().join(".")
    }),
    ("the token twice", |token| format!("{token},{token}")),
    ("quotes around", |token| format!("\"{token}\"")),
    ("other dots", |token| token.replace('.', "\u{2024}")),
    ("upper case", str::to_uppercase),
    ("JSON serialization", |token| {
        let parts: Vec<&str> = token.split('.').collect();
        json!({"protected": parts.first(), "payload": parts.get(1), "signature": parts.get(2)})
            .to_string()
    }),
    ("header of another token", |token| {
        without_header(
            token,
            "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiYXQrand0In0",
        )
    }),
    ("header with alg none", |token| {
        without_header(token, "eyJhbGciOiJub25lIn0")
    }),
];

fn without_part(token: &str, which: usize) -> String {
    let parts = token.split('.').enumerate();
    let parts = parts.map(|(at, part)| if at == which { "" } else { part });
    parts.collect::<Vec<_>>().join(".")
}

fn without_header(token: &str, header: &str) -> String {
    let (_, rest) = token.split_once('.').unwrap_or_default();
    format!("{header}.{rest}")
}

pub(crate) fn all() -> Vec<Mutation<Jws>> {
    let mut all = Vec::new();
    for part in [Part::Header, Part::Claims, Part::Signature] {
        for (name, change) in CHANGES {
            all.push(mutation(
                format!("{} part: {name}", part.name()),
                move |jws: &mut Jws, _| {
                    // Characters that differ in the two alphabets, with every length in turn.
                    for members in [&mut jws.header, &mut jws.claims] {
                        members.insert("pad".to_owned(), json!("???????>>>>>>>"));
                    }
                    part.edits(jws).push(Box::new(move |part| change(&part)));
                },
            ));
        }
    }
    for (name, change) in WHOLE {
        all.push(mutation(
            format!("token: {name}"),
            move |jws: &mut Jws, _| {
                jws.whole.push(Box::new(move |token| change(&token)));
            },
        ));
    }
    all.push(mutation(
        "token: a character changed",
        |jws: &mut Jws, random| {
            let (at, other) = (random.number(), random.pick(ALPHABET.as_bytes()));
            let other = char::from(*other).to_string();
            jws.whole.push(Box::new(move |token| {
                let places: Vec<usize> = token.char_indices().map(|(at, _)| at).collect();
                let at = places[usize::try_from(at).unwrap_or(0) % places.len()];
                let end = places
                    .iter()
                    .find(|place| **place > at)
                    .copied()
                    .unwrap_or(token.len());
                format!("{}{other}{}", &token[..at], &token[end..])
            }));
        },
    ));
    all.push(mutation("token: over 10240 bytes", |jws: &mut Jws, _| {
        jws.claims.insert("pad".to_owned(), json!("x".repeat(9000)));
    }));
    all
}
