//! `cargo local explain`, as the command: the right cause for each reason of `docs/reasons.md` that it can reach.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod calls;
mod gateway;
mod introspection;
mod proof;
mod reasons;
mod signer;
mod whole;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join("explain")
        .join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs `cargo local explain` with a folder in which no stack runs.
fn explain(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_local"))
        .args(["explain", "--json", "--data"])
        .arg(folder)
        .args(arguments)
        .output()
        .unwrap()
}

/// The JSON that it prints.
fn explained(folder: &Path, arguments: &[&str]) -> Value {
    let output = explain(folder, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    serde_json::from_slice(&output.stdout).unwrap()
}
