//! No log, error, output of a command or trace of a crash has a fragment of a secret: eight characters of any token, code,
//! verifier, client secret, proof, cookie or private key of the run.
//!
//! The issuer's process records its requests and responses, so the test knows all secrets. Secrets that a command prints or
//! writes on purpose are not searched: the standard output of `token`, the keys in `issuer/keys.json` and `dpop/`.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and reports what it searched"
)]

mod calls;
mod commands;
mod known;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use known::{Kind, Leak, Secrets, files};
use testkit::repository;
use tests::RunningStack;

/// A secret of the introspection client. The local issuer refuses it, so each call of the authorizer reports an error.
const CLIENT_SECRET: &str = "Zq7nVYw2TkcXb9LrPdHs4";

/// What every stack writes to its folder: the logs of the functions and of the gateway, the access log, what is printed to
/// the terminal, and the database.
const WRITTEN: [&str; 6] = [
    "authorizer.log",
    "logs/gateway.log",
    "access.log",
    "stdout.log",
    "stderr.log",
    "state.sqlite",
];

#[tokio::test]
async fn no_fragment_of_a_secret_is_written() {
    let (record, stack) = start("secrets", &["--verbose", "--parameter", "Dpop=accept"]);
    let outputs = Outputs::new(&stack);
    let mut secrets = Secrets::default();
    commands::run_all(&stack, &outputs, &mut secrets);
    calls::send_all(&stack, &record, &outputs, &mut secrets).await;
    calls::crash_functions(&stack, &outputs).await;
    let crashes = fs::read_to_string(stack.data().join("stderr.log")).expect("what was printed");
    for signal in ["SIGABRT", "SIGKILL"] {
        assert!(crashes.contains(signal), "{signal} was not reported");
    }
    commands::run_without_issuer(&stack, &outputs, &mut secrets);
    search(stack, &record, secrets, Kind::ClientSecret);
}

#[tokio::test]
async fn no_fragment_of_a_secret_is_written_if_introspection_fails() {
    let template = fs::read_to_string(repository().join("template.yaml")).expect("the template");
    let reference = "!Sub \"{{resolve:secretsmanager:${IntrospectionSecretArn}}}\"";
    assert!(template.contains(reference));
    let file = std::env::temp_dir().join(format!("secrets-{}.yaml", std::process::id()));
    fs::write(&file, template.replace(reference, CLIENT_SECRET)).expect("a template");
    let path = file.display().to_string();
    let (record, stack) = start(
        "secrets-json",
        &[
            "--json",
            "--template",
            &path,
            "--parameter",
            "Introspection=on",
            "--parameter",
            "IntrospectionClientId=web",
            "--parameter",
            "IntrospectionSecretArn=arn:aws:secretsmanager:eu-west-1:111122223333:secret:x",
        ],
    );
    let outputs = Outputs::new(&stack);
    let mut secrets = Secrets::default();
    secrets.add(Kind::ClientSecret, CLIENT_SECRET);
    calls::fail(&stack, &outputs).await;
    fs::remove_file(file).expect("the template is removed");
    search(stack, &record, secrets, Kind::Mistaken);
}

/// A stack with an issuer that records its exchanges in a file.
fn start(name: &str, flags: &[&str]) -> (PathBuf, RunningStack) {
    let recorder = repository().join("tests/secrets/recorder.mjs");
    let file = format!("exchanges-{name}-{}.jsonl", std::process::id());
    let file = std::env::temp_dir().join(file);
    let stack = RunningStack::start_with(name, |command| {
        command
            .args(["--issuer-port", "0", "--parameter", "LogLevel=trace"])
            .args(flags)
            .env(
                "NODE_OPTIONS",
                format!("--import=\"{}\"", recorder.display()),
            )
            .env("RECORDED_EXCHANGES", &file);
    });
    (file, stack)
}

/// Ends the stack and searches its folder. The run has secrets of all kinds except `absent`.
fn search(stack: RunningStack, record: &Path, mut secrets: Secrets, absent: Kind) {
    let data = stack.data().to_owned();
    drop(stack);
    secrets.add_exchanges(record);
    fs::remove_file(record).expect("the record is removed");
    let mut printed_on_purpose = vec![data.join("issuer/keys.json")];
    if data.join("dpop").exists() {
        printed_on_purpose.extend(files(&data.join("dpop")));
    }
    for file in &printed_on_purpose {
        secrets.add_keys(file);
    }
    for name in WRITTEN {
        let file = data.join(name);
        let length = fs::metadata(&file).map_or(0, |file| file.len());
        assert!(length > 0, "{name} is not among the searched files");
    }
    let leaks = secrets.leaks(&data, &printed_on_purpose);
    assert_eq!(leaks, BTreeSet::new());

    let counts = secrets.counts();
    eprintln!("{} files searched for {counts:?}", files(&data).len());

    // The search finds a fragment of each kind.
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != absent) {
        let secret = secrets.one(kind);
        let (_, end) = secret.split_at(secret.len() - 8);
        let file = data.join("logs/planted.log");
        fs::write(&file, format!("a line with {end} in it\n")).expect("a log with a fragment");
        let fragment = end.to_owned();
        let planted = BTreeSet::from([Leak {
            kind,
            file,
            fragment,
        }]);
        assert_eq!(
            secrets.leaks(&data, &printed_on_purpose),
            planted,
            "{counts:?}"
        );
    }
}

/// The folder with the outputs of commands and the answers to calls.
pub(crate) struct Outputs(PathBuf);

impl Outputs {
    fn new(stack: &RunningStack) -> Self {
        let folder = stack.data().join("outputs");
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    pub(crate) fn keep(&self, name: &str, text: &[u8]) {
        let count = files(&self.0).len();
        let file = self.0.join(format!("{count:03} {name}"));
        fs::write(file, text).expect("an output is kept");
    }
}
