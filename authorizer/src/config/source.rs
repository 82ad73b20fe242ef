//! Where settings come from.

use std::ffi::OsString;
use std::io;
use std::time::{Duration, UNIX_EPOCH};

use crate::clock::{Clock, SystemClock, Timestamp};

/// Variables and files by name: the environment, or a map in tests.
pub trait Source {
    /// The value of a variable, if it is set. It may be no text.
    fn variable(&self, name: &str) -> Option<OsString>;

    /// The contents of a file.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    fn file(&self, path: &str) -> io::Result<FileContents>;
}

/// What is in a file, and how old it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileContents {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// How long ago it was written; `None` if what it says is not to be believed.
    pub age: Option<Duration>,
}

/// The variables of this process and the files of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Environment;

/// 2015, when the first of these RFCs was published: a file from before it got a made-up time from a packager.
const NO_FILE_IS_OLDER: Timestamp = Timestamp::from_secs(1_420_070_400);

impl Source for Environment {
    fn variable(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }

    fn file(&self, path: &str) -> io::Result<FileContents> {
        let bytes = std::fs::read(path)?;
        let modified = std::fs::metadata(path)?.modified().ok();
        let modified = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified = modified.map(|since_1970| Timestamp::from_secs(0).plus(since_1970));
        let age = modified
            .filter(|time| *time > NO_FILE_IS_OLDER)
            .map(|time| SystemClock.now().since(time));
        Ok(FileContents { bytes, age })
    }
}
