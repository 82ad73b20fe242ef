//! `cargo local bench` measures the cost of the functions, as whole processes, against a floor.
//!
//! The floor is a program with the same runtime and profile that does only the work that every such function must do.
//! In the figures `ours` is a function of this project. It and the floor run in alternating rounds, so that their
//! ratio is stable when the machine's speed drifts.

mod authorizer;
mod cold;
mod event;
mod figure;
mod gateway;
mod handler;
mod key_server;
mod process;
mod warm;

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use tokio::net::TcpListener;

use crate::aws;
use crate::commands::CommandError;
use crate::http_client;
use crate::progress::{Progress, Verbosity, print};
use crate::stack::workspace;
use crate::template::{Given, TableDefinition, Template};
use crate::text_file;
use crate::toolchain;
use figure::{Figure, Table};

/// Measure the cost of the release builds against a bare Lambda runtime
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Bench {
    /// Fewer rounds: takes seconds, and the figures are not reliable
    #[arg(long)]
    quick: bool,
    /// Measure only the time that the local gateway adds to a call: `cargo run --release --bin local -- bench --gateway`
    #[arg(long)]
    gateway: bool,
    /// Print one JSON document on standard output
    #[arg(long)]
    json: bool,
}

/// The number of measurements.
#[derive(Clone, Copy, Debug)]
struct Effort {
    rounds: u32,
    invocations: u32,
    starts: u32,
}

const FULL: Effort = Effort {
    rounds: 11,
    invocations: 2000,
    starts: 21,
};
const QUICK: Effort = Effort {
    rounds: 3,
    invocations: 100,
    starts: 3,
};

