//! The fuzz target of tokens: the whole verifier, with fixed keys and a fixed clock.

use authorizer::answer_size::MAX_ANSWER_BYTES;
use serde_json::Value;
use testkit::signer::{mint, mint_text};

use super::{issuer_key, wait, world};
use crate::support::{ISSUER, NOW};

const LEEWAY: f64 = 60.0;

/// The input is a whole token. If it has a line break, it is a header and claims, which the issuer's key signs.
///
/// An accepted token meets every requirement, which this function checks a second time, and gets the same answer after
/// another library has parsed and serialised it. The token cache and white space in header and claims do not change the
/// answer. The separate checks find a fault exactly if the verifier does.
pub(crate) fn token(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else {
        return;
    };
    let Some((header, claims)) = text.split_once('\n') else {
        // The fuzzer does not have the issuer's key, so it cannot have signed the token.
        let (answer, _) = judge(text);
        assert!(!is_allowed(&answer), "{answer}");
        return;
    };
    let token = mint_text(header, claims, issuer_key());
    let (answer, faults) = judge(&token);
    assert_eq!(
        is_allowed(&answer),
        faults.is_empty(),
        "{answer} {faults:?}"
    );
    assert!(answer.to_string().len() <= MAX_ANSWER_BYTES);
    // An empty part is refused before it is decoded.
    let has_parts = !header.is_empty() && !claims.is_empty();
    if has_parts && header.len() + claims.len() < 2000 {
        let spaced = mint_text(
            &format!(" {header}\t"),
            &format!("\n{claims} \r"),
            issuer_key(),
        );
        assert_eq!(judge(&spaced), (answer.clone(), faults));
    }
    if is_allowed(&answer) {
        let header = serde_json::from_str(header).unwrap();
        let claims = serde_json::from_str(claims).unwrap();
        check_accepted(&header, &claims, &answer);
        // A number with a fraction may be another after it is parsed and serialised.
        if !has_fraction(&header) && !has_fraction(&claims) {
            let again = mint(&header, &claims, issuer_key());
            assert_eq!(judge(&again), (answer, Vec::new()));
        }
    }
}

/// The answer to a token, and the faults that the separate checks find.
fn judge(token: &str) -> (Value, Vec<&'static str>) {
    let caching = world(&[]);
    let plain = world(&[("TOKEN_CACHE_ENTRIES", "0")]);
    wait(async {
        let answer = plain.ask_with(token).await;
        let first = caching.ask_with(token).await;
        let again = caching.ask_with(token).await;
        assert_eq!(
            (&first, &again),
            (&answer, &answer),
            "the cache changes the answer"
        );
        (answer, plain.inspect(token).await)
    })
}

/// Whether a number in this value is not a whole number of 64 bits.
pub(super) fn has_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(has_fraction),
        Value::Object(members) => members.values().any(has_fraction),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

fn is_allowed(answer: &Value) -> bool {
    answer["policyDocument"]["Statement"][0]["Effect"] == "Allow"
}

fn check_accepted(header: &Value, claims: &Value, answer: &Value) {
    assert_eq!(
        (&header["alg"], &header["kid"]),
        (&"EdDSA".into(), &"k1".into())
    );
    for name in ["crit", "b64"] {
        assert!(header.get(name).is_none(), "{name}");
    }
    if let Some(kind) = header.get("typ") {
        let kind = kind.as_str().unwrap().to_ascii_lowercase();
        assert!(["jwt", "at+jwt", "application/at+jwt"].contains(&&*kind));
    }
    for name in ["cnf", "nonce", "at_hash", "c_hash"] {
        assert!(claims.get(name).is_none(), "{name}");
    }
    let is_id = |id: &Value| id.as_str().is_some_and(|id| id.starts_with("ID."));
    assert!(claims["token_use"] != "id" && !is_id(&claims["jti"]));
    assert_eq!(claims["iss"], ISSUER);
    let audience = &claims["aud"];
    let ours = |audience: &Value| audience == "api://default";
    assert!(ours(audience) || audience.as_array().unwrap().iter().any(ours));
    #[expect(clippy::cast_precision_loss, reason = "the clock has few digits")]
    let now = NOW as f64;
    assert!(claims["exp"].as_f64().unwrap() > now - LEEWAY);
    for name in ["nbf", "iat"] {
        if let Some(time) = claims.get(name) {
            assert!(time.as_f64().unwrap() <= now + LEEWAY, "{name}");
        }
    }
    let principal = claims.get("uid").unwrap_or(&claims["sub"]);
    assert!(principal.as_str().is_some_and(|name| !name.is_empty()));
    assert_eq!(&answer["principalId"], principal);
    let context = answer["context"].as_object().unwrap();
    assert!(
        context
            .values()
            .all(|value| { value.is_string() || value.is_number() || value.is_boolean() })
    );
    for (name, claim) in [("sub", &claims["sub"]), ("principal", principal)] {
        assert!(
            context.get(name).is_none_or(|value| value == claim),
            "{name}"
        );
    }
    assert_eq!(context["signedIn"], true);
}
