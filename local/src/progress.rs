//! Messages on the terminal, and the log files. Messages go to standard error and answers to standard output, so that
//! `$(cargo local token alice)` is only the token.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::decisions::Decisions;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

/// Whether progress and logs are shown; warnings and errors always are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verbosity {
    /// Everything is shown, the functions' own lines too.
    Verbose,
    /// Everything is shown except the functions' own lines.
    Normal,
    /// Only warnings and errors are shown, for a stack that is started for one call.
    Quiet,
}

/// The messages of a command on the terminal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress(Verbosity);

impl Progress {
    pub(crate) const fn new(verbosity: Verbosity) -> Self {
        Self(verbosity)
    }

    pub(crate) fn step(self, text: impl Display) {
        if self.0 != Verbosity::Quiet {
            line(format_args!("{text}"));
        }
    }

    pub(crate) fn warn(self, text: impl Display) {
        line(format_args!("warning: {text}"));
    }
}

/// Writes an answer, the only thing on standard output. A reader that needs no more of it, such as `head`, may close it.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    let written = output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush());
    written.or_else(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(error),
    })
}

/// Writes one line to standard error. A closed terminal is ignored.
pub fn line(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Untrusted text in a form that is safe for a terminal: one line, without control and bidirectional characters.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        let hidden = character.is_control()
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if hidden {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// The start of a longer text.
pub(crate) fn shortened(text: &str, max_chars: usize) -> String {
    match text.char_indices().nth(max_chars) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

/// The log of one part of the stack: the terminal, with the part's name before each line, and a file.
#[derive(Clone, Debug)]
pub struct PartLog {
    part: Arc<str>,
    file: Arc<Mutex<Option<File>>>,
    progress: Progress,
    decisions: Option<Arc<Decisions>>,
}

impl PartLog {
    /// The log of `part`, in `folder`/`part`.log. If the file cannot be opened, the lines are only on the terminal.
    pub(crate) fn open(part: &str, folder: &Path, progress: Progress) -> Self {
        let path = folder.join(format!("{part}.log"));
        let file = File::create(path).ok();
        Self {
            part: part.into(),
            file: Arc::new(Mutex::new(file)),
            progress,
            decisions: None,
        }
    }

    /// A log of warnings only, for tests.
    pub fn quiet(part: &str) -> Self {
        Self {
            part: part.into(),
            file: Arc::default(),
            progress: Progress::new(Verbosity::Quiet),
            decisions: None,
        }
    }

    pub(crate) fn line(&self, text: impl Display) {
        self.write(&text);
        self.show(text);
    }

    /// Also stores the authorizer's decisions in the lines of a process.
    pub(crate) fn with_decisions(self, decisions: Arc<Decisions>) -> Self {
        Self {
            decisions: Some(decisions),
            ..self
        }
    }

    /// Logs one request: `text` in the file, `shown` or else `text` on the terminal.
    pub(crate) fn request(&self, text: &str, shown: Option<&str>, is_shown: bool) {
        self.write(&text);
        if is_shown {
            self.show(shown.unwrap_or(text));
        }
    }

    fn show(&self, text: impl Display) {
        self.progress
            .step(format_args!("{:>11} | {text}", self.part));
    }

    pub(crate) fn warn(&self, text: impl Display) {
        self.write(&format_args!("warning: {text}"));
        self.progress.warn(self.warning(&text.to_string()));
    }

    /// A warning for the terminal. It may quote a function's error, which may quote the request.
    fn warning(&self, text: &str) -> String {
        format!("{}: {}", self.part, printable(text))
    }

    /// Logs the lines of a process until it closes its output.
    pub(crate) fn forward(&self, output: Option<impl AsyncRead + Unpin + Send + 'static>) {
        let Some(output) = output else { return };
        let log = self.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(output);
            let mut line = Vec::new();
            while let Ok(1..) = lines.read_until(b'\n', &mut line).await {
                let text = String::from_utf8_lossy(&line);
                let text = text.trim_end();
                log.write(&text);
                if let Some(decisions) = &log.decisions {
                    decisions.note(text);
                }
                if log.progress.0 == Verbosity::Verbose {
                    log.show(brief(text).as_deref().unwrap_or(text));
                }
                line.clear();
            }
        });
    }

    fn write(&self, text: &dyn Display) {
        if let Some(file) = self
            .file
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_mut()
        {
            let _ = writeln!(file, "{text}");
        }
    }
}

/// A function's log line for the terminal: the message and the short members. The file has the whole line.
fn brief(line: &str) -> Option<String> {
    /// Members that the terminal shows already, or that are meant for programs.
    const LEFT_OUT: [&str; 6] = [
        "_aws",
        "function",
        "level",
        "message",
        "requestId",
        "timestamp",
    ];
    /// The longest member that is shown.
    const MAX_LENGTH: usize = 80;
    let Value::Object(members) = serde_json::from_str(line).ok()? else {
        return None;
    };
    let level = members
        .get("level")
        .and_then(Value::as_str)
        .filter(|level| *level != "INFO");
    let message = members.get("message").and_then(Value::as_str);
    let mut parts: Vec<String> = level
        .into_iter()
        .chain(message)
        .map(str::to_owned)
        .collect();
    for (name, value) in members
        .iter()
        .filter(|(name, _)| !LEFT_OUT.contains(&name.as_str()))
    {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        if text.len() <= MAX_LENGTH {
            parts.push(format!("{name}={text}"));
        }
    }
    Some(parts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_bidirectional_characters_are_escaped() {
        assert_eq!(PartLog::quiet("x").warning("a\u{9b}2Jb"), "x: a\\u{9b}2Jb");
        assert_eq!(
            printable("a\u{1b}[31m\u{202e}é\n"),
            "a\\u{1b}[31m\\u{202e}é\\n"
        );
    }

    #[test]
    fn log_lines_are_shortened_for_the_terminal() {
        fn check(line: &str, expected: Option<&str>) {
            assert_eq!(brief(line).as_deref(), expected, "{line}");
        }
        let line = r#"{"timestamp":"t","level":"INFO","message":"decision","decision":"allow","ms":0.5,"_aws":{"x":1}}"#;
        check(line, Some("decision decision=allow ms=0.5"));
        check(
            r#"{"level":"ERROR","message":"no keys","cause":null}"#,
            Some("ERROR no keys cause=null"),
        );
        let long = format!(r#"{{"message":"start","settings":"{}"}}"#, "x".repeat(100));
        check(&long, Some("start"));
        check("thread main panicked", None);
        check("12", None);
    }
}
