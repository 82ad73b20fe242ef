//! SECURITY.md names a test for each rule. This test checks that each of them exists.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The names of all functions in the source files below a folder.
fn functions(folder: &Path, names: &mut HashSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            functions(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let lines = text
                .lines()
                .filter_map(|line| line.trim().split("fn ").nth(1));
            names.extend(
                lines
                    .filter_map(|rest| rest.split(['(', '<']).next())
                    .map(str::to_owned),
            );
        }
    }
}

#[test]
fn every_test_that_the_security_page_names_exists() {
    let mut names = HashSet::new();
    for folder in ["src", "tests"] {
        functions(&Path::new(ROOT).join(folder), &mut names);
    }
    let page = fs::read_to_string(Path::new(ROOT).join("../SECURITY.md")).unwrap();
    let table = page.split("| rule | tested by |").nth(1).unwrap();
    let rows = table
        .lines()
        .filter(|line| line.starts_with("| RFC") || line.starts_with("| OpenID"));
    let mut count = 0;
    for row in rows {
        let cells: Vec<&str> = row.split(" | ").collect();
        let tests: Vec<&str> = cells[1].split('`').skip(1).step_by(2).collect();
        assert!(!tests.is_empty(), "no test for {row}");
        for test in tests {
            assert!(
                names.contains(test),
                "{test} is named in SECURITY.md and does not exist"
            );
        }
        count += 1;
    }
    assert!(count > 40, "the table has shrunk to {count} rows");
}
