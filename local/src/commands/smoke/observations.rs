//! Observations of behaviour that API Gateway's documentation does not specify.

use crate::progress::printable;

/// Rows of a table for an issue.
#[derive(Debug, Default)]
pub(super) struct Observations(Vec<(&'static str, String)>);

impl Observations {
    pub(super) fn add(&mut self, question: &'static str, seen: impl Into<String>) {
        self.0.push((question, seen.into()));
    }
}

/// The end of the text report: the verdict and the table.
pub(super) fn closing(seen: &Observations, failed: usize) -> String {
    use std::fmt::Write as _;
    let mut text = String::from("\n");
    if !seen.0.is_empty() {
        text.push_str("| not documented | observed |\n| --- | --- |\n");
        for (question, answer) in &seen.0 {
            let answer = printable(answer).replace('|', "\\|");
            let _ = writeln!(text, "| {question} | {answer} |");
        }
        text.push('\n');
    }
    let _ = match failed {
        0 => writeln!(text, "no problem found"),
        failed => writeln!(text, "{failed} failed"),
    };
    text
}
