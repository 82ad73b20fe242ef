//! Where the source of the workspace is.

use std::fs;
use std::path::{Path, PathBuf};

use testkit::repository;

/// The folder of every package of the workspace.
#[must_use]
pub fn packages() -> Vec<PathBuf> {
    let entries = fs::read_dir(repository()).expect("the repository");
    entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|folder| folder.join("Cargo.toml").is_file())
        .collect()
}

/// The source files in a folder and those below it; none if it does not exist.
#[must_use]
pub fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return files;
    };
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
