//! `cargo local why` explains what happened to a request, from the lines of the access log and of both functions.

mod document;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) mod fuzz;
mod join;
mod lines;
mod records;
mod source;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use clap::Args;

use self::join::Account;
use self::lines::LogLines;
use self::source::{LogFileError, LogSource};
use super::{CommandError, advice};
use crate::progress::{line, print};

/// Show what happened to a request: which part answered, why, and what to do
///
/// The id is that of the answer: `x-amzn-requestid` (REST API), `apigw-requestid` (HTTP API), or `requestId` in an
/// error of the handler. Lambda's id of an invocation works too. Without --logs the lines are those of the stack in the
/// data folder.
#[derive(Debug, Args)]
pub(crate) struct Why {
    /// Id of the request
    request_id: String,
    /// File or folder with lines of the access log and of both functions; `-` is standard input; may be repeated
    ///
    /// Each file may have the lines as `aws logs tail` prints them (any --format), the JSON of `aws logs
    /// filter-log-events`, `get-log-events` or `get-query-results`, results of Logs Insights with @message as CSV or JSON,
    /// or an export to S3. It may be compressed with gzip. The format is detected from the content.
    #[arg(long, value_name = "FILE")]
    logs: Vec<PathBuf>,
    /// Print one JSON document on standard output
    #[arg(long)]
    json: bool,
}

impl Why {
    /// Finds the request and prints what happened to it.
    pub(crate) fn run(&self, data: &Path) -> Result<ExitCode, CommandError> {
        let lines = if self.logs.is_empty() {
            self.of_stack(data)?
        } else {
            self.of_files()?
        };
        let Some(account) = join::account(&lines, &self.request_id) else {
            line(format_args!(
                "error: no line belongs to the request {}: expected an id in the access log or in a function's log; {}",
                self.request_id,
                if lines.has_access_log() {
                    "check the id, and that the lines are from the time of the request"
                } else {
                    "no line is from an access log, which the template's parameter AccessLog turns on"
                }
            ));
            return Ok(ExitCode::FAILURE);
        };
        print(&if self.json {
            format!("{}\n", serde_json::to_string_pretty(&account)?)
        } else {
            text(&account)
        })?;
        Ok(ExitCode::SUCCESS)
    }

    /// The lines about the request in the files that are given.
    fn of_files(&self) -> Result<LogLines, LogFileError> {
        let sources = LogSource::all(&self.logs)?;
        self.lines(|lines, is_first| {
            for source in &sources {
                if let Some(unknown) = records::read(source, lines)?.filter(|_| is_first) {
                    line(format_args!("warning: {}: {unknown}", source.name()));
                }
            }
            Ok(())
        })
    }

    /// The lines about the request in the data folder. The logs of other parts of the stack have no such lines.
    fn of_stack(&self, data: &Path) -> Result<LogLines, CommandError> {
        let files = log_files(data).map_err(|cause| {
            format!(
                "{}: {cause}: expected the data folder of a stack; pass --data or --logs",
                data.display()
            )
        })?;
        Ok(self.lines(|lines, _| {
            for file in &files {
                match records::read(&LogSource::File(file.clone()), lines) {
                    Err(LogFileError::Form { .. }) | Ok(_) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        })?)
    }

    /// Reads the files twice, so that only the lines about the request are kept: the first pass finds the ids of the
    /// invocations in the request's own line.
    fn lines(
        &self,
        read: impl Fn(&mut LogLines, bool) -> Result<(), LogFileError>,
    ) -> Result<LogLines, LogFileError> {
        let mut lines = LogLines::about([self.request_id.clone()].into());
        read(&mut lines, true)?;
        let ids = lines.ids();
        if ids.len() > 1 {
            lines = LogLines::about(ids);
            read(&mut lines, false)?;
        }
        Ok(lines)
    }
}

/// The logs of a stack: the access log and the functions' files beside it.
fn log_files(data: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(data)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "log") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn text(account: &Account) -> String {
    let status = account
        .status
        .map_or_else(|| "unknown status".to_owned(), |status| status.to_string());
    let by = account
        .decided_by
        .map_or("by an unknown part", |by| by.in_words());
    let mut text = format!("{status}, decided {by}\n");
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:<11} {value}");
    };
    if let Some(reason) = &account.reason {
        row("reason", reason);
        if let Some(reason) = advice::reason(reason) {
            row("", reason.meaning);
        }
    }
    if let Some(detail) = &account.detail {
        row("found", detail);
    }
    if let Some(route) = &account.route {
        row("route", &format!("{} {}", route.method, route.path));
    }
    if let Some(id) = &account.authorizer.request_id {
        row("authorizer", &format!("invocation {id}"));
    }
    if let Some(cache) = account.authorizer.cache {
        row("cache", cache);
    }
    if !account.advice.is_empty() {
        row("advice", &account.advice);
    }
    text
}
