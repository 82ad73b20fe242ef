//! `cargo local explain`, as the command: it reports the right cause for each reason of `docs/reasons.md` that it can reach.

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

/// A folder with a template and perhaps a JWK Set, in which no stack runs.
struct Setup {
    folder: PathBuf,
    template: String,
    /// The options that name both files, and the time of every call.
    options: Vec<String>,
}

impl Setup {
    fn new(name: &str, template: &str, jwks: Option<&str>) -> Self {
        let folder = folder(name);
        let file = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let template = file("template.yaml", template);
        let mut options = vec![
            format!("--template={template}"),
            "--at=2026-01-01T00:10:00Z".to_owned(),
        ];
        options.extend(jwks.map(|jwks| format!("--jwks={}", file("keys.json", jwks))));
        Self {
            folder,
            template,
            options,
        }
    }

    fn explain(&self, arguments: &[&str]) -> Output {
        let options = self.options.iter().map(String::as_str);
        let all: Vec<_> = options.chain(arguments.iter().copied()).collect();
        explain(&self.folder, &all)
    }

    /// The JSON that it prints.
    fn explained(&self, arguments: &[&str]) -> Value {
        let output = self.explain(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
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
