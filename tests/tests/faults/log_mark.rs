//! The lines of a log since some moment.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tests::RunningStack;

/// A log that has not grown for a moment: the line of a call is written by another process, perhaps after the answer.
fn settled(file: &Path) -> Vec<u8> {
    let mut before = fs::read(file).expect("the log");
    loop {
        thread::sleep(Duration::from_millis(200));
        let after = fs::read(file).expect("the log");
        if after.len() == before.len() {
            return after;
        }
        before = after;
    }
}

/// The end of a log at some moment.
#[derive(Debug)]
pub(crate) struct LogMark {
    file: PathBuf,
    start: usize,
}

impl LogMark {
    pub(crate) fn new(stack: &RunningStack, log: &str) -> Self {
        let file = stack.data().join(log);
        let start = settled(&file).len();
        Self { file, start }
    }

    fn text(&self) -> String {
        let bytes = settled(&self.file);
        String::from_utf8_lossy(bytes.get(self.start..).unwrap_or_default()).into_owned()
    }

    /// The number of lines with a string.
    pub(crate) fn count(&self, wanted: &str) -> usize {
        self.text()
            .lines()
            .filter(|line| line.contains(wanted))
            .count()
    }

    /// The first line that does not contain a string, to append to the result of a row: it shows why the row failed.
    pub(crate) fn line_without(&self, expected: &str) -> String {
        let text = self.text();
        let line = text.lines().find(|line| !line.contains(expected));
        line.map(|line| format!("; {line}")).unwrap_or_default()
    }

    /// Reason and detail of each decision.
    pub(crate) fn decisions(&self) -> Vec<String> {
        let text = self.text();
        let lines = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let decisions = lines.filter(|line| line.get("decision").is_some());
        decisions
            .map(|line| {
                let member = |name| line.get(name).and_then(Value::as_str).unwrap_or_default();
                format!("`{}` {}", member("reason"), member("detail"))
                    .trim()
                    .to_owned()
            })
            .collect()
    }
}
