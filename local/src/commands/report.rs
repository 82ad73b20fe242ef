//! The results of checks, as plain text and as JSON.

use std::borrow::Cow;
use std::io;
use std::process::ExitCode;

use serde::Serialize;

use crate::progress::{print, printable};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Pass,
    Warn,
    Fail,
    Skip,
}

impl Status {
    const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Skip => "skip",
        }
    }
}

/// A check before it runs: its id, its expectation, and the source of the expectation.
#[derive(Clone, Debug)]
pub(super) struct Check {
    id: &'static str,
    expected: Cow<'static, str>,
    source: &'static str,
}

impl Check {
    pub(super) const fn new(
        id: &'static str,
        expected: &'static str,
        source: &'static str,
    ) -> Self {
        Self {
            id,
            expected: Cow::Borrowed(expected),
            source,
        }
    }

    /// The same check with an expectation that depends on the arguments.
    pub(super) fn expecting(self, expected: String) -> Self {
        Self {
            expected: Cow::Owned(expected),
            ..self
        }
    }

    pub(super) fn pass(self, found: impl Into<String>) -> CheckOutcome {
        self.outcome(Status::Pass, found.into(), String::new())
    }

    pub(super) fn warn(self, found: impl Into<String>, advice: impl Into<String>) -> CheckOutcome {
        self.outcome(Status::Warn, found.into(), advice.into())
    }

    pub(super) fn fail(self, found: impl Into<String>, advice: impl Into<String>) -> CheckOutcome {
        self.outcome(Status::Fail, found.into(), advice.into())
    }

    /// A skipped check. `advice` says what it needs.
    pub(super) fn skip(self, advice: impl Into<String>) -> CheckOutcome {
        self.outcome(Status::Skip, String::new(), advice.into())
    }

    fn outcome(self, status: Status, found: String, advice: String) -> CheckOutcome {
        CheckOutcome {
            id: self.id,
            status,
            found,
            expected: self.expected,
            advice,
            source: self.source,
        }
    }
}

/// A check that has been run or skipped.
#[derive(Clone, Debug, Serialize)]
pub(super) struct CheckOutcome {
    pub(super) id: &'static str,
    pub(super) status: Status,
    pub(super) found: String,
    expected: Cow<'static, str>,
    pub(super) advice: String,
    source: &'static str,
}

impl CheckOutcome {
    pub(super) fn is_fail(&self) -> bool {
        self.status == Status::Fail
    }

    fn text(&self) -> String {
        use std::fmt::Write as _;
        let (status, id) = (self.status.name(), self.id);
        let first = match self.status {
            Status::Skip => &self.advice,
            Status::Pass | Status::Warn | Status::Fail => &self.found,
        };
        let mut text = format!("{status}  {id:<18} {}\n", printable(first));
        if matches!(self.status, Status::Warn | Status::Fail) {
            for (name, value) in [
                ("expected", &*self.expected),
                ("advice", &self.advice),
                ("source", self.source),
            ] {
                let _ = writeln!(text, "      {name:<18} {}", printable(value));
            }
        }
        text
    }
}

/// Shorter values occur inside words and are not secrets.
const MIN_SECRET_BYTES: usize = 8;

/// The outcomes in order. Text is written as soon as a check has run, JSON at the end.
#[derive(Debug)]
pub(super) struct Report {
    json: bool,
    outcomes: Vec<CheckOutcome>,
    secrets: Vec<String>,
}

impl Report {
    pub(super) const fn new(json: bool) -> Self {
        Self {
            json,
            outcomes: Vec::new(),
            secrets: Vec::new(),
        }
    }

    /// Redacts `secret` in all later output, whatever a server echoes.
    pub(super) fn hide(&mut self, secret: &str) {
        if secret.len() >= MIN_SECRET_BYTES {
            self.secrets.push(secret.to_owned());
        }
    }

    /// Adds an outcome.
    pub(super) fn add(&mut self, mut outcome: CheckOutcome) -> io::Result<()> {
        for secret in &self.secrets {
            outcome.found = outcome.found.replace(secret, "…");
            outcome.advice = outcome.advice.replace(secret, "…");
        }
        if !self.json {
            print(&outcome.text())?;
        }
        self.outcomes.push(outcome);
        Ok(())
    }

    pub(super) fn failed(&self) -> usize {
        self.outcomes.iter().filter(|check| check.is_fail()).count()
    }

    pub(super) fn warned(&self) -> usize {
        let warned = |check: &&CheckOutcome| check.status == Status::Warn;
        self.outcomes.iter().filter(warned).count()
    }

    /// Ends the report: with JSON, or with `closing` after the text.
    pub(super) fn finish(self, closing: impl FnOnce(&Self) -> String) -> io::Result<ExitCode> {
        let failed = self.failed();
        if self.json {
            let document = ReportDocument {
                checks: &self.outcomes,
                failed,
            };
            let document = serde_json::to_string_pretty(&document)?;
            print(&format!("{document}\n"))?;
        } else {
            print(&closing(&self))?;
        }
        Ok(if failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// The report as JSON.
#[derive(Serialize)]
struct ReportDocument<'r> {
    checks: &'r [CheckOutcome],
    failed: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECK: Check = Check::new("keys", "a key", "RFC 7517");

    #[test]
    fn text_shows_advice_under_a_failure_and_nothing_more_under_a_pass() {
        assert_eq!(
            CHECK.pass("2 keys").text(),
            "pass  keys               2 keys\n"
        );
        assert_eq!(
            CHECK.skip("needs `metadata`").text(),
            "skip  keys               needs `metadata`\n"
        );
        assert_eq!(
            CHECK.fail("an empty set\n", "wait").text(),
            "fail  keys               an empty set\\n\n      \
             expected           a key\n      \
             advice             wait\n      \
             source             RFC 7517\n"
        );
    }

    #[test]
    fn a_secret_is_in_no_outcome() {
        let mut report = Report::new(true);
        report.hide("eyJhbGciOiJSUzI1NiJ9.e30.c2ln");
        let text = "echo: eyJhbGciOiJSUzI1NiJ9.e30.c2ln";
        report.add(CHECK.fail(text, text)).unwrap();
        let outcome = &report.outcomes[0];
        assert_eq!((&*outcome.found, &*outcome.advice), ("echo: …", "echo: …"));
    }
}
