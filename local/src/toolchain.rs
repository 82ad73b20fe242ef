//! Builds the functions with the cargo that runs this program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

#[derive(Debug, thiserror::Error)]
pub(crate) enum BuildError {
    #[error("cannot run `{cargo}`: {cause}")]
    Cargo {
        cargo: String,
        cause: std::io::Error,
    },
    #[error("the functions do not build: see cargo's messages above")]
    Build,
    #[error("cargo built no binary `{0}`: expected one of that name in the workspace")]
    Missing(String),
}

/// Builds the named binaries and returns their paths.
///
/// It passes `--bin` without `--package`. So features are unified over the whole workspace, as in `cargo test`, and
/// nothing is compiled twice.
pub(crate) async fn build(
    workspace: &Path,
    names: &[String],
    release: bool,
) -> Result<BTreeMap<String, PathBuf>, BuildError> {
    build_targets(workspace, "--bin", names, release).await
}

/// Builds the named examples in the release profile and returns their paths.
pub(crate) async fn build_examples(
    workspace: &Path,
    names: &[String],
) -> Result<BTreeMap<String, PathBuf>, BuildError> {
    build_targets(workspace, "--example", names, true).await
}

async fn build_targets(
    workspace: &Path,
    kind: &str,
    names: &[String],
    release: bool,
) -> Result<BTreeMap<String, PathBuf>, BuildError> {
    // Without a name, cargo would build the whole workspace.
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(&cargo);
    command
        .current_dir(workspace)
        .args(["build", "--message-format=json-render-diagnostics"]);
    for name in names {
        command.args([kind, name]);
    }
    if release {
        command.arg("--release");
    }
    // cargo shows its own progress. `output()` would hide it, because it pipes both streams.
    let cargo_runs = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn();
    let output = match cargo_runs {
        Ok(process) => process.wait_with_output().await,
        Err(error) => Err(error),
    };
    let output = output.map_err(|cause| BuildError::Cargo { cargo, cause })?;
    if !output.status.success() {
        return Err(BuildError::Build);
    }
    let built = executables(&output.stdout);
    match names.iter().find(|name| !built.contains_key(*name)) {
        Some(missing) => Err(BuildError::Missing(missing.clone())),
        None => Ok(built),
    }
}

/// The programs in cargo's messages, by the name of their target.
fn executables(messages: &[u8]) -> BTreeMap<String, PathBuf> {
    messages
        .split(|&byte| byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
        .filter_map(|message| {
            let name = message.pointer("/target/name")?.as_str()?.to_owned();
            Some((name, PathBuf::from(message.get("executable")?.as_str()?)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_names_build_nothing() {
        let built = build(Path::new("/nowhere"), &[], false).await;
        assert_eq!(built.expect("cargo is not run"), BTreeMap::new());
    }

    #[test]
    fn executables_are_found_among_messages() {
        let messages =
            br#"{"reason":"compiler-artifact","target":{"name":"serde"},"executable":null}
not JSON
{"reason":"compiler-artifact","target":{"name":"authorizer"},"executable":"/t/debug/authorizer"}
{"reason":"build-finished","success":true}"#;
        let expected = BTreeMap::from([(
            "authorizer".to_owned(),
            PathBuf::from("/t/debug/authorizer"),
        )]);
        assert_eq!(executables(messages), expected);
    }
}
