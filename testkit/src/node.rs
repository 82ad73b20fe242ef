//! Runs tests that are written in JavaScript as part of `cargo test`.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use crate::repository;

/// Keeps two tests from running npm in one folder at the same time.
static NPM: Mutex<()> = Mutex::new(());

/// Installs the npm packages in the lock file of a folder of the repository, unless they are installed.
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

/// Runs `node` in a folder of the repository and returns its standard output.
///
/// # Panics
///
/// If it fails. The message has its output.
pub fn node(folder: &str, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let output = Command::new("node")
        .args(arguments)
        .envs(variables.iter().copied())
        // With this variable a test runner prints output for an outer test runner.
        .env_remove("NODE_TEST_CONTEXT")
        .current_dir(repository().join(folder))
        .output()
        .expect("Node.js");
    verdict(&format!("node {}", arguments.join(" ")), &output);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The path of the first of these programs that is in the search path.
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
