//! The page at the end of a sign-in.

/// A status and a page for the user.
#[derive(Debug)]
pub(in crate::commands) struct CallbackPage {
    pub(in crate::commands) status: u16,
    pub(in crate::commands) html: String,
}

impl CallbackPage {
    pub(in crate::commands) fn signed_in() -> Self {
        Self::new(
            200,
            "Signed in",
            &[
                "An access token has arrived. The terminal shows whether it is valid; you can close this page.",
            ],
        )
    }

    pub(in crate::commands) fn code_arrived() -> Self {
        Self::new(
            200,
            "The code has arrived",
            &["Return to the terminal. You can close this page."],
        )
    }

    pub(in crate::commands) fn stopped(found: &str, advice: &str) -> Self {
        Self::new(400, "The sign-in did not end in a token", &[found, advice])
    }

    pub(in crate::commands) fn of_another_sign_in() -> Self {
        Self::new(
            400,
            "This answer belongs to no sign-in here",
            &[
                "Its state is not the one that the terminal sent. Open the URL that the terminal shows.",
            ],
        )
    }

    fn new(status: u16, title: &str, paragraphs: &[&str]) -> Self {
        let paragraphs: String = paragraphs
            .iter()
            .map(|text| format!("<p>{}</p>\n", escaped(text)))
            .collect();
        let html = format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
             <h1>{title}</h1>\n{paragraphs}</html>\n"
        );
        Self { status, html }
    }
}

/// Escapes untrusted text for a page.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::CallbackPage;

    #[test]
    fn a_string_from_an_issuer_is_escaped() {
        let page = CallbackPage::stopped("<script>alert(1)</script>", "a & b");
        assert!(
            page.html
                .contains("<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>")
        );
        assert!(page.html.contains("<p>a &amp; b</p>"));
    }
}
