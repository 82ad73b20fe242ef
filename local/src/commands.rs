//! The commands of `cargo local`, one file per command.

pub(crate) mod access;
mod advice;
pub(crate) mod bench;
mod callback;
mod decision;
pub(crate) mod doctor;
pub(crate) mod event;
pub(crate) mod explain;
mod in_process;
pub(crate) mod invoke;
mod no_answer;
mod pasted_token;
mod placeholders;
mod probe;
mod proxy;
mod report;
pub(crate) mod run;
mod signing_key;
pub(crate) mod smoke;
mod stray;
mod template_args;
pub(crate) mod token;
mod url_argument;
mod usage;
pub(crate) mod why;

pub(crate) use self::usage::UsageError;

pub(crate) type CommandError = Box<dyn std::error::Error + Send + Sync>;

/// Prints the parts of a template that have no effect on one machine.
fn progress_warnings(warnings: &[String]) {
    for warning in warnings {
        crate::progress::line(format_args!("warning: template: {warning}"));
    }
}
