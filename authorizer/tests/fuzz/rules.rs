//! The fuzz target of access rules.

use authorizer::answer_size::{MAX_ANSWER_BYTES, MAX_POLICY_BYTES};
use serde_json::{Value, json};
use testkit::json::changed;
use testkit::signer::mint;

use super::{issuer_key, wait};
use crate::support::{World, bearer, claims_with, header, request_event, settings};

/// White space around the rules does not change the result. If another library parses and serialises them, the result
/// is the same. Only a rule for anonymous callers grants anything without a token, and every policy is within the
/// limit.
pub(crate) fn rules(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else {
        return;
    };
    if text.trim().is_empty() || text == "-" {
        return;
    }
    let read = |text: &str| settings(&[("ACCESS_RULES", text), ("ALGORITHMS", "EdDSA")]);
    let padded = read(&format!("\n {text}\t"));
    let settings = match read(text) {
        Ok(settings) => settings,
        Err(faults) => {
            assert!(padded.is_err(), "white space makes {text:?} acceptable");
            let message = faults.to_string();
            assert!(message.len() < 4096 + 64 * text.len(), "{message}");
            return;
        }
    };
    assert_eq!(padded.unwrap().access_rules, settings.access_rules);
    let document: Option<Value> = serde_json::from_str(text).ok();
    if let Some(document) = &document {
        let again = read(&document.to_string()).unwrap();
        assert_eq!(again.access_rules, settings.access_rules);
    }
    let is_open = document.is_some_and(|document| {
        let mut rules = document.as_array().unwrap().iter();
        rules.any(|rule| rule["anonymous"] == true)
    });
    let world = World::of(settings, &issuer_key().jwk("k1"));
    let header = changed(header(), &json!({"alg": "EdDSA"}));
    let token = mint(&header, &claims_with(&json!({})), issuer_key());
    let (anonymous, signed_in) = wait(async {
        let anonymous = request_event("GET/state/42", &json!({}));
        let signed_in = request_event("GET/state/42", &bearer(&token));
        (world.ask(&anonymous).await, world.ask(&signed_in).await)
    });
    let is_granted = |answer: &Value| answer["policyDocument"]["Statement"][0]["Effect"] == "Allow";
    assert_eq!(is_granted(&anonymous), is_open, "{anonymous}");
    assert!(!is_open || is_granted(&signed_in), "a token grants less");
    assert!(signed_in.get("errorType").is_none(), "{signed_in}");
    for answer in [anonymous, signed_in] {
        assert!(answer["policyDocument"].to_string().len() <= MAX_POLICY_BYTES);
        assert!(answer.to_string().len() <= MAX_ANSWER_BYTES);
    }
}
