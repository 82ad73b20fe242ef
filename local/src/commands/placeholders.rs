//! Placeholders in event files: they are replaced with real tokens and proofs, so that the files do not expire.
//!
//! - `{{token:USER}}` or `{{token:USER:SCOPE}}`: a token of that user;
//! - `{{bound-token:USER}}` or `{{bound-token:USER:SCOPE}}`: one that is bound to a new key (DPoP, RFC 9449);
//! - `{{proof:USER METHOD URL}}`: a proof by that key, for that token and this request. A URL that begins with `/` is
//!   below the running stack's API.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use lambda_support::clock::{Clock as _, SystemClock};

use crate::binding_key::{BindingKey, ProofOf};
use crate::stack_file::StackFile;
use crate::token::{DEFAULT_SCOPE, Hops, SignIn, TokenError};

#[derive(Debug, thiserror::Error)]
pub(crate) enum PlaceholderError {
    #[error("the event has `{{{{{0}:` without `}}}}` after it")]
    Unclosed(&'static str),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error("the event has `{{{{proof:{0}}}}}`: expected `{{{{proof:USER METHOD URL}}}}`")]
    Proof(String),
    #[error("the event has a proof of {0} and no `{{{{bound-token:{0}}}}}` before it")]
    NothingBound(String),
    #[error("the operating system returned no random bytes")]
    Random(#[from] aws_lc_rs::error::Unspecified),
}

const TOKEN: &str = "token";
const BOUND_TOKEN: &str = "bound-token";
const PROOF: &str = "proof";

/// Replaces the placeholders of an event. The same placeholder is replaced with the same value throughout the file,
/// because a gateway repeats a header's value in several members of an event.
pub(super) async fn replace(
    event: &str,
    stack: &StackFile,
    client: &reqwest::Client,
) -> Result<String, PlaceholderError> {
    let mut values: HashMap<(&str, &str), String> = HashMap::new();
    let mut bound: HashMap<&str, (BindingKey, String)> = HashMap::new();
    let mut hops = Hops::new(false);
    let mut whole = String::with_capacity(event.len());
    let mut rest = event;
    while let Some((before, kind, after)) = next(rest) {
        let (wanted, after) = after
            .split_once("}}")
            .ok_or(PlaceholderError::Unclosed(kind))?;
        whole.push_str(before);
        if let Entry::Vacant(vacant) = values.entry((kind, wanted)) {
            let (user, scope) = wanted.split_once(':').unwrap_or((wanted, DEFAULT_SCOPE));
            let value = match kind {
                PROOF => prove(wanted, &bound, &stack.api)?,
                BOUND_TOKEN => {
                    let key = BindingKey::generate()?;
                    let sign_in = SignIn::at(stack)?;
                    let token = sign_in
                        .access_token(client, user, scope, Some(&key), &mut hops)
                        .await?;
                    bound.insert(user, (key, token.clone()));
                    token
                }
                _ => {
                    let sign_in = SignIn::at(stack)?;
                    sign_in
                        .access_token(client, user, scope, None, &mut hops)
                        .await?
                }
            };
            vacant.insert(value);
        }
        whole.extend(values.get(&(kind, wanted)).map(String::as_str));
        rest = after;
    }
    whole.push_str(rest);
    Ok(whole)
}

/// The first placeholder: what is before it, its kind, and what is after the colon.
fn next(event: &str) -> Option<(&str, &'static str, &str)> {
    let mut searched = 0;
    loop {
        let rest = event.get(searched..)?;
        let (before, after) = rest.split_once("{{")?;
        let (kind, wanted) = after.split_once(':').unwrap_or_default();
        if let Some(kind) = [TOKEN, BOUND_TOKEN, PROOF]
            .into_iter()
            .find(|known| *known == kind)
        {
            return Some((event.get(..searched + before.len())?, kind, wanted));
        }
        searched += before.len() + 1;
    }
}

/// A proof by the key of a user's last bound token.
fn prove(
    wanted: &str,
    bound: &HashMap<&str, (BindingKey, String)>,
    api: &str,
) -> Result<String, PlaceholderError> {
    let parts: Vec<&str> = wanted.split(' ').collect();
    let [user, method, url] = parts[..] else {
        return Err(PlaceholderError::Proof(wanted.to_owned()));
    };
    let nothing_bound = || PlaceholderError::NothingBound(user.to_owned());
    let (key, token) = bound.get(user).ok_or_else(nothing_bound)?;
    let base = if url.starts_with('/') { api } else { "" };
    Ok(key.proof(&ProofOf {
        method,
        url: &format!("{base}{url}"),
        issued_at: SystemClock.now().as_secs(),
        nonce: None,
        token: Some(token),
    })?)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::Value;

    use super::*;

    #[test]
    fn placeholders_are_found_by_their_kind() {
        for (event, expected) in [
            ("", None),
            ("{}", None),
            ("{{other:x}}", None),
            ("{{token}}", None),
            ("a {{token:alice}} b", Some(("a ", TOKEN, "alice}} b"))),
            ("{{{token:x", Some(("{", TOKEN, "x"))),
            (
                "{{x {{bound-token:bob:a b}}",
                Some(("{{x ", BOUND_TOKEN, "bob:a b}}")),
            ),
            (
                r#"{"a": {"b": "{{proof:ada GET http://x/}}"}}"#,
                Some((r#"{"a": {"b": ""#, PROOF, r#"ada GET http://x/}}"}}"#)),
            ),
        ] {
            assert_eq!(next(event), expected, "{event}");
        }
    }

    #[test]
    fn a_proof_needs_a_bound_token_and_a_request() {
        let none = HashMap::new();
        for (wanted, expected) in [
            (
                "alice GET http://x/",
                "no `{{bound-token:alice}}` before it",
            ),
            ("alice", "expected `{{proof:USER METHOD URL}}`"),
            ("alice GET", "expected `{{proof:USER METHOD URL}}`"),
        ] {
            let error = prove(wanted, &none, "http://api").unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_path_is_below_the_api_of_the_stack() {
        let key = BindingKey::generate().unwrap();
        let bound = HashMap::from([("alice", (key, "token".to_owned()))]);
        for (wanted, expected) in [
            ("alice GET /state", "http://127.0.0.1:3000/prod/state"),
            (
                "alice GET https://a.example/state",
                "https://a.example/state",
            ),
        ] {
            let proof = prove(wanted, &bound, "http://127.0.0.1:3000/prod").unwrap();
            let claims = URL_SAFE_NO_PAD
                .decode(proof.split('.').nth(1).unwrap())
                .unwrap();
            let claims: Value = serde_json::from_slice(&claims).unwrap();
            assert_eq!(claims["htu"], expected, "{wanted}");
        }
    }
}
