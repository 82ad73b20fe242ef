//! Changes to the JSON of a header or of claims.

use super::jws::{Edit, Jws};
use super::{Mutation, mutation};
use testkit::seeded::Seeded;

/// The two parts that are JSON.
#[derive(Clone, Copy)]
pub(crate) enum JsonPart {
    Header,
    Claims,
}

impl JsonPart {
    const fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Claims => "claims",
        }
    }

    fn edits(self, jws: &mut Jws) -> &mut Vec<Edit<Vec<u8>>> {
        match self {
            Self::Header => &mut jws.header_text,
            Self::Claims => &mut jws.claims_text,
        }
    }

    /// Members that matter, each with an invalid value.
    const fn members(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Header => &[
                ("alg", "\"none\""),
                ("kid", "\"k9\""),
                ("typ", "\"x\""),
                ("unknown", "1"),
            ],
            Self::Claims => &[
                ("exp", "1"),
                ("iss", "\"https://evil.example\""),
                ("aud", "\"x\""),
                ("sub", "\"mallory\""),
                ("unknown", "1"),
            ],
        }
    }
}

/// The characters around the text.
const AROUND: [(&str, &str, &str); 12] = [
    ("white space", " \t\r\n", "\r\n\t "),
    ("a byte order mark", "\u{feff}", ""),
    ("a no-break space", "\u{a0}", ""),
    ("a NUL at the end", "", "\0"),
    ("a vertical tab", "\u{b}", ""),
    ("something at the end", "", "x"),
    ("a second object", "", "{}"),
    ("a comma at the end", "", ","),
    ("a comment", "/* */", ""),
    ("an array around it", "[", "]"),
    ("a brace too many", "", "}"),
    ("a prefix against scripts", ")]}'\n", ""),
];

/// What replaces the JSON.
const INSTEAD: [&str; 12] = [
    "", " ", "{", "{}", "[]", "null", "1", "\"{}\"", "true", "{\"a\"}", "{'a':1}", "NaN",
];

