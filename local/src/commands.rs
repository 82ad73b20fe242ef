//! The commands of `cargo local`, one file per command.

pub mod invoke;
pub mod run;
pub mod token;

/// Why a command failed.
pub(crate) type Failed = Box<dyn std::error::Error + Send + Sync>;
