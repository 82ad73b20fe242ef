//! The commands of `cargo local`, one file per command.

pub mod bench;
pub mod doctor;
pub mod invoke;
mod no_answer;
mod placeholders;
mod probe;
mod proxy;
mod report;
pub mod run;
pub mod smoke;
mod stray;
pub mod token;

/// Why a command failed.
pub(crate) type Failed = Box<dyn std::error::Error + Send + Sync>;
