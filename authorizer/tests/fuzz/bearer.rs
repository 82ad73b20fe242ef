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
    // `b64token` (RFC 6750, section 2.1).
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    assert!(text.bytes().all(is_known), "{text}");
    let name = match scheme {
        Scheme::Bearer => "bearer",
        Scheme::Dpop => "dpop",
    };
    let before = value.trim_matches([' ', '\t']).strip_suffix(text).unwrap();
    let before = before.strip_suffix(' ').unwrap().trim_end_matches(' ');
    assert!(before.eq_ignore_ascii_case(name), "{before}");
    let again = BearerToken::from_authorization(&format!("{name} {text}"));
    assert_eq!(again.as_ref(), Ok(&(scheme, token.clone())));
    assert_eq!(BearerToken::from_token(text).as_ref(), Ok(&token));
    assert_eq!(
        format!("{token:?}"),
        format!("BearerToken({} bytes)", text.len())
    );
}
