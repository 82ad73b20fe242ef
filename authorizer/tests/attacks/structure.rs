//! Attacks on the form of a token and its header.

use serde_json::{Value, json};

use super::support::{Signer, World, changed, claims, header, mint, token_with};
use super::{accepted, refused_cheaply, wait};
use testkit::signer::{base64url, mint_text};

fn with_header(changes: &Value) -> String {
    mint(&changed(header(), changes), &claims(), Signer::rsa())
}

/// A token with a header member of this value, which may be null.
fn with_header_member(name: &str, value: Value) -> String {
    let mut header = header();
    header
        .as_object_mut()
        .unwrap()
        .insert(name.to_owned(), value);
    mint(&header, &claims(), Signer::rsa())
}

#[test]
fn a_good_token_is_accepted() {
    accepted(&World::new(&[]), &token_with(&json!({})));
}

#[test]
fn an_oversized_token() {
    let world = World::new(&[]);
    let padding = |bytes: usize| token_with(&json!({"padding": "x".repeat(bytes)}));
    refused_cheaply(&world, &padding(10_240), "token_too_long");
    // The longest token that is accepted.
    let fitting = (0..)
        .map(|less| padding(7_200 - less))
        .find(|token| token.len() <= 10_240)
        .unwrap();
    assert!(fitting.len() > 10_200);
    accepted(&world, &fitting);
}

#[test]
fn not_three_parts() {
    let world = World::new(&[]);
    let token = token_with(&json!({}));
    let parts: Vec<&str> = token.split('.').collect();
    for broken in [
        "a",
        ".",
        "..",
        "...",
        "a.b",
        "a..c",
        ".b.c",
        "a.b.c.d",
        "a.b.c.d.e",
        &format!("{}.{}", parts[0], parts[1]),
        &format!("{}.{}.", parts[0], parts[1]),
        &format!("{token}."),
        &format!("{token}.{}", parts[2]),
        &format!(".{token}"),
    ] {
        refused_cheaply(&world, broken, "not_three_parts");
    }
}

#[test]
fn padded_or_non_canonical_base64() {
    let world = World::new(&[]);
    let token = token_with(&json!({}));
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else {
        panic!("three parts")
    };
    for broken in [
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}=.{signature}"),
        format!("{header}.{payload}.{signature}=="),
        format!(
            "{header}.{payload}.{}",
            signature.replacen(['-', '_'], "+", 1)
        ),
        format!("{header}.{payload}.{}", &signature[..signature.len() - 1]),
        format!("{header}.{payload}.~"),
    ] {
        refused_cheaply(&world, &broken, "not_base64url");
    }
}

#[test]
fn nonzero_trailing_bits_in_a_part() {
    // Caches and deny lists would treat two spellings of one signature as two tokens.
    let world = World::new(&[]);
    let token = token_with(&json!({}));
    let (rest, last) = token.split_at(token.len() - 1);
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = ALPHABET
        .iter()
        .position(|b| *b == last.as_bytes()[0])
        .unwrap();
    refused_cheaply(
        &world,
        &format!("{rest}{}", char::from(ALPHABET[place ^ 1])),
        "not_base64url",
    );
}

#[test]
fn a_header_that_is_not_a_json_object() {
    let world = World::new(&[]);
    for text in [
        "",
        "null",
        "[]",
        r#"["RS256"]"#,
        "5",
        r#""{}""#,
        r#"{"alg":"RS256""#,
        r#"{"alg":"RS256"}x"#,
        "\u{feff}{}",
    ] {
        let token = format!("{}.{}.AA", base64url(text), base64url(claims().to_string()));
        let reason = if text.is_empty() {
            "not_three_parts"
        } else {
            "header_not_json_object"
        };
        refused_cheaply(&world, &token, reason);
    }
}

#[test]
fn a_payload_that_is_not_a_json_object() {
    let world = World::new(&[]);
    // Many deserialisers parse an array as a struct.
    let sequence = json!([
        super::support::NOW + 60,
        null,
        "alice",
        super::support::ISSUER,
        "api://default"
    ])
    .to_string();
    for text in [
        "null",
        "[]",
        "true",
        r#""x""#,
        "{",
        "{} {}",
        &sequence,
        "\u{feff}{}",
    ] {
        refused_cheaply(
            &world,
            &mint_text(&header().to_string(), text, Signer::rsa()),
            "payload_not_json_object",
        );
    }
    let not_utf8 = format!(
        "{}.{}.AA",
        base64url(header().to_string()),
        base64url(b"{\"sub\":\"\xff\"}")
    );
    refused_cheaply(&world, &not_utf8, "payload_not_json_object");
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(2_000), "]".repeat(2_000));
    refused_cheaply(
        &world,
        &mint_text(&header().to_string(), &deep, Signer::rsa()),
        "payload_not_json_object",
    );
}

/// Such a number is JSON, but cannot be compared with a clock.
#[test]
fn a_number_too_large_for_a_double() {
    let world = World::new(&[]);
    for text in [r#"{"exp":1e400}"#, r#"{"exp":1,"a":[-1e999]}"#] {
        refused_cheaply(
            &world,
            &mint_text(&header().to_string(), text, Signer::rsa()),
            "number_out_of_range",
        );
    }
    refused_cheaply(
        &world,
        &mint_text(
            r#"{"kid":"k1","alg":"RS256","a":1e400}"#,
            "{}",
            Signer::rsa(),
        ),
        "number_out_of_range",
    );
}

