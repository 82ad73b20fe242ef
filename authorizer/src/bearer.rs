//! Parses the token of a header or a query parameter, and its scheme.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};

use crate::refusal::{MAX_TOKEN_BYTES, Refusal};

/// A token as it was sent (RFC 6750). Only its length and its characters have been checked. `Debug` never shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct BearerToken(String);

/// The SHA-256 hash of a token, stored instead of the token.
pub(crate) type TokenDigest = [u8; 32];

/// The scheme with which a token was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// A bearer token (RFC 6750).
    Bearer,
    /// A token with a proof that the sender has its key (RFC 9449, section 7.1).
    Dpop,
}

/// Whether all bytes are allowed in `b64token` (RFC 6750, section 2.1). A token has about a thousand bytes; without
/// branches the processor compares many at a time.
fn has_only_token_characters(token: &str) -> bool {
    let is_allowed = |byte: u8| {
        let is_letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        // `-`, `.`, `/` and the digits are consecutive in ASCII.
        let is_digit = byte.wrapping_sub(b'-') <= b'9' - b'-';
        is_letter | is_digit | (byte == b'_') | (byte == b'~') | (byte == b'+') | (byte == b'=')
    };
    token.bytes().fold(true, |all, byte| all & is_allowed(byte))
}

impl BearerToken {
    /// Parses the value of an `Authorization` header: `Bearer` or `DPoP` in any case, spaces, and one token. Fails if
    /// it has another scheme or form, or holds two credentials joined by a comma, as HTTP APIs join two headers.
    pub fn from_authorization(value: &str) -> Result<(Scheme, Self), Refusal> {
        // White space around a field value is not part of it (RFC 9110, section 5.5).
        let value = value.trim_matches([' ', '\t']);
        let Some((scheme, token)) = value.split_once(' ') else {
            return Err(Refusal::MalformedBearer);
        };
        let scheme = if scheme.eq_ignore_ascii_case("bearer") {
            Scheme::Bearer
        } else if scheme.eq_ignore_ascii_case("dpop") {
            Scheme::Dpop
        } else {
            return Err(Refusal::MalformedBearer);
        };
        Ok((scheme, Self::from_token(token.trim_start_matches(' '))?))
    }

    /// Parses a token without a scheme, as in a query parameter. Fails if it is empty, too long, or has a character
    /// that no bearer token has.
    pub fn from_token(token: &str) -> Result<Self, Refusal> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Refusal::TokenTooLong { bytes: token.len() });
        }
        let has_only_token_characters = has_only_token_characters(token);
        if !has_only_token_characters && token.contains(',') {
            return Err(Refusal::SeveralTokens);
        }
        if token.is_empty() || !has_only_token_characters {
            return Err(Refusal::MalformedBearer);
        }
        Ok(Self(token.to_owned()))
    }

    /// The token itself, for parsing and introspection.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The SHA-256 hash.
    pub(crate) fn digest(&self) -> TokenDigest {
        let mut bytes = TokenDigest::default();
        bytes.copy_from_slice(digest(&SHA256, self.0.as_bytes()).as_ref());
        bytes
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BearerToken({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, expected: Result<&str, Refusal>) {
        check_scheme(value, expected.map(|token| (Scheme::Bearer, token)));
    }

    #[track_caller]
    fn check_scheme(value: &str, expected: Result<(Scheme, &str), Refusal>) {
        let found = BearerToken::from_authorization(value);
        let found = found
            .as_ref()
            .map(|(scheme, token)| (*scheme, token.reveal()));
        assert_eq!(found, expected.as_ref().copied(), "{value:?}");
    }

    #[test]
    fn the_scheme_may_have_any_case_and_several_spaces() {
        check("Bearer a.b.c", Ok("a.b.c"));
        check("bearer a.b.c", Ok("a.b.c"));
        check("BEARER   a.b.c", Ok("a.b.c"));
        check(" Bearer a.b.c\t", Ok("a.b.c"));
        for value in ["DPoP a.b.c", "dpop a.b.c", "DPOP   a.b.c\t"] {
            check_scheme(value, Ok((Scheme::Dpop, "a.b.c")));
        }
    }

    #[test]
    fn other_schemes_and_forms_are_refused() {
        for value in [
            "",
            " ",
            "Bearer",
            "Bearer ",
            "a.b.c",
            "Basic YTpi",
            "DPoP",
            "DPoP ",
            "DPoP-Proof a.b.c",
            "Bearer\ta.b.c",
            "Bearer a b",
            "Bearera.b.c",
            "Bearer: a.b.c",
            "Bearer a.b.c;x",
            "Bearer h\u{e9}",
            "Bearer \u{202e}a",
            "Bearer \"a.b.c\"",
            "Bearer a\n",
        ] {
            check(value, Err(Refusal::MalformedBearer));
        }
    }

    #[test]
    fn two_credentials_in_one_value_are_refused() {
        check("Bearer a.b.c,Bearer d.e.f", Err(Refusal::SeveralTokens));
        check("Bearer a.b.c, Bearer d.e.f", Err(Refusal::SeveralTokens));
        check("Bearer a.b.c,", Err(Refusal::SeveralTokens));
        check("DPoP a.b.c, Bearer d.e.f", Err(Refusal::SeveralTokens));
    }

    #[test]
    fn only_the_token_characters_of_rfc_6750_are_accepted() {
        let allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";
        for byte in 0..=0x7f {
            let character = char::from(byte).to_string();
            let expected = allowed.contains(&character);
            assert_eq!(has_only_token_characters(&character), expected, "{byte:#x}");
        }
        assert!(!has_only_token_characters("\u{e1}"));
    }

    #[test]
    fn a_token_over_10_240_bytes_is_refused() {
        let longest = "a".repeat(MAX_TOKEN_BYTES);
        check(&format!("Bearer {longest}"), Ok(&longest));
        check(
            &format!("Bearer {longest}a"),
            Err(Refusal::TokenTooLong { bytes: 10_241 }),
        );
    }

    #[test]
    fn the_debug_output_of_a_token_does_not_contain_it() {
        let token = BearerToken::from_token("secret.secret.secret").unwrap();
        assert_eq!(format!("{token:?}"), "BearerToken(20 bytes)");
    }
}
