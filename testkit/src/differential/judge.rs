//! The other implementations: programs in `tests/differential/` that read inputs from a file and print their opinions.

use std::fs;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::Opinion;
use crate::node::{self, program};
use crate::repository;

const FOLDER: &str = "tests/differential";

/// Keeps two tests from running pip in one environment at the same time.
static PIP: Mutex<()> = Mutex::new(());

/// Another implementation.
#[derive(Clone, Copy, Debug)]
pub struct Judge {
    /// The name in the table.
    pub name: &'static str,
    /// The program, an `.mjs` or `.py` file.
    pub program: &'static str,
}

impl Judge {
    /// The judge's opinion of every input; `None` if its language is not installed, which is an error in CI.
    pub(super) fn ask(
        &self,
        suite: &str,
        settings: &Value,
        inputs: &[Value],
    ) -> Option<Vec<Opinion>> {
        let folder = repository().join("target/differential");
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{suite}-{}.json", self.name));
        fs::write(
            &file,
            json!({"settings": settings, "inputs": inputs}).to_string(),
        )
        .unwrap();
        let file = file.display().to_string();
        let printed = if self.program.ends_with(".mjs") {
            node::install(FOLDER);
            node::node(FOLDER, &[self.program, &file], &[])
        } else {
            self.python(&file)?
        };
        let opinions: Vec<Opinion> = printed.lines().map(opinion).collect();
        assert_eq!(
            opinions.len(),
            inputs.len(),
            "{}: one line per input",
            self.name
        );
        Some(opinions)
    }

    fn python(&self, file: &str) -> Option<String> {
        let Some(python) = program(&["python3"]) else {
            assert!(std::env::var_os("CI").is_none(), "python3 is missing");
            skipped(self.name);
            return None;
        };
        let program = repository().join(FOLDER).join(self.program);
        let program = program.display().to_string();
        Some(run(&environment(&python), &[&program, file]))
    }
}

/// The Python of a virtual environment with the locked packages. Creates the environment if it is missing or out of
/// date.
fn environment(python: &str) -> String {
    let _turn = PIP.lock().unwrap_or_else(PoisonError::into_inner);
    let root = repository();
    let folder = root.join("target/differential/venv");
    let made = folder.join("requirements.txt");
    let locked = fs::read(root.join(FOLDER).join("requirements.txt")).unwrap();
    let inside = folder.join("bin/python").display().to_string();
    if fs::read(&made).ok().as_ref() != Some(&locked) {
        run(
            python,
            &["-m", "venv", "--clear", &folder.display().to_string()],
        );
        let requirements = root.join(FOLDER).join("requirements.txt");
        let requirements = requirements.display().to_string();
        let install = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ];
        run(
            &inside,
            &[
                &install[..],
                &["--require-hashes", "--requirement", &requirements],
            ]
            .concat(),
        );
        fs::write(made, locked).unwrap();
    }
    inside
}

fn run(command: &str, arguments: &[&str]) -> String {
    let output = Command::new(command)
        .args(arguments)
        .output()
        .expect("Python");
    assert!(
        output.status.success(),
        "`{command} {}` failed:\n{}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn opinion(line: &str) -> Opinion {
    let opinion: Value = serde_json::from_str(line).expect("an opinion");
    let member = |name: &str| opinion[name].as_str().unwrap_or_default().to_owned();
    Opinion {
        outcome: member("outcome"),
        reason: member("reason"),
    }
}

#[expect(clippy::print_stderr, reason = "a skipped test must be visible")]
fn skipped(judge: &str) {
    eprintln!("skipped: {judge} needs python3");
}
