//! The summary: one row per fault.

/// The rows so far.
#[derive(Debug, Default)]
pub(crate) struct Table(Vec<String>);

impl Table {
    /// Adds a row, and fails if the verdict is bad.
    pub(crate) fn row(&mut self, fault: &str, callers: &str, log: &str, is_good: bool) {
        let verdict = if is_good { "as expected" } else { "WRONG" };
        let row = format!("| {fault} | {callers} | {log} | {verdict} |");
        assert!(is_good, "{row}");
        self.0.push(row);
    }

    pub(crate) fn print(&self) {
        eprintln!(
            "\n| fault | what callers saw | what was logged | verdict |\n| --- | --- | --- | --- |"
        );
        self.0.iter().for_each(|row| eprintln!("{row}"));
    }
}
