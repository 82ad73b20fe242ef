//! The npm packages of the local issuer and the pages, installed when they are missing or their lock file changes.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::progress::Progress;

/// The oldest Node.js that the local issuer runs on.
const OLDEST_NODE: (u32, u32) = (20, 12);

#[derive(Debug, thiserror::Error)]
pub(crate) enum PackagesError {
    #[error(
        "the local issuer needs Node.js {major}.{minor} or later with npm, {0}: install Node.js 22 from https://nodejs.org, \
         or use a real Okta, which needs none: cargo local --issuer URL --client-id ID --audience AUD",
        major = OLDEST_NODE.0, minor = OLDEST_NODE.1
    )]
    Node(String),
    #[error("`npm ci` failed in {folder}: see its messages above")]
    Npm { folder: String },
    #[error("{path}: {cause}")]
    File { path: String, cause: io::Error },
}

/// Checks that Node.js is installed and new enough. Fails if it is not.
pub(crate) async fn check_node() -> Result<(), PackagesError> {
    let output = Command::new("node")
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .await;
    let output = output.map_err(|_| PackagesError::Node("and `node` was not found".to_owned()))?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match parse(&version) {
        Some(found) if found >= OLDEST_NODE => Ok(()),
        _ => Err(PackagesError::Node(format!("and `node` is {version}"))),
    }
}

fn parse(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.strip_prefix('v')?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Installs the packages of `folder` if they are missing or older than its lock file.
pub(crate) async fn install(
    folder: &Path,
    lock_file: &Path,
    progress: Progress,
) -> Result<(), PackagesError> {
    if is_fresh(folder) {
        return Ok(());
    }
    // Two stacks that start at the same time must not install concurrently.
    let path = lock_file.to_owned();
    let file = |cause| PackagesError::File {
        path: lock_file.display().to_string(),
        cause,
    };
    let lock = tokio::task::spawn_blocking(move || -> io::Result<File> {
        let lock = File::create(path)?;
        lock.lock()?;
        Ok(lock)
    });
    let _lock = lock
        .await
        .map_err(io::Error::from)
        .flatten()
        .map_err(file)?;
    if is_fresh(folder) {
        return Ok(());
    }
    progress.step(format_args!(
        "installing the npm packages of {} (once)",
        folder.display()
    ));
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let status = Command::new(npm)
        .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::from(io::stderr()))
        .kill_on_drop(true)
        .status()
        .await
        .map_err(|_| PackagesError::Node("and `npm` was not found".to_owned()))?;
    if status.success() {
        Ok(())
    } else {
        Err(PackagesError::Npm {
            folder: folder.display().to_string(),
        })
    }
}

/// npm writes `node_modules/.package-lock.json` last, so the file exists only after a complete installation.
fn is_fresh(folder: &Path) -> bool {
    let modified =
        |path: &str| fs::metadata(folder.join(path)).and_then(|metadata| metadata.modified());
    match (
        modified("node_modules/.package-lock.json"),
        modified("package-lock.json"),
    ) {
        (Ok(installed), Ok(locked)) => installed >= locked,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_versions() {
        assert_eq!(parse("v20.20.2"), Some((20, 20)));
        assert_eq!(parse("v22.1.0"), Some((22, 1)));
        assert_eq!(parse("20"), None);
        assert!(parse("v18.19.0").unwrap() < OLDEST_NODE);
    }
}
