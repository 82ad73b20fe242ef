//! `cargo local`: starts the whole stack and runs it until a signal stops it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{CommandError, UsageError};
use crate::issuer::{self, users};
use crate::progress::{Progress, Verbosity, print};
use crate::stack::{RealIssuer, Stack, StackOptions, workspace};
use crate::stack_file::StackFile;

/// The status of a process that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// The flags of a stack.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Port of the web pages; 0 picks a free port, here and below
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    web_port: u16,
    /// Port of the API
    #[arg(long, value_name = "PORT", default_value_t = 3000)]
    api_port: u16,
    /// Port of the database
    #[arg(long, value_name = "PORT", default_value_t = 8000)]
    database_port: u16,
    /// Port of the local issuer
    #[arg(long, value_name = "PORT", default_value_t = 9000)]
    issuer_port: u16,
    /// Exact URL of a real issuer (Okta: .../oauth2/ID), used instead of the local one
    #[arg(
        long,
        value_name = "URL",
        requires = "client_id",
        conflicts_with = "issuer_port"
    )]
    issuer: Option<String>,
    /// Client id of the web pages at the real issuer
    #[arg(long, value_name = "ID", requires = "issuer")]
    client_id: Option<String>,
    #[arg(
        long,
        value_name = "AUD",
        requires = "issuer",
        help = format!("Audience of the real issuer's access tokens [default: {}]", issuer::AUDIENCE)
    )]
    audience: Option<String>,
    /// Run release builds of the functions
    #[arg(long)]
    release: bool,
    /// Template to run [default: template.yaml of the workspace]
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// Logical id of the API to serve, for a template with several
    #[arg(long, value_name = "LOGICAL_ID")]
    api: Option<String>,
    /// Command that runs a function of the template, such as a runtime interface client; may be repeated
    ///
    /// It is split into words as a shell does, without a shell, and speaks the Lambda Runtime API. A function of another
    /// stack, such as a shared authorizer, is named as in its ARN.
    #[arg(long = "function", value_name = "LOGICAL_ID=COMMAND", value_parser = command)]
    functions: Vec<(String, Vec<String>)>,
    /// Show the functions' own log lines too
    #[arg(long)]
    verbose: bool,
    /// Print each request as one line of JSON on standard output: the members of the access log, `decidedBy`, `reason` and
    /// `gatewayLatency`
    #[arg(long)]
    json: bool,
    /// Value of a parameter of the template; may be repeated
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
    /// Value that another stack exports, for `Fn::ImportValue`; may be repeated
    #[arg(long = "import", value_name = "NAME=VALUE", value_parser = parameter)]
    imports: Vec<(String, String)>,
}

pub(super) fn parameter(text: &str) -> Result<(String, String), UsageError> {
    let (name, value) = named_value(text).ok_or_else(|| UsageError::found("NAME=VALUE", text))?;
    Ok((name.to_owned(), value.to_owned()))
}

/// The name before the first `=`, which is not empty, and the value after it.
fn named_value(text: &str) -> Option<(&str, &str)> {
    text.split_once('=').filter(|(name, _)| !name.is_empty())
}

fn command(text: &str) -> Result<(String, Vec<String>), UsageError> {
    let (id, command) =
        named_value(text).ok_or_else(|| UsageError::found("LOGICAL_ID=COMMAND", text))?;
    match shlex::split(command) {
        Some(words) if !words.is_empty() => Ok((id.to_owned(), words)),
        _ => Err(UsageError::found("a command", command)),
    }
}

impl Run {
    pub(crate) const fn verbosity(&self) -> Verbosity {
        if self.verbose {
            Verbosity::Verbose
        } else {
            Verbosity::Normal
        }
    }

    /// The options of the stack that keeps its state in `data`.
    pub(crate) fn options(&self, data: PathBuf) -> StackOptions {
        let issuer = self.issuer.clone().zip(self.client_id.clone());
        let audience = self.audience.clone();
        StackOptions {
            web_port: self.web_port,
            api_port: self.api_port,
            database_port: self.database_port,
            issuer_port: self.issuer_port,
            issuer: issuer.map(|(url, client_id)| RealIssuer {
                url,
                client_id,
                audience: audience.unwrap_or_else(|| issuer::AUDIENCE.to_owned()),
            }),
            data,
            template: self
                .template
                .clone()
                .unwrap_or_else(|| workspace().join("template.yaml")),
            api: self.api.clone(),
            parameters: self.parameters.iter().cloned().collect::<BTreeMap<_, _>>(),
            imports: self.imports.iter().cloned().collect(),
            functions: self.functions.iter().cloned().collect(),
            release: self.release,
            json: self.json,
        }
    }
}

/// Starts the stack, prints its addresses, and stops it at Ctrl-C.
pub(crate) async fn run(
    options: &StackOptions,
    verbosity: Verbosity,
) -> Result<ExitCode, CommandError> {
    let progress = Progress::new(verbosity);
    let mut stop = std::pin::pin!(stop_signal());
    let mut stack = tokio::select! {
        started = Stack::start(options, progress) => started?,
        () = &mut stop => return Ok(ExitCode::from(INTERRUPTED)),
    };
    // With --json standard output has only the lines of requests.
    if options.json {
        for text in summary(&stack.file).lines() {
            progress.step(text);
        }
    } else {
        print(&summary(&stack.file))?;
    }
    loop {
        tokio::select! {
            () = &mut stop => break,
            () = stack.issuer_ended() => {}
        }
    }
    progress.step("stopping");
    stack.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// The addresses and users of a running stack, and `ready`.
fn summary(stack: &StackFile) -> String {
    let mut text = String::from("\n");
    let rows = [
        ("web pages", &stack.web),
        ("API", &stack.api),
        ("database", &stack.database),
        ("issuer", &stack.issuer),
    ];
    for (part, address) in rows {
        let _ = writeln!(text, "  {part:<10} {address}");
    }
    if stack.issuer_pid.is_some() {
        text.push('\n');
        for user in users() {
            let (name, groups) = (&user.name, user.groups.join(", "));
            let _ = writeln!(
                text,
                "  {name:<10} group {groups:<18} cargo -q local token {name}"
            );
        }
    }
    text.push_str("\nready\n");
    text
}

/// Waits for Ctrl-C, or for the signal of a service manager.
async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (terminate, hang_up) = (
            signal(SignalKind::terminate()),
            signal(SignalKind::hangup()),
        );
        if let (Ok(mut terminate), Ok(mut hang_up)) = (terminate, hang_up) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = hang_up.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
