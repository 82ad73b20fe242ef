//! The fuzz target of the `Authorization` header.

use authorizer::bearer::{BearerToken, Scheme};
use authorizer::refusal::MAX_TOKEN_BYTES;

/// An accepted value is one token with its scheme, and parses to the same value again. White space around a value does
/// not change the result.
pub(crate) fn bearer(input: &[u8]) {
    let Ok(value) = str::from_utf8(input) else {
        return;
    };
    let found = BearerToken::from_authorization(value);
    let padded = BearerToken::from_authorization(&format!("\t {value} \t"));
    assert_eq!(
        found, padded,
        "white space around the value changes the result"
    );
    let Ok((scheme, token)) = found else {
        return;
    };
    let text = token.reveal();
    assert!((1..=MAX_TOKEN_BYTES).contains(&text.len()));
    assert!(!text.contains(|character: char| character.is_whitespace() || character == ','));
    assert!(value.ends_with(text) || value.trim().ends_with(text));
    let name = match scheme {
        Scheme::Bearer => "bearer",
        Scheme::Dpop => "dpop",
    };
    let again = BearerToken::from_authorization(&format!("{name} {text}"));
    assert_eq!(again.as_ref(), Ok(&(scheme, token.clone())));
    assert_eq!(BearerToken::from_token(text).as_ref(), Ok(&token));
    assert_eq!(
        format!("{token:?}"),
        format!("BearerToken({} bytes)", text.len())
    );
}
