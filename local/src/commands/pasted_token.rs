//! A token as it was pasted into a command.

use authorizer::bearer::Scheme;

use super::UsageError;

/// Splits a pasted token, which may have white space around it and a scheme before it. The default scheme is `Bearer`.
pub(super) fn scheme_and_token(text: &str) -> (Scheme, &str) {
    let text = text.trim();
    let (scheme, token) = text.split_once(' ').unwrap_or_default();
    if scheme.eq_ignore_ascii_case("bearer") {
        (Scheme::Bearer, token.trim())
    } else if scheme.eq_ignore_ascii_case("dpop") {
        (Scheme::Dpop, token.trim())
    } else {
        (Scheme::Bearer, text)
    }
}

/// Reads the token of an option. Fails if it is not one token that a header can have. The error does not contain it,
/// because it may be secret.
pub(super) fn of_option<'t>(
    option: &'static str,
    text: &'t str,
) -> Result<(Scheme, &'t str), UsageError> {
    let (scheme, token) = scheme_and_token(text);
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        let expected = "one token, without spaces and letters outside ASCII";
        return Err(UsageError::Option(option, expected));
    }
    Ok((scheme, token))
}

/// Reads the bearer token of an option.
pub(super) fn bearer_of_option<'t>(
    option: &'static str,
    text: &'t str,
) -> Result<&'t str, UsageError> {
    match of_option(option, text)? {
        (Scheme::Bearer, token) => Ok(token),
        (Scheme::Dpop, _) => {
            let expected = "a bearer token, because a key-bound one needs a proof for each call";
            Err(UsageError::Option(option, expected))
        }
    }
}

#[cfg(test)]
mod tests {
    use authorizer::bearer::Scheme;

    use super::scheme_and_token;

    #[test]
    fn pasted_tokens_are_cleaned_up() {
        for (text, expected) in [
            ("a.b.c", (Scheme::Bearer, "a.b.c")),
            (" a.b.c\n", (Scheme::Bearer, "a.b.c")),
            ("Bearer a.b.c", (Scheme::Bearer, "a.b.c")),
            ("bearer  a.b.c ", (Scheme::Bearer, "a.b.c")),
            ("DPoP a.b.c", (Scheme::Dpop, "a.b.c")),
            ("bearer", (Scheme::Bearer, "bearer")),
            ("ééééééé", (Scheme::Bearer, "ééééééé")),
        ] {
            assert_eq!(scheme_and_token(text), expected, "{text:?}");
        }
    }
}
