//! Shortens secrets in the output to their first characters.

use std::fmt;

use crate::progress::printable;

/// The number of characters of a secret that are shown, if it has at least `MIN_SECRET_CHARS`.
const SHOWN_CHARS: usize = 4;
pub(super) const MIN_SECRET_CHARS: usize = 20;

/// The parameters and members that are not secret. All others are shortened.
const PUBLIC: [&str; 23] = [
    "acr_values",
    "authorization_endpoint",
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "error",
    "error_description",
    "expires_in",
    "grant_type",
    "iss",
    "issuer",
    "jwks_uri",
    "login_hint",
    "max_age",
    "nonce",
    "prompt",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "token_endpoint",
    "token_type",
    "user",
];

/// The secrets that a server may echo.
#[derive(Default)]
pub(super) struct Secrets(Vec<String>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

impl Secrets {
    pub(super) fn add(&mut self, secret: &str) {
        self.0.push(secret.to_owned());
    }

    /// A string without these secrets.
    pub(super) fn redacted(&self, text: &str) -> String {
        let shorten = |text: String, secret: &String| text.replace(secret, &short(secret));
        self.0.iter().fold(text.to_owned(), shorten)
    }
}

/// `name=value`. The value is shortened if it may be a secret.
pub(super) fn pair(name: &str, value: &str) -> String {
    let name = printable(name);
    if PUBLIC.contains(&&*name) {
        format!("{name}={}", printable(value))
    } else {
        format!("{name}={}", short(value))
    }
}

/// The first characters of a secret, and its length.
pub(super) fn short(secret: &str) -> String {
    format!("{}… ({} characters)", start(secret), secret.chars().count())
}

/// The first characters of a long secret.
pub(super) fn start(secret: &str) -> String {
    let is_long = secret.chars().count() >= MIN_SECRET_CHARS;
    let first: String = secret.chars().take(SHOWN_CHARS).collect();
    if is_long {
        printable(&first)
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_shown_by_its_first_characters_if_it_is_long() {
        for (secret, expected) in [
            ("", "… (0 characters)"),
            ("short-code", "… (10 characters)"),
            ("9hEsVbqAX7AV2hboadpd", "9hEs… (20 characters)"),
            (
                "\u{202e}23\n5678901234567890",
                "\\u{202e}23\\n… (20 characters)",
            ),
        ] {
            assert_eq!(short(secret), expected);
        }
    }

    #[test]
    fn only_known_parameters_are_shown_whole() {
        assert_eq!(pair("scope", "openid"), "scope=openid");
        let ticket = "session_state_of_20_characters";
        assert_eq!(
            pair("session_state", ticket),
            "session_state=sess… (30 characters)"
        );
    }
}