#[test]
fn a_repeated_member_at_any_depth() {
    let world = World::new(&[]);
    let claims = claims().to_string();
    let with = |extra: &str| format!("{},{extra}}}", &claims[..claims.len() - 1]);
    for header_text in [
        r#"{"alg":"none","kid":"k1","alg":"RS256"}"#,
        r#"{"kid":"k1","alg":"RS256","x":{"a":1,"a":1}}"#,
        r#"{"kid":"k1","alg":"RS256","\u0061lg":"RS256"}"#,
    ] {
        refused_cheaply(
            &world,
            &mint_text(header_text, &claims, Signer::rsa()),
            "repeated_member",
        );
    }
    for extra in [
        r#""scp":["admin"]"#,
        r#""exp":9999999999"#,
        r#""x":[{"a":{"b":1,"b":2}}]"#,
        r#""su\u0062":"eve""#,
    ] {
        refused_cheaply(
            &world,
            &mint_text(&header().to_string(), &with(extra), Signer::rsa()),
            "repeated_member",
        );
    }
}

#[test]
fn a_token_with_alg_none() {
    let world = World::new(&[]);
    for alg in ["none", "None", "NONE", "nOnE"] {
        let head = base64url(json!({"alg": alg, "kid": "k1"}).to_string());
        let unsigned = format!("{head}.{}.", base64url(claims().to_string()));
        refused_cheaply(&world, &unsigned, "not_three_parts");
        refused_cheaply(&world, &format!("{unsigned}AA"), "algorithm_not_allowed");
    }
}

#[test]
fn the_public_key_as_an_hmac_secret() {
    let world = World::new(&[]);
    let head = base64url(json!({"alg": "HS256", "kid": "k1"}).to_string());
    let input = format!("{head}.{}", base64url(claims().to_string()));
    let public = Signer::rsa().jwk("k1").to_string();
    let secret = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, public.as_bytes());
    let token = format!(
        "{input}.{}",
        base64url(aws_lc_rs::hmac::sign(&secret, input.as_bytes()))
    );
    refused_cheaply(&world, &token, "algorithm_not_allowed");
}

#[test]
fn an_algorithm_that_is_not_allowed() {
    let world = World::new(&[]);
    for alg in [
        "RS384", "PS256", "ES256", "EdDSA", "ES512", "ES256K", "rs256", "HS512", "",
    ] {
        refused_cheaply(
            &world,
            &with_header(&json!({"alg": alg})),
            "algorithm_not_allowed",
        );
    }
    for alg in [json!(null), json!(256), json!(["RS256"])] {
        refused_cheaply(
            &world,
            &with_header_member("alg", alg),
            "algorithm_not_allowed",
        );
    }
    refused_cheaply(
        &world,
        &with_header(&json!({"alg": null})),
        "algorithm_not_allowed",
    );
}

#[test]
fn critical_extensions_that_are_not_understood() {
    let world = World::new(&[]);
    for crit in [
        json!(["exp"]),
        json!(["b64"]),
        json!(["http://example.invalid/UNDEFINED"]),
        json!([]),
        json!(null),
    ] {
        refused_cheaply(
            &world,
            &with_header_member("crit", crit),
            "critical_extension",
        );
    }
}

#[test]
fn an_unencoded_payload() {
    let world = World::new(&[]);
    for b64 in [json!(false), json!(true), json!(null)] {
        refused_cheaply(&world, &with_header_member("b64", b64), "unencoded_payload");
    }
}

#[test]
fn a_token_of_another_type() {
    let world = World::new(&[]);
    for typ in [
        json!("dpop+jwt"),
        json!("logout+jwt"),
        json!("secevent+jwt"),
        json!("JWS"),
        json!("application/jwt"),
        json!("application/okta-internal-at+jwt"),
        json!(""),
        json!(1),
        json!(null),
    ] {
        refused_cheaply(&world, &with_header_member("typ", typ), "type_not_allowed");
    }
    for typ in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt"] {
        accepted(&world, &with_header(&json!({"typ": typ})));
    }
}

#[test]
fn no_key_id() {
    let world = World::new(&[]);
    refused_cheaply(
        &world,
        &with_header(&json!({"kid": null})),
        "key_id_missing",
    );
    for kid in [json!(1), json!(["k1"]), json!(""), json!(null)] {
        refused_cheaply(&world, &with_header_member("kid", kid), "key_id_missing");
    }
}

#[test]
fn an_oversized_key_id() {
    let world = World::new(&[]);
    refused_cheaply(
        &world,
        &with_header(&json!({"kid": "k".repeat(257)})),
        "key_id_too_long",
    );
}

#[test]
fn a_key_in_the_token_or_linked_from_it() {
    // The attacker signs with another key and refers to it in every possible way.
    let world = World::new(&[]);
    let jwk = Signer::other_rsa().jwk("k1");
    let header = changed(
        header(),
        &json!({"jwk": jwk, "jku": "https://evil.example/keys", "x5u": "https://evil.example/x5",
        "x5c": ["AAAA"]}),
    );
    super::refused(
        &world,
        &mint(&header, &claims(), Signer::other_rsa()),
        "wrong_signature",
    );
    assert_eq!(world.issuer.fetches(), 1, "only the issuer was asked");
    // These members are ignored, so a good token may have them.
    accepted(&world, &mint(&header, &claims(), Signer::rsa()));
}

#[test]
fn an_inspection_has_the_header_and_the_claims_that_were_sent() {
    let world = World::new(&[]);
    let token = token_with(&json!({"aud": "api://other", "cid": null}));
    let found = wait(world.inspection(&token)).unwrap();
    assert_eq!(found.header_member("kid"), Some(&json!("k1")));
    assert_eq!(found.header_member("typ"), None);
    assert_eq!(found.claim("aud"), Some(&json!("api://other")));
    assert_eq!(found.claim("cid"), None);
}
