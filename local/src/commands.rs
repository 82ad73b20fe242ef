//! The commands of `cargo local`, one file per command.

pub mod doctor;
pub mod invoke;
mod probe;
mod report;
pub mod run;
pub mod token;

/// Why a command failed.
pub(crate) type Failed = Box<dyn std::error::Error + Send + Sync>;
