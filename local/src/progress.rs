//! What a person at the terminal is told, and the log files beside it. Answers go to standard output, all of this to
//! standard error, so that `$(cargo local token alice)` holds a token and nothing else.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

/// Whether progress and logs are shown; warnings and errors always are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verbosity {
    /// Everything is shown.
    Normal,
    /// A stack that is started for one call: only what is wrong is shown.
    Quiet,
}

/// The terminal, as far as people read it.
#[derive(Clone, Copy, Debug)]
pub struct Progress(Verbosity);

impl Progress {
    /// Progress shown, or not.
    #[must_use]
    pub const fn new(verbosity: Verbosity) -> Self {
        Self(verbosity)
    }

    /// Whether it is shown.
    #[must_use]
    pub const fn verbosity(self) -> Verbosity {
        self.0
    }

    /// Says what is being done now.
    pub fn step(self, text: impl Display) {
        if self.0 == Verbosity::Normal {
            line(format_args!("{text}"));
        }
    }

    /// Says what is not as it should be.
    pub fn warn(self, text: impl Display) {
        line(format_args!("warning: {text}"));
    }
}

/// Writes one line to standard error. That a terminal has gone away is no reason to stop.
pub fn line(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Where one part of the stack writes its lines: the terminal, with the part's name before each, and a file.
#[derive(Clone, Debug)]
pub struct Log {
    part: Arc<str>,
    file: Arc<Mutex<Option<File>>>,
    progress: Progress,
}

impl Log {
    /// The log of `part`, in `folder`/`part`.log. Without the file the terminal still has the lines.
    #[must_use]
    pub fn open(part: &str, folder: &Path, progress: Progress) -> Self {
        let path = folder.join(format!("{part}.log"));
        let file = File::create(path).ok();
        Self {
            part: part.into(),
            file: Arc::new(Mutex::new(file)),
            progress,
        }
    }

    /// A log that only keeps what is wrong, for tests.
    #[must_use]
    pub fn quiet(part: &str) -> Self {
        Self {
            part: part.into(),
            file: Arc::default(),
            progress: Progress::new(Verbosity::Quiet),
        }
    }

    /// One line of what the part does.
    pub fn line(&self, text: impl Display) {
        self.write(&text);
        self.progress
            .step(format_args!("{:>11} | {text}", self.part));
    }

    /// One line of what the part finds wrong.
    pub fn warn(&self, text: impl Display) {
        self.write(&format_args!("warning: {text}"));
        self.progress.warn(format_args!("{}: {text}", self.part));
    }

    /// Passes what a process writes on, line by line, until it closes its end.
    pub fn forward(&self, output: Option<impl AsyncRead + Unpin + Send + 'static>) {
        let Some(output) = output else { return };
        let log = self.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(output);
            let mut line = Vec::new();
            while let Ok(1..) = lines.read_until(b'\n', &mut line).await {
                log.line(String::from_utf8_lossy(&line).trim_end());
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
