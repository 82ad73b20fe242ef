//! The table of `docs/reasons.md`.

use std::collections::BTreeSet;
use std::fs;

use crate::repository;

/// One row. The status is a string, as in the page.
#[derive(Clone, Debug)]
pub struct DocumentedReason {
    pub code: String,
    /// `authorizer`, `handler` or `gateway`.
    pub decided_by: String,
    /// The status at a REST API.
    pub rest: String,
    pub advice: String,
}

/// The rows that one component decides.
pub fn reasons(decided_by: &str) -> Vec<DocumentedReason> {
    let page = fs::read_to_string(repository().join("docs/reasons.md")).unwrap();
    let rows = page.lines().filter_map(|line| {
        let cells = line.strip_prefix("| ")?.strip_suffix(" |")?;
        let cells: Vec<&str> = cells.split(" | ").collect();
        let [code, by, rest, _http, _handler, _meaning, advice] = *cells.as_slice() else {
            panic!("not a row: {line}");
        };
        Some(DocumentedReason {
            code: code.trim_matches('`').to_owned(),
            decided_by: by.split(',').next().unwrap().to_owned(),
            rest: rest.to_owned(),
            advice: advice.to_owned(),
        })
    });
    rows.skip(2)
        .filter(|row| row.decided_by == decided_by)
        .collect()
}

/// Fails unless the table has exactly the rows that are produced or excused. Each is a component and its code; an
/// excuse also has its reason.
pub fn check_complete<'r>(
    produced: impl IntoIterator<Item = (&'r str, &'r str)>,
    excused: &[(&'r str, &'r str, &str)],
) {
    let mut found: BTreeSet<_> = produced.into_iter().collect();
    for (by, code, why) in excused {
        assert!(found.insert((by, code)), "{code} is produced: {why}");
    }
    let rows = ["authorizer", "handler", "gateway"].map(reasons).concat();
    let documented: BTreeSet<_> = rows
        .iter()
        .map(|row| (row.decided_by.as_str(), row.code.as_str()))
        .collect();
    assert_eq!(found, documented);
}
