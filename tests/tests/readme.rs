//! Every `console` block of the README, run as it stands there, and what it prints compared with what stands below it.

#![expect(clippy::panic, reason = "a test: what goes wrong here is its verdict")]

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use testkit::repository;
use tests::{RunningStack, text_matches};

/// What separates the outputs of the commands in the one shell that runs them all.
const MARK: &str = "~~~ next command ~~~\n";

struct Step {
    command: String,
    expected: String,
}

/// The commands of the page in their order, each with the lines that it should print.
fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        match (inside, line) {
            (false, "```console") => inside = true,
            (true, "```") => inside = false,
            (true, line) => match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push(Step {
                    command: command.to_owned(),
                    expected: String::new(),
                }),
                (None, Some(step)) => {
                    step.expected.push_str(line);
                    step.expected.push('\n');
                }
                (None, None) => panic!("a block that starts with no command: {line}"),
            },
            (false, _) => {}
        }
    }
    steps
}

/// With `README_STACK=running` the commands go, word for word, to a running stack that `cargo local` started; otherwise to
/// one of the test's own on free ports, and with the binary in place of `cargo -q local`, which would wait for cargo.
#[test]
fn the_readme_is_true() {
    let page = fs::read_to_string(repository().join("README.md")).expect("the README");
    let steps = steps(&page);
    assert!(steps.len() >= 10, "the walk through is gone");

    let own_stack =
        (std::env::var_os("README_STACK").is_none()).then(|| RunningStack::start("readme", &[]));
    let script: String = steps
        .iter()
        .map(|step| format!("{}\nprintf '%s' '{MARK}'\n", step.command))
        .collect();
    let script = match &own_stack {
        None => script,
        Some(stack) => {
            let local = stack.command(&[]);
            let words = [local.get_program()].into_iter().chain(local.get_args());
            let words: Vec<_> = words
                .map(|word| word.to_string_lossy().into_owned())
                .collect();
            script
                .replace("cargo -q local", &words.join(" "))
                .replace("http://127.0.0.1:3000/prod", stack.address("api"))
        }
    };

    let mut shell = Command::new("bash")
        .current_dir(repository())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("bash");
    let mut stdin = shell.stdin.take().expect("stdin is piped");
    stdin.write_all(script.as_bytes()).expect("the script");
    drop(stdin);
    let printed = shell.wait_with_output().expect("the shell ends").stdout;
    let printed = String::from_utf8(printed).expect("text");

    let mut outputs = printed.split(MARK);
    for step in &steps {
        let output = outputs.next().unwrap_or_default();
        assert!(
            text_matches(output.trim_end(), step.expected.trim_end()),
            "$ {}\nprinted  {output}\nexpected {}",
            step.command,
            step.expected
        );
    }
}
