//! The program `cargo local`. Its code is in the library of this crate.

use std::process::ExitCode;

use clap::Parser as _;
use local::cli::Cli;
use local::progress::line;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            line(format_args!("error: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let status = runtime.block_on(cli.run());
    // The resolver cannot be interrupted, and an abandoned lookup must not keep the process alive.
    runtime.shutdown_background();
    status
}
