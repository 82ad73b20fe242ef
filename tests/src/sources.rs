//! The source files of the workspace.

use std::fs;
use std::path::{Path, PathBuf};

use testkit::repository;

/// The folder of every package of the workspace.
pub fn packages() -> Vec<PathBuf> {
    let entries = fs::read_dir(repository()).expect("the repository");
    entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|folder| folder.join("Cargo.toml").is_file())
        .collect()
}

/// The Rust files in and below a folder; none if it does not exist.
pub fn rust_files(folder: &Path) -> Vec<PathBuf> {
    files(folder, &["rs"])
}

/// The files with these extensions in and below a folder, without installed or built files.
pub fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return found;
    };
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            if !["node_modules", "target"]
                .iter()
                .any(|name| path.ends_with(name))
            {
                found.extend(files(&path, extensions));
            }
        } else if extensions
            .iter()
            .any(|one| path.extension().is_some_and(|own| own == *one))
        {
            found.push(path);
        }
    }
    found
}
