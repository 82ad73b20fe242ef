//! A token as it was pasted into a command.

use authorizer::bearer::Scheme;

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
