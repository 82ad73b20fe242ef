//! Tests that are written in JavaScript, run as part of `cargo test`.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use crate::repository;

/// npm must not install over itself.
static NPM: Mutex<()> = Mutex::new(());

/// Installs the npm packages of a folder of the repository as its lock says, where that has not been done.
///
/// # Panics
///
/// If npm fails.
pub fn install(folder: &str) {
    let _turn = NPM.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = repository().join(folder);
    if folder.join("node_modules/.package-lock.json").exists() {
        return;
    }
    let output = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
        .current_dir(&folder)
        .output()
        .expect("npm, which comes with Node.js");
    verdict("npm ci", &output);
}

/// Runs `node` in a folder of the repository and returns what it printed.
///
/// # Panics
///
/// If it fails; what it printed is in the message.
pub fn node(folder: &str, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let output = Command::new("node")
        .args(arguments)
        .envs(variables.iter().copied())
        // A test runner that finds itself inside another one speaks its language.
        .env_remove("NODE_TEST_CONTEXT")
        .current_dir(repository().join(folder))
        .output()
        .expect("Node.js");
    verdict(&format!("node {}", arguments.join(" ")), &output);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The path of a program that is in the search path.
pub fn program(names: &[&str]) -> Option<String> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|program| Path::is_file(program))
        .map(|program| program.display().to_string())
}

fn verdict(command: &str, output: &Output) {
    assert!(
        output.status.success(),
        "`{command}` failed:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
