//! The audit in `docs/proof.md` lists every crate in the two functions, and every package forbids unsafe code.

#![expect(
    clippy::expect_used,
    reason = "a test: what goes wrong here is its verdict"
)]

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use testkit::repository;

/// The crates in a function, from cargo.
fn dependencies(function: &str) -> BTreeSet<String> {
    let flags =
        "--locked --offline --edges normal,no-proc-macro --prefix none --no-dedupe --format {p}";
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--package",
            function,
            "--target",
            "x86_64-unknown-linux-gnu",
        ])
        .args(flags.split(' '))
        .current_dir(repository())
        .output()
        .expect("cargo");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let text = String::from_utf8(output.stdout).expect("names");
    let names = text.lines().filter_map(|line| line.split(' ').next());
    let ours = ["authorizer", "api-handler", "lambda-support"];
    let others = names.filter(|name| !ours.contains(name));
    others.map(str::to_owned).collect()
}

/// The crates of the section: the first cells of its table, and its list.
fn audited(document: &str) -> Vec<String> {
    let (_, section) = document
        .split_once("## What parses untrusted bytes\n")
        .expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.filter_map(|row| row.split(" | ").next());
    let parsing = cells.flat_map(|cell| cell.split(", "));
    let list = section.split("```text\n").nth(1).unwrap_or_default();
    let list = list.split("```").next().unwrap_or_default();
    let all = parsing.chain(list.split_whitespace());
    all.map(|name| name.trim_matches('`').to_owned()).collect()
}

#[test]
fn every_crate_in_a_function_is_audited_once() {
    let document = fs::read_to_string(repository().join("docs/proof.md")).expect("the document");
    let mut audited = audited(&document);
    audited.sort_unstable();
    let used = &dependencies("authorizer") | &dependencies("api-handler");
    let used: Vec<String> = used.into_iter().collect();
    let missing: Vec<_> = used.iter().filter(|name| !audited.contains(name)).collect();
    let idle: Vec<_> = audited.iter().filter(|name| !used.contains(name)).collect();
    assert!(
        missing.is_empty() && idle.is_empty(),
        "docs/proof.md, What parses untrusted bytes: missing {missing:?}, not in a function {idle:?}"
    );
    assert_eq!(audited, used, "a crate is listed twice");
}

#[test]
fn every_package_forbids_unsafe_code() {
    let manifest = |folder: &str| {
        let path = repository().join(folder).join("Cargo.toml");
        fs::read_to_string(path).expect("a manifest")
    };
    let workspace = manifest(".");
    assert!(workspace.contains("[workspace.lints.rust]\nunsafe_code = \"forbid\"\n"));
    let members = workspace
        .lines()
        .find_map(|line| line.strip_prefix("members = [\""));
    let members: Vec<&str> = members
        .expect("members")
        .trim_end_matches("\"]")
        .split("\", \"")
        .collect();
    assert!(members.contains(&"authorizer"));
    for member in members {
        assert!(
            manifest(member).contains("[lints]\nworkspace = true\n"),
            "{member}"
        );
    }
}

/// The macro of the fuzzer's library expands to unsafe code, so `fuzz/` cannot forbid it.
#[test]
fn the_fuzz_targets_have_no_unsafe_code() {
    for folder in ["fuzz/src", "fuzz/fuzz_targets"] {
        let sources: Vec<_> = fs::read_dir(repository().join(folder))
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        assert!(!sources.is_empty());
        for source in sources {
            let text = fs::read_to_string(&source).expect("a source file");
            assert!(!text.contains("unsafe"), "{}", source.display());
        }
    }
}
