//! Reads settings: environment variables and the files that they name, from a source that tests can replace.
//!
//! Every variable is read before any fault is reported, so that one run shows all faults. An empty variable is treated
//! as unset, because a template can leave a value empty but cannot leave out a name.

mod fault;
mod reader;

use std::ffi::OsString;
use std::io;

pub use self::fault::{SettingsError, without_query};
pub use self::reader::Reader;

/// Variables and files by name: the environment, or a map in tests.
pub trait Source {
    /// The value of a variable, if it is set. It may not be UTF-8.
    fn variable(&self, name: &str) -> Option<OsString>;

    /// The contents of a file. Fails if it cannot be read.
    fn file(&self, path: &str) -> io::Result<Vec<u8>>;
}

/// The variables of this process and the files of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Environment;

impl Source for Environment {
    fn variable(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }

    fn file(&self, path: &str) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }
}

#[cfg(test)]
mod tests;