/// Members that are added at the end, in this notation.
const ADDED: [(&str, &str); 22] = [
    ("a lone surrogate", r#""x":"\ud800""#),
    ("a lone low surrogate", r#""x":"\udc00a""#),
    ("a pair of surrogates", r#""x":"\ud83d\ude00""#),
    ("a control character", "\"x\":\"\u{1}\""),
    ("a line break in a string", "\"x\":\"\n\""),
    ("an unknown escape", r#""x":"\x41""#),
    ("an escaped NUL", r#""x":"\u0000""#),
    ("a huge number", r#""x":1e400"#),
    ("a small number", r#""x":1e-400"#),
    ("a number of 400 digits", "\"x\":LONG"),
    ("a fraction of 400 digits", "\"x\":0.LONG"),
    ("NaN", r#""x":NaN"#),
    ("Infinity", r#""x":-Infinity"#),
    ("a leading zero", r#""x":01"#),
    ("True", r#""x":True"#),
    ("undefined", r#""x":undefined"#),
    ("a name without quotes", "x:1"),
    ("single quotes", "'x':1"),
    ("no value", r#""x":"#),
    ("a comma without a member", ""),
    ("a line comment", "\"x\":1//\n"),
    (
        "__proto__ in the text",
        r#""__proto__":{"alg":"none","exp":1}"#,
    ),
];

fn edit(
    part: JsonPart,
    name: &str,
    change: impl Fn(String, &mut Seeded) -> Vec<u8> + Copy + 'static,
) -> Mutation<Jws> {
    mutation(
        format!("{} text: {name}", part.name()),
        move |jws: &mut Jws, random| {
            let mut random = random.clone();
            part.edits(jws).push(Box::new(move |text| {
                change(String::from_utf8_lossy(&text).into_owned(), &mut random)
            }));
        },
    )
}

fn with_member(text: &str, member: &str, first: bool) -> Vec<u8> {
    let inner = text.strip_prefix('{').unwrap_or(text);
    let inner = inner.strip_suffix('}').unwrap_or(inner);
    let members = if first {
        [member, inner]
    } else {
        [inner, member]
    };
    format!("{{{}}}", members.join(",")).into_bytes()
}

/// The value of a member, as written in the JSON.
fn value_of(text: &str, name: &str) -> Option<String> {
    let object: serde_json::Value = serde_json::from_str(text).ok()?;
    Some(object.get(name)?.to_string())
}

fn repeated(part: JsonPart) -> Vec<Mutation<Jws>> {
    let mut all = Vec::new();
    for first in [false, true] {
        for escaped in [false, true] {
            for same in [false, true] {
                let name = format!(
                    "repeated {}{}{}",
                    if first { "before" } else { "after" },
                    if same { ", the same" } else { "" },
                    if escaped { ", escaped" } else { "" }
                );
                all.push(edit(part, &name, move |text, random| {
                    let (name, bad) = *random.pick(part.members());
                    let value = value_of(&text, name)
                        .filter(|_| same)
                        .unwrap_or_else(|| bad.to_owned());
                    let written = if escaped {
                        name.replacen(
                            |_| true,
                            &format!("\\u{:04x}", u32::from(name.chars().next().unwrap())),
                            1,
                        )
                    } else {
                        name.to_owned()
                    };
                    let member = format!("\"{written}\":{value}");
                    if name == "unknown" {
                        return with_member(&text, &format!("{member},{member}"), first);
                    }
                    with_member(&text, &member, first)
                }));
            }
        }
    }
    all.push(edit(part, "repeated deeper", |text, _| {
        with_member(&text, r#""x":[{"a":{"b":1,"b":2}}]"#, false)
    }));
    all
}

pub(crate) fn all(part: JsonPart) -> Vec<Mutation<Jws>> {
    let mut all = repeated(part);
    for (name, before, after) in AROUND {
        all.push(edit(part, name, move |text, _| {
            format!("{before}{text}{after}").into_bytes()
        }));
    }
    for text in INSTEAD {
        all.push(edit(part, &format!("only {text}"), move |_, _| {
            text.as_bytes().to_vec()
        }));
    }
    for (name, member) in ADDED {
        all.push(edit(part, name, move |text, _| {
            with_member(&text, &member.replace("LONG", &"9".repeat(400)), false)
        }));
    }
    for depth in [50, 100, 200, 1500] {
        all.push(edit(part, &format!("{depth} levels"), move |text, _| {
            with_member(
                &text,
                &format!("\"x\":{}{}", "[".repeat(depth), "]".repeat(depth)),
                false,
            )
        }));
    }
    all.push(edit(part, "escaped names", move |text, random| {
        let (name, _) = *random.pick(part.members());
        let escaped: String = name
            .chars()
            .map(|one| format!("\\u{:04X}", u32::from(one)))
            .collect();
        text.replace(&format!("\"{name}\":"), &format!("\"{escaped}\":"))
            .into_bytes()
    }));
    all.push(edit(part, "a name in other case", move |text, random| {
        let (name, _) = *random.pick(part.members());
        text.replace(
            &format!("\"{name}\":"),
            &format!("\"{}\":", name.to_uppercase()),
        )
        .into_bytes()
    }));
    all.push(edit(part, "a slash escaped", |text, _| {
        text.replace('/', "\\/").into_bytes()
    }));
    all.push(edit(part, "spaces between", |text, _| {
        text.replace("\":", "\" :\n ").into_bytes()
    }));
    all.push(edit(part, "cut off", |text, random| {
        text.as_bytes()[..random.below(text.len())].to_vec()
    }));
    all.push(edit(part, "a byte that is not UTF-8", |text, random| {
        let mut bytes = with_member(&text, "\"x\":\"?\"", false);
        let at = bytes.len() - 3;
        bytes[at] = *random.pick(&[0x80, 0xc0, 0xe9, 0xff]);
        bytes
    }));
    all.push(edit(part, "an overlong encoding", |text, _| {
        let mut bytes = with_member(&text, "\"x\":\"??\"", false);
        let at = bytes.len() - 4;
        bytes[at] = 0xc0;
        bytes[at + 1] = 0xaf;
        bytes
    }));
    all.push(edit(part, "UTF-16", |text, _| {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }));
    all.push(edit(part, "a byte changed", |text, random| {
        let mut bytes = text.into_bytes();
        let at = random.below(bytes.len());
        bytes[at] = *random.pick(b"\"{}[]:,\\0a \x00");
        bytes
    }));
    all
}
