//! Runs every file in `events/` with `cargo local invoke` and compares the whole answer with `tests/answers/`. With
//! `BOOTSTRAPS`, a folder such as `target/lambda`, the programs for deployment answer instead of the debug builds.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test: what goes wrong here is its verdict"
)]

use std::fs;
use std::path::Path;

use serde_json::Value;
use testkit::repository;
use tests::{RunningStack, assert_matches};

/// The names of the files in a folder, without their extension.
fn names(folder: &Path) -> Vec<String> {
    let files =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<_> = files
        .map(|file| file.expect("a file").path())
        .map(|file| {
            file.file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

/// Not with `Path::with_extension`, which treats the end of `http-api-2.0` as an extension.
fn json_file(folder: &Path, name: &str) -> String {
    format!("{}.json", folder.join(name).display())
}

/// The answer of a proxied function has its body as a string: compared as JSON, so that the order of members is free.
fn with_parsed_body(mut answer: Value) -> Value {
    if let Some(body) = answer.get_mut("body")
        && let Some(parsed) = body
            .as_str()
            .and_then(|text| serde_json::from_str(text).ok())
    {
        *body = parsed;
    }
    answer
}

/// The functions by name, each with its logical id in the template.
const FUNCTIONS: [(&str, &str); 2] = [
    ("authorizer", "AuthorizerFunction"),
    ("api-handler", "ApiHandlerFunction"),
];

/// The flags that run the bootstrap of each function, from the folder with the function's name.
fn run_bootstraps(folder: &str) -> Vec<String> {
    let flags = FUNCTIONS.map(|(name, logical_id)| {
        let command = format!("{logical_id}='{folder}/{name}/bootstrap'");
        ["--function".to_owned(), command]
    });
    flags.into_iter().flatten().collect()
}

#[test]
fn every_sample_event_gets_its_recorded_answer() {
    let mut flags = vec!["--parameter".to_owned(), "Dpop=accept".to_owned()];
    if let Ok(folder) = std::env::var("BOOTSTRAPS") {
        flags.extend(run_bootstraps(&folder));
    }
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let stack = RunningStack::start("events", &flags);
    for (function, _) in FUNCTIONS {
        let events = repository().join("events").join(function);
        let answers = repository().join("tests/answers").join(function);
        assert_eq!(
            names(&events),
            names(&answers),
            "each event of {function} has an answer"
        );
        assert!(
            names(&events).len() >= 9,
            "the sample events of {function} are gone"
        );
        for name in names(&events) {
            let event = json_file(&events, &name);
            let output = stack.run(&["invoke", function, &event]);
            let answer = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
                panic!(
                    "{event}: {error}: {}",
                    String::from_utf8_lossy(&output.stderr)
                )
            });
            let expected = fs::read_to_string(json_file(&answers, &name)).expect("the answer");
            let expected: Value =
                serde_json::from_str(&expected).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(
                output.status.success(),
                expected.get("errorType").is_none(),
                "{event}: the exit code"
            );
            assert_matches(&event, &with_parsed_body(answer), &expected);
        }
    }

    let event = json_file(&repository().join("events/authorizer"), "token-signed-in");
    let output = stack.run(&["invoke", "autorizer", &event]);
    let message = String::from_utf8_lossy(&output.stderr);
    let expected = "error: no function is named `autorizer`: expected the binary or the logical id of a function of \
                    the template, such as authorizer\n";
    assert_eq!((output.status.code(), &*message), (Some(1), expected));
}
