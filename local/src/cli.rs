//! The command line: `cargo local` and its commands.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands::UsageError;
use crate::commands::access::Access;
use crate::commands::bench::Bench;
use crate::commands::doctor::Doctor;
use crate::commands::event::SampleEvent;
use crate::commands::explain::Explain;
use crate::commands::invoke::InvokeCommand;
use crate::commands::run::{self, Run};
use crate::commands::smoke::Smoke;
use crate::commands::token::Token;
use crate::commands::why::Why;
use crate::progress::line;
use crate::stack::workspace;

/// Runs the whole system on this machine: API, functions, database, issuer and web pages. Without a command
/// it starts everything, prints the addresses, and prints `ready` when every part answers; Ctrl-C stops it.
#[derive(Debug, Parser)]
#[command(
    name = "cargo local",
    bin_name = "cargo local",
    disable_help_subcommand = true
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: Run,
    /// Folder for the state [default: target/local]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sign a user in through the real flow and print only the access token on standard output
    Token(Token),
    /// Run a function on an event file and print the answer
    ///
    /// `{{token:USER}}` in the file becomes an access token of that user, `{{token:USER:SCOPES}}` one with those
    /// scopes, `{{bound-token:USER}}` a token bound to a new key (DPoP), and `{{proof:USER METHOD URL}}` a proof by
    /// that key. If no stack is running, one is started for the call.
    Invoke(InvokeCommand),
    Event(SampleEvent),
    Explain(Explain),
    Why(Why),
    Access(Access),
    Doctor(Doctor),
    Smoke(Smoke),
    Bench(Bench),
}

impl Cli {
    /// Runs the command and returns the exit status.
    pub async fn run(self) -> ExitCode {
        let data = self
            .data
            .unwrap_or_else(|| workspace().join("target/local"));
        let ended = match &self.command {
            None => run::run(&self.run.options(data), self.run.verbosity()).await,
            Some(Command::Token(token)) => token.run(&data).await,
            Some(Command::Invoke(invoke)) => invoke.run(&self.run.options(data)).await,
            Some(Command::Event(event)) => event.run(&self.run.options(data)).await,
            Some(Command::Explain(explain)) => explain.run(&self.run.options(data)).await,
            Some(Command::Why(why)) => why.run(&data),
            Some(Command::Access(access)) => access.run(&self.run.options(data)).await,
            Some(Command::Doctor(doctor)) => doctor.run().await,
            Some(Command::Smoke(smoke)) => smoke.run().await,
            Some(Command::Bench(bench)) => bench.run().await,
        };
        ended.unwrap_or_else(|error| {
            line(format_args!("error: {error}"));
            if error.is::<UsageError>() {
                ExitCode::from(2)
            } else {
                ExitCode::FAILURE
            }
        })
    }
}
