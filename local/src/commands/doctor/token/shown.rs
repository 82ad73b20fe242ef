//! Claims as a report shows them.

use serde_json::Value;

/// A report shows a line, not a list of hundreds of groups.
const MAX_SHOWN_CHARS: usize = 200;

/// A value as JSON, or that there is none.
pub(in crate::commands::doctor) fn value(value: Option<&Value>) -> String {
    match value {
        None => "missing".to_owned(),
        Some(value) => shortened(&value.to_string()),
    }
}

/// A list, joined by commas.
pub(super) fn list(items: &[String]) -> String {
    if items.is_empty() {
        "none".to_owned()
    } else {
        shortened(&items.join(", "))
    }
}

fn shortened(text: &str) -> String {
    let mut characters = text.chars();
    let start: String = characters.by_ref().take(MAX_SHOWN_CHARS).collect();
    let end = if characters.next().is_some() {
        "…"
    } else {
        ""
    };
    format!("{start}{end}")
}
