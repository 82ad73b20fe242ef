//! The commands of `cargo local`, one file per command.

pub mod access;
mod advice;
pub mod bench;
mod callback;
mod decision;
pub mod doctor;
pub mod event;
pub mod explain;
mod in_process;
pub mod invoke;
mod no_answer;
mod placeholders;
mod probe;
mod proxy;
mod report;
pub mod run;
mod signing_key;
pub mod smoke;
mod stray;
mod template_args;
pub mod token;
mod usage;
pub mod why;

pub(crate) use self::usage::UsageError;

/// Why a command failed.
pub(crate) type CommandError = Box<dyn std::error::Error + Send + Sync>;

/// Prints the parts of a template that have no effect on one machine.
fn progress_warnings(warnings: &[String]) {
    for warning in warnings {
        crate::progress::line(format_args!("warning: template: {warning}"));
    }
}
