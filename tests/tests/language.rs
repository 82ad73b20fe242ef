//! The language of what people read: phrases that CONTRIBUTING.md asks to write otherwise, in documents, templates, help
//! and error messages.

#![expect(
    clippy::expect_used,
    reason = "a test: what goes wrong here is its verdict"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use testkit::repository;
use tests::{local_binary, packages, rust_files};

/// Phrases with the words to use instead.
const PHRASES: [(&str, &str); 30] = [
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
    ("are not there", "are missing"),
    ("is no text", "is not a string"),
    ("are no text", "are not strings"),
    ("sends no token", "without a token"),
    ("counts as", "is, is treated as"),
    ("stands for", "is, means"),
    ("stand for", "are, mean"),
    ("held to", "checked against"),
    ("holds to", "checks against"),
    ("tell of", "report"),
    ("tells of", "reports"),
    ("alone", "only"),
    ("a line a request", "one line per request"),
    ("said", "reported"),
    ("told", "reported, listed"),
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

/// The documents and templates of the root, of the folders with documents, and of each example.
fn documents() -> Vec<PathBuf> {
    let root = repository();
    let mut folders: Vec<PathBuf> = ["", "docs", "publish", "web"]
        .map(|name| root.join(name))
        .into();
    folders.extend(entries(&root.join("examples")).filter(|path| path.is_dir()));
    let mut documents: Vec<PathBuf> = folders.iter().flat_map(|folder| entries(folder)).collect();
    documents.retain(|path| {
        let is_document = path
            .extension()
            .is_some_and(|end| end == "md" || end == "yaml");
        // The language rules quote the phrases.
        is_document && !path.ends_with("CONTRIBUTING.md")
    });
    documents
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").path())
}

/// The messages of `#[error("…")]` in one source file, with their lines.
#[derive(Default)]
struct Messages(Vec<(usize, String)>);

impl Visit<'_> for Messages {
    fn visit_attribute(&mut self, attribute: &syn::Attribute) {
        if attribute.path().is_ident("error") {
            let arguments = attribute
                .parse_args_with(Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated)
                .expect("arguments as of `format!`");
            // `transparent` is no message.
            if let Some(syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(message),
                ..
            })) = arguments.first()
            {
                let line = message.span().start().line;
                self.0.push((line, message.value()));
            }
        }
        visit::visit_attribute(self, attribute);
    }
}

/// The error messages of every package, with their places.
fn error_messages() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for path in packages()
        .iter()
        .flat_map(|folder| rust_files(&folder.join("src")))
    {
        let text = fs::read_to_string(&path).expect("a source file");
        let mut messages = Messages::default();
        messages.visit_file(&syn::parse_file(&text).expect("Rust"));
        let place = |line| format!("{}:{line}", path.display());
        found.extend(
            messages
                .0
                .into_iter()
                .map(|(line, message)| (place(line), message)),
        );
    }
    found
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
    assert!(documents.len() >= 30, "{documents:?}");
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
fn error_messages_are_in_plain_technical_english() {
    let messages = error_messages();
    assert!(
        messages.len() >= 150,
        "messages are not found: {messages:?}"
    );
    let mut found = Vec::new();
    for (place, message) in messages {
        found.extend(findings(&place, &message));
        if message.ends_with('.') {
            found.push(format!("{place}: a message has no full stop: {message}"));
        }
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
