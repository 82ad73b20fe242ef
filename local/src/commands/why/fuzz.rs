//! The fuzz target of log lines.

use serde_json::json;

use super::join::{self, Account};
use super::lines::LogLines;
use super::records;
use super::source::LogSource;

/// The maximum number of requests that are looked up.
const MAX_IDS: usize = 20;

/// The account of a request does not change if other lines are between its lines, if each line begins with a timestamp and
/// the name of a stream, or if the lines are messages of an event or cells of a table. An id that is in no line finds no
/// request.
pub(crate) fn why(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let lines = read(text.lines());
    let with_others: Vec<String> = text
        .lines()
        .flat_map(|line| {
            [
                "START RequestId: x".to_owned(),
                format!("2026-01-01T00:00:00Z s {line}"),
                "{}".to_owned(),
            ]
        })
        .collect();
    let others = read(with_others.iter().map(String::as_str));
    for id in lines.ids().into_iter().take(MAX_IDS) {
        let found = join::account(&lines, &id);
        if let Some(account) = &found {
            check(account, &text);
        }
        assert_eq!(join::account(&others, &id), found, "{id:?}");
    }
    assert_eq!(join::account(&lines, "an id that no line has"), None);
    files(input, &text);
}

/// A file in any form is read or refused, and the accounts do not depend on the form.
#[expect(clippy::expect_used, reason = "a fuzz target fails by panicking")]
fn files(input: &[u8], text: &str) {
    let file = |bytes: Vec<u8>| {
        let name = "input".to_owned();
        let mut lines = LogLines::default();
        let read = records::read(&LogSource::Memory { name, bytes }, &mut lines);
        read.map(|_| lines)
    };
    let _ = file(input.to_vec());
    // A form without a line of a log is refused.
    let known = r#"{"level":"INFO","message":"start"}"#;
    let events: Vec<_> = text
        .lines()
        .chain([known])
        .map(|line| json!({"message": line}))
        .collect();
    let results: Vec<_> = text
        .lines()
        .chain([known])
        .map(|line| json!([{"field": "@message", "value": line}]))
        .collect();
    let events = file(
        json!({"searchedLogStreams": [], "events": events})
            .to_string()
            .into_bytes(),
    );
    let results = file(
        json!({"results": results, "status": "Complete"})
            .to_string()
            .into_bytes(),
    );
    let mut csv = csv::Writer::from_writer(Vec::new());
    for line in ["@message"].into_iter().chain(text.lines()).chain([known]) {
        csv.write_record(["", line]).expect("a row in memory");
    }
    let rows = file(csv.into_inner().expect("the rows"));
    let (events, results, rows) = (
        events.expect("events"),
        results.expect("results"),
        rows.expect("rows"),
    );
    for id in events.ids().into_iter().take(MAX_IDS) {
        let found = join::account(&events, &id);
        assert_eq!(join::account(&results, &id), found, "{id:?}");
        assert_eq!(join::account(&rows, &id), found, "{id:?}");
        // The command reads the files once for the request, and again for its invocations.
        let mut some = LogLines::about([id.clone()].into());
        text.lines().for_each(|line| _ = some.line(line));
        let mut some = LogLines::about(some.ids());
        text.lines().for_each(|line| _ = some.line(line));
        assert_eq!(join::account(&some, &id), found, "{id:?}");
    }
}

fn read<'l>(text: impl Iterator<Item = &'l str>) -> LogLines {
    let mut lines = LogLines::default();
    text.for_each(|line| _ = lines.line(line));
    lines
}

fn check(account: &Account, text: &str) {
    let json = serde_json::to_string(account).unwrap_or_default();
    assert!(!json.is_empty());
    // Each control character of a line may be six bytes of JSON.
    assert!(json.len() <= 4000 + 12 * text.len(), "{json}");
    super::text(account);
}
