//! Every file in `events/`, run by `cargo local invoke`, and its whole answer compared with `tests/answers/`.

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

/// The files of a folder by name, without their ending.
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

/// Not by `Path::with_extension`, which takes the end of `http-api-2.0` for an ending.
fn json_file(folder: &Path, name: &str) -> String {
    format!("{}.json", folder.join(name).display())
}

/// The answer of a proxied function has its body as text: compared as JSON, so that the order of members is free.
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

#[test]
fn every_sample_event_gets_its_recorded_answer() {
    let stack = RunningStack::start("events", &["--parameter", "Dpop=accept"]);
    for function in ["authorizer", "api-handler"] {
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
}
