//! Claims as a report shows them.

use serde_json::Value;

use crate::progress::shortened;

/// A report has one line per value, also for hundreds of groups.
const MAX_SHOWN_CHARS: usize = 200;

/// A value as JSON, or `missing`.
pub(in crate::commands::doctor) fn value(value: Option<&Value>) -> String {
    match value {
        None => "missing".to_owned(),
        Some(value) => shortened(&value.to_string(), MAX_SHOWN_CHARS),
    }
}

/// A list, joined by commas.
pub(super) fn list(items: &[String]) -> String {
    if items.is_empty() {
        "none".to_owned()
    } else {
        shortened(&items.join(", "), MAX_SHOWN_CHARS)
    }
}
