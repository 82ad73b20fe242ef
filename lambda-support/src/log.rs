//! The log: one JSON object per line, on standard output.

mod events;
mod line;

use std::fmt;
use std::io::Write;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::{Value, json};

pub use self::events::EventLog;
pub use self::line::{Line, Metrics, millis};
use crate::clock::Timestamp;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// A destination of log lines.
pub trait Sink: fmt::Debug + Send + Sync {
    /// Writes one line, which includes its line end.
    fn write(&self, line: &[u8]);
}

/// Standard output, which Lambda sends to CloudWatch.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stdout;

/// Keeps the lines, for tests.
#[derive(Debug, Default)]
pub struct Lines(Mutex<Vec<String>>);

/// The level and the destination of the log.
#[derive(Debug, Clone)]
pub struct Log {
    level: Level,
    sink: Arc<dyn Sink>,
}

impl Log {
    /// A log that leaves out lines below a level.
    pub fn new(level: Level, sink: Arc<dyn Sink>) -> Self {
        Self { level, sink }
    }

    /// Whether lines of a level are written.
    pub(crate) fn is_on(&self, level: Level) -> bool {
        level <= self.level
    }

    /// Writes one line with the given members.
    pub fn write(&self, level: Level, message: &str, now: Timestamp, extra: Value) {
        if !self.is_on(level) {
            return;
        }
        let mut line =
            json!({"timestamp": now.rfc3339(), "level": level.name(), "message": message});
        if let (Value::Object(line), Value::Object(extra)) = (&mut line, extra) {
            line.extend(extra);
        }
        self.sink.write(format!("{line}\n").as_bytes());
    }

    /// The level of a line, or `None` if it is not written. With `for_alarms` the alarms use its metrics, so it is
    /// written at every setting, and never below the level that is set, because Lambda's own log filter would drop it.
    pub fn level_of(&self, severity: Level, for_alarms: bool) -> Option<Level> {
        if for_alarms {
            Some(severity.min(self.level))
        } else {
            Some(severity).filter(|level| self.is_on(*level))
        }
    }

    /// Writes the line of an invocation with one system call.
    pub fn write_line<F: Serialize>(&self, line: &Line<'_, F>) {
        let mut bytes = Vec::with_capacity(1024);
        // Serialisation fails only for a value that JSON cannot express, such as a map with keys that are not strings.
        if serde_json::to_writer(&mut bytes, line).is_ok() {
            bytes.push(b'\n');
            self.sink.write(&bytes);
        }
    }
}

impl Sink for Stdout {
    fn write(&self, line: &[u8]) {
        // One system call per line. A log that cannot be written is not a reason to refuse a caller.
        let mut stdout = std::io::stdout().lock();
        let _unread = stdout.write_all(line).and_then(|()| stdout.flush());
    }
}

impl Sink for Lines {
    fn write(&self, line: &[u8]) {
        let line = String::from_utf8_lossy(line).into_owned();
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(line);
    }
}

impl Lines {
    /// Everything that was written.
    pub fn text(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .concat()
    }

    /// The lines, each of them JSON.
    pub fn all(&self) -> Vec<Value> {
        let text = self.text();
        let lines = text.lines().map(serde_json::from_str);
        lines.map(Result::unwrap_or_default).collect()
    }

    /// The last line; null if there is none.
    pub fn last(&self) -> Value {
        self.all().pop().unwrap_or_default()
    }
}

impl Level {
    /// The name that Lambda's own log filter expects.
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

    /// Parses a level in any case. `FATAL`, a level of Lambda's logging configuration, becomes `error`.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_parsed_in_any_case() {
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
    fn lines_for_alarms_are_written_at_every_level_and_pass_lambdas_filter() {
        use Level::{Debug, Error, Info, Trace, Warn};
        for (set, severity, for_alarms, expected) in [
            (Info, Info, false, Some(Info)),
            (Warn, Info, false, None),
            (Error, Info, false, None),
            (Error, Error, false, Some(Error)),
            (Trace, Debug, false, Some(Debug)),
            (Info, Info, true, Some(Info)),
            (Warn, Info, true, Some(Warn)),
            (Error, Info, true, Some(Error)),
            (Debug, Info, true, Some(Info)),
            (Warn, Error, true, Some(Error)),
        ] {
            let log = Log::new(set, Arc::new(Stdout));
            let found = log.level_of(severity, for_alarms);
            assert_eq!(found, expected, "{severity:?} at {set:?}");
        }
    }
}
