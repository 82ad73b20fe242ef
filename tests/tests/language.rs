//! The language of what people read first: phrases that CONTRIBUTING.md asks to write otherwise.

#![expect(
    clippy::expect_used,
    reason = "a test: what goes wrong here is its verdict"
)]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use testkit::repository;
use tests::local_binary;

/// Phrases with the words to use instead.
const PHRASES: [(&str, &str); 16] = [
    ("nobody", "an anonymous caller, no caller"),
    ("somebody", "the caller, a user"),
    ("anybody", "any caller"),
    ("whoever", "the caller, a client without a token"),
    ("to be had", "available"),
    ("held against", "checked against"),
    ("turned away", "rejected"),
    ("told apart", "distinguished"),
    ("tells apart", "distinguishes"),
    ("let in", "allowed"),
    ("lets through", "allows"),
    ("lets in", "allows"),
    ("anew", "again"),
    ("lest", "otherwise"),
    ("is not there", "is missing"),
    ("is no text", "is not a string"),
];

/// Each phrase in a text, with the line that has it.
fn findings(place: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let words: Vec<String> = line
            .split(|letter: char| !letter.is_alphanumeric() && letter != '\'')
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        let words = format!(" {} ", words.join(" "));
        for (phrase, instead) in PHRASES {
            if words.contains(&format!(" {phrase} ")) {
                found.push(format!(
                    "{place}:{}: `{phrase}`: write {instead}",
                    number + 1
                ));
            }
        }
    }
    found
}

fn documents() -> Vec<PathBuf> {
    let mut documents = Vec::new();
    for folder in ["", "docs"] {
        for entry in fs::read_dir(repository().join(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            let is_document = path
                .extension()
                .is_some_and(|end| end == "md" || end == "yaml");
            // The language rules quote the phrases.
            if is_document && !path.ends_with("CONTRIBUTING.md") {
                documents.push(path);
            }
        }
    }
    documents
}

/// The help of the program and of every command below it.
fn help(command: &[String]) -> Vec<(String, String)> {
    let output = Command::new(local_binary())
        .args(command)
        .arg("--help")
        .output()
        .expect("help");
    let text = String::from_utf8(output.stdout).expect("help is UTF-8");
    let mut pages = vec![(
        format!("cargo local {} --help", command.join(" ")),
        text.clone(),
    )];
    let commands = text
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help");
    for name in commands {
        pages.extend(help(&[command, &[name.to_owned()]].concat()));
    }
    pages
}

#[test]
fn documents_and_help_are_in_plain_technical_english() {
    let mut found = Vec::new();
    let documents = documents();
    assert!(documents.len() >= 5, "{documents:?}");
    for path in documents {
        let text = fs::read_to_string(&path).expect("a document");
        found.extend(findings(&path.display().to_string(), &text));
    }
    let pages = help(&[]);
    assert!(pages.len() >= 3, "the commands are not found: {pages:?}");
    for (place, text) in pages {
        found.extend(findings(&place, &text));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_phrase_is_found_whatever_its_case_and_not_inside_a_word() {
    for (text, expected) in [
        ("Nobody gets in.", 1),
        ("the latest test", 0),
        ("it is turned away", 1),
        ("renewed", 0),
    ] {
        assert_eq!(findings("text", text).len(), expected, "{text}");
    }
}
