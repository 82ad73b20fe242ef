//! The visible text of an HTML page.

/// The visible text: without scripts, styles and tags. A script of Okta's pages contains the whole request, which is
/// not part of the message.
pub(super) fn visible_text(page: &str) -> String {
    // Positions are the same in both.
    let lower = page.to_ascii_lowercase();
    let mut text = String::new();
    let mut at = 0;
    while let Some(start) = lower.get(at..).and_then(|rest| rest.find('<')) {
        let start = at + start;
        text.push_str(page.get(at..start).unwrap_or_default());
        text.push(' ');
        let tag = lower.get(start..).unwrap_or_default();
        let end = if tag.starts_with("<script") {
            "</script>"
        } else if tag.starts_with("<style") {
            "</style>"
        } else {
            ">"
        };
        at = tag
            .find(end)
            .map_or(page.len(), |found| start + found + end.len());
    }
    text.push_str(page.get(at..).unwrap_or_default());
    unescaped(&text)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

fn unescaped(text: &str) -> String {
    // `&amp;` last, so that nothing is unescaped twice.
    const ENTITIES: [(&str, &str); 6] = [
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&quot;", "\""),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    let mut text = text.to_owned();
    for (entity, character) in ENTITIES {
        text = text.replace(entity, character);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_styles_and_tags_are_not_visible() {
        let page = "<html><head><title>Error</title><style>p{}</style><SCRIPT>var q='redirect_uri_mismatch'</SCRIPT>\
                    </head><body><h2>400 Bad Request</h2><p>The &#39;redirect_uri&#39; parameter\n must be</p></body>";
        assert_eq!(
            visible_text(page),
            "Error 400 Bad Request The 'redirect_uri' parameter must be"
        );
        assert_eq!(visible_text("<script>cut off"), "");
        assert_eq!(visible_text("a < b &amp;lt; é <"), "a");
        assert_eq!(visible_text("\u{130}<b>x</b>&amp;lt;"), "\u{130} x &lt;");
    }
}