/// The release builds that are measured.
#[derive(Debug)]
struct Binaries {
    authorizer: PathBuf,
    handler: PathBuf,
    authorizer_floor: PathBuf,
    handler_floor: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    #[error(transparent)]
    Build(#[from] toolchain::BuildError),
    /// A template cannot be read, or lacks a resource that is measured.
    #[error("{0}: {1}")]
    Template(String, String),
    #[error("the database does not start: {0}")]
    Database(String),
    #[error("cannot run {0}: {1}")]
    Spawn(String, io::Error),
    /// A function ended, or took too long.
    #[error("the function gave no answer: expected one within 20 s; its messages are above")]
    NoAnswer,
    /// A function gave another answer than the expected one.
    #[error("expected an answer with `{0}`, found {1}")]
    Answer(&'static str, String),
    /// The kernel's statistics of a process cannot be read.
    #[error("the kernel's statistics cannot be read: expected Linux with CONFIG_SCHEDSTATS")]
    Statistics,
    #[error("a server gave no answer: {0}")]
    Call(reqwest::Error),
    /// This program is to be measured, but it is a debug build.
    #[error("this is a debug build: run `cargo run --release --bin local -- bench --gateway`")]
    DebugBuild,
    /// A key pair or a signature cannot be made.
    #[error("the operating system returned no random bytes")]
    Key,
    #[error("the certificate for the key server cannot be used: {0}")]
    Tls(String),
    #[error("TLS cannot be set up: {0}")]
    Client(#[from] http_client::ClientError),
    #[error(transparent)]
    Io(io::Error),
}

impl Bench {
    /// Builds the binaries, measures, and prints the figures.
    pub(crate) async fn run(self) -> Result<ExitCode, CommandError> {
        let progress = Progress::new(Verbosity::Normal);
        let workspace = workspace();
        let effort = if self.quick { QUICK } else { FULL };
        let scratch = workspace.join("target/local/bench");
        let _ = std::fs::remove_dir_all(&scratch);
        std::fs::create_dir_all(&scratch)?;
        let figures = if self.gateway {
            if cfg!(debug_assertions) && !self.quick {
                return Err(BenchError::DebugBuild.into());
            }
            progress.step("measuring the gateway");
            gateway::measure(&workspace, &scratch, effort).await?
        } else {
            functions(&workspace, &scratch, effort, progress).await?
        };
        print(&if self.json {
            let document = json!({
                "rounds": effort.rounds, "invocations": effort.invocations, "starts": effort.starts,
                "figures": figures,
            });
            format!("{document:#}\n")
        } else {
            Table(&figures).to_string()
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The figures of both functions.
async fn functions(
    workspace: &Path,
    scratch: &Path,
    effort: Effort,
    progress: Progress,
) -> Result<Vec<Figure>, BenchError> {
    progress.step("building release binaries");
    let binaries = build(workspace, scratch).await?;
    progress.step("measuring the authorizer");
    let table = table(workspace)?;
    let mut figures = authorizer::measure(&binaries, scratch, effort).await?;
    progress.step("measuring the handler");
    figures.extend(handler::measure(&binaries, table, scratch, effort).await?);
    figures.extend(sizes(&binaries)?);
    Ok(figures)
}

/// A template of the workspace, by its path there.
fn template(workspace: &Path, path: &str) -> Result<Template, BenchError> {
    let failed = |cause: String| BenchError::Template(path.to_owned(), cause);
    let text = text_file::read(&workspace.join(path)).map_err(|cause| failed(cause.to_string()))?;
    let known =
        ["Issuer", "WebOrigin"].map(|name| (name.to_owned(), "https://bench.example".to_owned()));
    let given = Given {
        known: known.into(),
        runs_nothing: true,
        region: aws::DEFAULT_REGION.to_owned(),
        ..Given::default()
    };
    Template::read(&text, &given).map_err(|cause| failed(cause.to_string()))
}

/// The template's table, in a separate database.
fn table(workspace: &Path) -> Result<TableDefinition, BenchError> {
    const TEMPLATE: &str = "template.yaml";
    let mut tables = template(workspace, TEMPLATE)?.tables.into_iter();
    tables.next().ok_or_else(|| {
        BenchError::Template(
            TEMPLATE.to_owned(),
            "expected a table, found none".to_owned(),
        )
    })
}

/// A server's socket on a free port.
async fn listen() -> Result<(TcpListener, SocketAddr), BenchError> {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .map_err(BenchError::Io)?;
    let address = listener.local_addr().map_err(BenchError::Io)?;
    Ok((listener, address))
}

/// Builds the binaries and copies them. The layout of a file in the page cache changes the time of a start by up to a
/// fifth, so all are written in the same way.
async fn build(workspace: &Path, scratch: &Path) -> Result<Binaries, BenchError> {
    let names = ["authorizer", "api-handler"].map(str::to_owned);
    let floors = ["authorizer-floor", "api-handler-floor"].map(str::to_owned);
    let mut built = toolchain::build(workspace, &names, true).await?;
    built.extend(toolchain::build_examples(workspace, &floors).await?);
    let mut take = |name: &str| {
        let built = built
            .remove(name)
            .ok_or_else(|| toolchain::BuildError::Missing(name.to_owned()))?;
        let copy = scratch.join(name);
        std::fs::copy(built, &copy).map_err(BenchError::Io)?;
        Ok::<_, BenchError>(copy)
    };
    Ok(Binaries {
        authorizer: take("authorizer")?,
        handler: take("api-handler")?,
        authorizer_floor: take("authorizer-floor")?,
        handler_floor: take("api-handler-floor")?,
    })
}

/// The sizes of the binaries, and of the zips that Lambda would get.
fn sizes(binaries: &Binaries) -> Result<Vec<Figure>, BenchError> {
    let mut figures = Vec::new();
    for (names, binary, target) in [
        (
            ("authorizer, binary", "authorizer, zip"),
            &binaries.authorizer,
            2.0,
        ),
        (("handler, binary", "handler, zip"), &binaries.handler, 3.0),
    ] {
        let bytes = std::fs::read(binary).map_err(BenchError::Io)?;
        let mut encoder =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&bytes).map_err(BenchError::Io)?;
        let deflated = encoder.finish().map_err(BenchError::Io)?;
        figures.push(Figure::plain(names.0, "MB", megabytes(bytes.len()), None));
        figures.push(Figure::plain(
            names.1,
            "MB",
            megabytes(deflated.len()),
            Some(target),
        ));
    }
    Ok(figures)
}

fn megabytes(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1e6
}
