//! The language of what people read: phrases that CONTRIBUTING.md asks to write otherwise, in documents, templates, comments,
//! messages and names.

#![expect(
    clippy::expect_used,
    reason = "a test: what goes wrong here is its verdict"
)]

use std::fs;
use std::path::PathBuf;

use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use testkit::repository;
use tests::{files, packages, rust_files};

/// Phrases with the words to use instead. A word with a capital begins a sentence.
const PHRASES: [(&str, &str); 59] = [
    ("nobody", "an anonymous caller, no caller"),
    ("somebody", "the caller, a user"),
    ("anybody", "any caller"),
    ("whoever", "the caller, a client without a token"),
    ("to be had", "available"),
    ("held against", "checked against"),
    ("held to", "checked against"),
    ("holds to", "checks against"),
    ("turned away", "rejected"),
    ("told apart", "distinguished"),
    ("tells apart", "distinguishes"),
    ("tell of", "report"),
    ("tells of", "reports"),
    ("said", "reported"),
    ("told", "reported, listed"),
    ("is let in", "is allowed"),
    ("are let in", "are allowed"),
    ("be let in", "be allowed"),
    ("lets in", "allows"),
    ("lets through", "allows"),
    ("anew", "again"),
    ("further", "more, other"),
    ("lest", "otherwise"),
    ("alone", "only"),
    (", for he", ", because"),
    (", for it", ", because"),
    (", for no", ", because"),
    (", for nothing", ", because"),
    (", for otherwise", ", because"),
    (", for there", ", because"),
    (", for they", ", because"),
    (", for we", ", because"),
    ("is there", "is present, exists"),
    ("are there", "are present, exist"),
    ("is not there", "is missing"),
    ("are not there", "are missing"),
    ("as text", "as a string"),
    ("is text", "is a string"),
    ("are text", "are strings"),
    ("is no text", "is not a string"),
    ("are no text", "are not strings"),
    ("a text of", "a string of"),
    ("a text that", "a string that"),
    ("sends no token", "without a token"),
    ("counts as", "is, is treated as"),
    ("counts from", "is valid, applies"),
    ("counts if", "is valid, applies"),
    ("counts only", "is valid, applies"),
    ("counts until", "is valid, applies"),
    ("counts when", "is valid, applies"),
    ("does not count", "is ignored"),
    ("do not count", "are ignored"),
    ("stands for", "is, means"),
    ("stand for", "are, mean"),
    ("stands at", "is at"),
    ("stands in", "is in"),
    ("stands there", "is present"),
    ("What is", "the noun itself"),
    ("a line a request", "one line per request"),
];

/// The extensions of documents and source. Names in it are read as words.
const EXTENSIONS: [&str; 13] = [
    "hcl", "html", "js", "md", "mjs", "py", "rs", "sh", "tf", "toml", "ts", "yaml", "yml",
];

/// These list the phrases.
const EXCEPTIONS: [&str; 2] = ["CONTRIBUTING.md", "tests/tests/language.rs"];

/// Each phrase in a text, with the line where it ends. A phrase may cross a line, but no end of a sentence.
fn findings(place: &str, text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        // A comma is a word.
        let text = text
            .replace(',', " , ")
            .replace(['.', ';', ':', '!', '?'], " . ");
        let separators = |letter: char| !letter.is_alphanumeric() && !"',.".contains(letter);
        let in_line = text.split(separators).filter(|word| !word.is_empty());
        words.extend(in_line.map(|word| (line, word.to_owned(), word.to_lowercase())));
    }
    let mut found = Vec::new();
    for (phrase, instead) in PHRASES {
        let wanted: Vec<&str> = phrase.split(' ').collect();
        for run in words.windows(wanted.len()) {
            let mut pairs = run.iter().zip(&wanted);
            if pairs.all(|((_, word, lower), wanted)| word == wanted || lower == wanted) {
                let line = run.last().map_or(0, |(line, ..)| *line);
                found.push(format!("{place}:{line}: `{phrase}`: write {instead}"));
            }
        }
    }
    found
}

/// The messages of `#[error("…")]` in one source file, with their lines.
#[derive(Default)]
struct Messages(Vec<(usize, String)>);

impl Visit<'_> for Messages {
    fn visit_attribute(&mut self, attribute: &syn::Attribute) {
        if attribute.path().is_ident("error") {
            let arguments = attribute
                .parse_args_with(Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated)
                .expect("arguments like those of `format!`");
            // `transparent` is not a message.
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

#[test]
fn everything_is_in_plain_technical_english() {
    let root = repository();
    let mut places: Vec<PathBuf> = files(&root, &EXTENSIONS);
    places.push(root.join(".ci/run"));
    places.retain(|path| EXCEPTIONS.iter().all(|name| *path != root.join(name)));
    for extension in EXTENSIONS {
        let of_kind = |path: &&PathBuf| path.extension().is_some_and(|own| own == extension);
        assert!(places.iter().any(|path| of_kind(&path)), "no .{extension}");
    }
    let mut found = Vec::new();
    for path in places {
        let text = fs::read_to_string(&path).expect("a text file");
        found.extend(findings(&path.display().to_string(), &text));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn error_messages_have_no_full_stop() {
    let messages = error_messages();
    assert!(
        messages.len() >= 150,
        "messages are not found: {messages:?}"
    );
    let ending: Vec<String> = messages
        .iter()
        .filter(|(_, message)| message.ends_with('.'))
        .map(|(place, message)| format!("{place}: {message}"))
        .collect();
    assert!(ending.is_empty(), "\n{}", ending.join("\n"));
}

#[test]
fn a_phrase_is_found_in_any_case_across_lines_and_not_inside_a_word() {
    for (text, expected) in [
        ("Nobody gets in.", 1),
        ("the latest test", 0),
        ("/// it is turned\n/// away", 1),
        ("fn a_token_is_turned_away() {}", 1),
        ("it is turned. Away", 0),
        ("renewed", 0),
        ("What is wrong. It says what is wrong.", 1),
        ("a list, for it is short, for the caller", 1),
        ("counts the calls", 0),
    ] {
        assert_eq!(findings("text", text).len(), expected, "{text}");
    }
}
