//! The command line: `cargo local` and its commands.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::http_client;
use crate::invoke;
use crate::issuer::{self, USERS};
use crate::progress::{Progress, Verbosity, line};
use crate::stack::{RealIssuer, Stack, StackOptions, workspace};
use crate::stack_file::StackFile;
use crate::token::{DEFAULT_SCOPE, SignIn};

/// Runs the whole system on this machine: API, both functions, database, sign-in provider, web pages. Without a command
/// it starts all of it, prints the addresses, and `ready` when all answer; Ctrl-C ends it.
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
    /// Folder that the state is kept in [default: target/local]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Run {
    /// Port of the web pages; 0 is any free port, here and below
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    web_port: u16,
    /// Port of the API
    #[arg(long, value_name = "PORT", default_value_t = 3000)]
    api_port: u16,
    /// Port of the database
    #[arg(long, value_name = "PORT", default_value_t = 8000)]
    database_port: u16,
    /// Port of the sign-in provider
    #[arg(long, value_name = "PORT", default_value_t = 9000)]
    issuer_port: u16,
    /// A real issuer's exact URL (Okta: .../oauth2/ID), in place of the one on this machine
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
    /// Audience of the real issuer's access tokens; Okta's own default where it is left out
    #[arg(long, value_name = "AUD", requires = "issuer")]
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
    /// Value of a parameter of the template; may be given several times
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sign a user in through the real flow and print the access token, alone on standard output
    Token {
        /// alice, bob or ada
        user: String,
        /// Scopes to ask for
        #[arg(long, default_value = DEFAULT_SCOPE)]
        scope: String,
    },
    /// Run a function on an event file and print the answer
    ///
    /// `{{token:USER}}` in the file becomes an access token of that user, `{{token:USER:SCOPES}}` one with those scopes.
    /// Where no stack runs, one is started for the call.
    Invoke {
        /// The function: authorizer or api-handler
        function: String,
        /// The event file
        event: PathBuf,
    },
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| format!("expected NAME=VALUE, found `{text}`"))?;
    Ok((name.to_owned(), value.to_owned()))
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

impl Cli {
    /// Runs the command and says how the process ends.
    pub async fn run(self) -> ExitCode {
        let ended = match &self.command {
            None => self.stack().await,
            Some(Command::Token { user, scope }) => self.token(user, scope).await,
            Some(Command::Invoke { function, event }) => self.invoke(function, event).await,
        };
        ended.unwrap_or_else(|error| {
            line(format_args!("error: {error}"));
            ExitCode::FAILURE
        })
    }

    fn data(&self) -> PathBuf {
        self.data
            .clone()
            .unwrap_or_else(|| workspace().join("target/local"))
    }

    fn options(&self) -> StackOptions {
        let run = &self.run;
        let issuer = run
            .issuer
            .clone()
            .zip(run.client_id.clone())
            .map(|(url, client_id)| RealIssuer {
                url,
                client_id,
                audience: run
                    .audience
                    .clone()
                    .unwrap_or_else(|| issuer::AUDIENCE.to_owned()),
            });
        StackOptions {
            web_port: run.web_port,
            api_port: run.api_port,
            database_port: run.database_port,
            issuer_port: run.issuer_port,
            issuer,
            data: self.data(),
            template: run
                .template
                .clone()
                .unwrap_or_else(|| workspace().join("template.yaml")),
            api: run.api.clone(),
            parameters: run.parameters.iter().cloned().collect::<BTreeMap<_, _>>(),
            release: run.release,
        }
    }

    async fn stack(&self) -> Result<ExitCode, Failed> {
        let progress = Progress::new(Verbosity::Normal);
        let options = self.options();
        let mut stop = std::pin::pin!(stopped());
        let mut stack = tokio::select! {
            started = Stack::start(&options, progress) => started?,
            () = &mut stop => return Ok(ExitCode::from(130)),
        };
        print(&summary(&stack.file))?;
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

    async fn token(&self, user: &str, scope: &str) -> Result<ExitCode, Failed> {
        let client = http_client::new()?;
        let running = StackFile::running(&self.data(), &client).await;
        let sign_in = match &running {
            Some(stack) => SignIn::at(stack)?,
            None => SignIn {
                issuer: "http://127.0.0.1:9000/oauth2/default",
                client_id: issuer::CLIENT_ID,
                redirect_uri: issuer::redirect_uri("http://127.0.0.1:8080"),
            },
        };
        let token = sign_in.access_token(&client, user, scope).await?;
        print(&format!("{token}\n"))?;
        Ok(ExitCode::SUCCESS)
    }

    async fn invoke(&self, function: &str, event: &std::path::Path) -> Result<ExitCode, Failed> {
        let client = http_client::new()?;
        let running = StackFile::running(&self.data(), &client).await;
        let answer = match running {
            Some(stack) => invoke::run(&stack, &client, function, event).await?,
            None => {
                line("no stack runs: starting one for this call");
                let options = StackOptions {
                    web_port: 0,
                    api_port: 0,
                    database_port: 0,
                    issuer_port: 0,
                    ..self.options()
                };
                let stack = Stack::start(&options, Progress::new(Verbosity::Quiet)).await?;
                let answer = invoke::run(&stack.file, &client, function, event).await;
                stack.stop().await;
                answer?
            }
        };
        print(&format!("{}\n", answer.json))?;
        Ok(if answer.failed {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }
}

/// Answers go to standard output, and there alone.
fn print(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()
}

/// What stands on standard output when the stack runs.
fn summary(stack: &StackFile) -> String {
    use std::fmt::Write as _;
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
        for (user, groups) in USERS {
            let _ = writeln!(
                text,
                "  {user:<10} group {groups:<18} cargo -q local token {user}"
            );
        }
    }
    text.push_str("\nready\n");
    text
}

/// Waits for Ctrl-C, or for what a service manager sends.
async fn stopped() {
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
