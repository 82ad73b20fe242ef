//! The form of the source: which modules use which, how long functions are, and what types are named.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test: what goes wrong here is its verdict"
)]

#[path = "structure/modules.rs"]
mod modules;
#[path = "structure/scripts.rs"]
mod scripts;
#[path = "structure/source.rs"]
mod source;

use std::collections::BTreeMap;

use modules::circles;
use source::{Crate, crates};

const MAX_FUNCTION_LINES: usize = 100;

#[test]
fn sibling_modules_never_import_each_other_in_a_circle() {
    let found: Vec<String> = crates().iter().flat_map(circles).collect();
    assert!(found.is_empty(), "import circles:\n{}", found.join("\n"));
}

#[test]
fn no_function_has_more_than_100_lines() {
    let scripts = scripts::functions();
    let crates = crates();
    let rust = crates.iter().flat_map(|package| &package.functions);
    let long: Vec<String> = rust
        .chain(&scripts)
        .filter(|function| function.lines > MAX_FUNCTION_LINES)
        .map(|function| format!("{}: {} lines", function.place, function.lines))
        .collect();
    assert!(long.is_empty(), "functions too long:\n{}", long.join("\n"));
}

/// The settings of each Lambda: no crate uses both.
const SHARED_NAME: &str = "Settings";

#[test]
fn no_two_types_share_a_name() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for found in crates().iter().flat_map(|package| &package.types) {
        let named = places.entry(found.name.clone()).or_default();
        named.push(found.place.clone());
    }
    let shared: Vec<String> = places
        .iter()
        .filter(|(name, places)| places.len() > 1 && *name != SHARED_NAME)
        .map(|(name, places)| format!("{name}: {}", places.join(", ")))
        .collect();
    assert!(
        shared.is_empty(),
        "one name, two types:\n{}",
        shared.join("\n")
    );
}

#[test]
fn error_types_end_in_error() {
    let crates = crates();
    let types = crates.iter().flat_map(|package| &package.types);
    let (named, others): (Vec<_>, Vec<_>) =
        types.filter(|found| found.is_error).partition(|found| {
            ["Error", "Refusal", "Problem"]
                .iter()
                .any(|end| found.name.ends_with(end))
        });
    assert!(named.len() > 40, "only {}", named.len());
    let others: Vec<String> = others
        .iter()
        .map(|found| format!("{}: {}", found.place, found.name))
        .collect();
    assert!(others.is_empty(), "error types:\n{}", others.join("\n"));
}

/// Without any source the tests above would pass.
#[test]
fn the_source_is_found() {
    let names: Vec<String> = crates()
        .into_iter()
        .map(|Crate { name, .. }| name)
        .collect();
    let scripts = scripts::functions();
    for kind in [".js:", ".mjs:", ".py:"] {
        let of_kind = scripts
            .iter()
            .filter(|function| function.place.contains(kind));
        assert!(of_kind.count() > 40, "{kind}");
    }
    for expected in ["api-handler", "authorizer", "local", "tests"] {
        assert!(names.iter().any(|name| name == expected), "{names:?}");
    }
    let crates = crates();
    let places = crates.iter().flat_map(|package| &package.functions);
    let (tests, source): (Vec<_>, Vec<_>) = places
        .map(|function| function.place.as_str())
        .partition(|place| place.contains("/tests/"));
    let found = [source.len(), tests.len()];
    assert!(found.iter().all(|count| *count > 1000), "only {found:?}");
}
