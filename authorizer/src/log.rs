//! The log: one JSON object a line, on standard output.

mod decision;
mod events;

use std::fmt;
use std::io::Write;
use std::str::FromStr;
use std::sync::Arc;

use serde_json::{Value, json};

pub use self::decision::{Decided, DecisionLine, Verdict};
pub use self::events::EventLog;
use crate::clock::Timestamp;

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the usual names")]
pub enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// Takes whole lines, line end included.
pub trait Sink: fmt::Debug + Send + Sync {
    /// Writes one line.
    fn write(&self, line: &[u8]);
}

/// Standard output, which Lambda sends to CloudWatch.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stdout;

/// Where lines go and which ones.
#[derive(Debug, Clone)]
pub struct Log {
    level: Level,
    sink: Arc<dyn Sink>,
}

impl Log {
    /// A log of lines up to a level.
    #[must_use]
    pub fn new(level: Level, sink: Arc<dyn Sink>) -> Self {
        Self { level, sink }
    }

    /// Whether lines of a level are written.
    #[must_use]
    pub fn is_on(&self, level: Level) -> bool {
        level <= self.level
    }

    /// Writes one line with members of its own.
    pub fn write(&self, level: Level, message: &str, now: Timestamp, further: Value) {
        if !self.is_on(level) {
            return;
        }
        let mut line =
            json!({"timestamp": rfc3339(now), "level": level.name(), "message": message});
        if let (Value::Object(line), Value::Object(further)) = (&mut line, further) {
            line.extend(further);
        }
        self.sink.write(format!("{line}\n").as_bytes());
    }

    /// Writes the line of a decision.
    pub fn write_decision(&self, line: &DecisionLine<'_>) {
        if !self.is_on(line.level()) {
            return;
        }
        let mut bytes = Vec::with_capacity(1024);
        // Nothing in the line can fail to be JSON.
        if serde_json::to_writer(&mut bytes, line).is_ok() {
            bytes.push(b'\n');
            self.sink.write(&bytes);
        }
    }
}

impl Sink for Stdout {
    fn write(&self, line: &[u8]) {
        // One system call for a whole line; if nobody reads the log, that is no reason to refuse a caller.
        let mut stdout = std::io::stdout().lock();
        let _unread = stdout.write_all(line).and_then(|()| stdout.flush());
    }
}

impl Level {
    /// The name, as Lambda's own log filter knows it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Warn => "WARN",
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
            Self::Trace => "TRACE",
        }
    }
}

impl FromStr for Level {
    type Err = ();

    /// Any case; `FATAL`, which Lambda's logging configuration knows, is `error` here.
    fn from_str(name: &str) -> Result<Self, ()> {
        let levels = [
            Self::Error,
            Self::Warn,
            Self::Info,
            Self::Debug,
            Self::Trace,
        ];
        let name = if name.eq_ignore_ascii_case("fatal") {
            "error"
        } else {
            name
        };
        levels
            .into_iter()
            .find(|level| level.name().eq_ignore_ascii_case(name))
            .ok_or(())
    }
}

/// `2026-01-01T00:00:00.000Z`.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    use ::time::OffsetDateTime;
    use ::time::macros::format_description;
    let nanos = i128::from(time.as_millis()) * 1_000_000;
    let format =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    OffsetDateTime::from_unix_timestamp_nanos(nanos)
        .ok()
        .and_then(|time| time.format(&format).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_in_any_case() {
        for (name, expected) in [
            ("info", Ok(Level::Info)),
            ("INFO", Ok(Level::Info)),
            ("Fatal", Ok(Level::Error)),
            ("verbose", Err(())),
            ("", Err(())),
        ] {
            assert_eq!(name.parse(), expected, "{name}");
        }
    }

    #[test]
    fn times_are_rfc_3339() {
        assert_eq!(
            rfc3339(Timestamp::from_millis(1_767_225_600_007)),
            "2026-01-01T00:00:00.007Z"
        );
    }
}
