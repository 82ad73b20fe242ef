//! The fuzz target of log lines.

use std::collections::BTreeSet;

use super::join::{self, Account};
use super::lines::LogLines;

/// The most requests that are looked for.
const MAX_IDS: usize = 20;

/// The account of a request does not change when other lines stand between its lines, or when each line begins with a
/// timestamp and the name of a stream. An id that is in no line finds no request.
pub(crate) fn why(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let lines = read(&text);
    let with_others =
        |line: &str| format!("START RequestId: x\n2026-01-01T00:00:00Z s {line}\n{{}}\n");
    let others = read(&text.lines().map(with_others).collect::<String>());
    for id in ids(&lines).into_iter().take(MAX_IDS) {
        let found = join::account(&lines, &id);
        if let Some(account) = &found {
            check(account, &text);
        }
        assert_eq!(join::account(&others, &id), found, "{id:?}");
    }
    assert_eq!(join::account(&lines, "an id that no line has"), None);
}

fn read(text: &str) -> LogLines {
    let mut lines = LogLines::default();
    lines.read(text);
    lines
}

fn ids(lines: &LogLines) -> BTreeSet<String> {
    let access = lines.access.iter().flat_map(|line| {
        let ids = [
            &line.request_id,
            &line.authorizer_request_id,
            &line.integration_request_id,
        ];
        ids.map(String::clone)
    });
    let decisions = lines.authorizer.iter().map(|line| line.request_id.clone());
    let handled = lines.handler.iter().map(|line| line.request_id.clone());
    access.chain(decisions).chain(handled).collect()
}

fn check(account: &Account, text: &str) {
    let json = serde_json::to_string(account).unwrap_or_default();
    assert!(!json.is_empty());
    // Each control character of a line may be six bytes of JSON.
    assert!(json.len() <= 4000 + 12 * text.len(), "{json}");
    super::text(account);
}
