//! `cargo local`: see the library beside it.

use std::process::ExitCode;

use clap::Parser as _;

#[tokio::main]
async fn main() -> ExitCode {
    local::cli::Cli::parse().run().await
}
