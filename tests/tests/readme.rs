//! Runs every `console` block of the README and of the page on sign-ins as written, and compares the output with the text
//! below each command.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test: what goes wrong here is its verdict"
)]

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use testkit::repository;
use tests::{RunningStack, text_matches};

/// Separates the outputs of the commands, because one shell runs them all.
const MARK: &str = "~~~ next command ~~~\n";

struct Step {
    command: String,
    expected: String,
}

/// The commands for one start of the stack, in their order.
struct Part {
    flags: String,
    steps: Vec<Step>,
}

/// The parts of the page. A line of another block that starts the stack with parameters begins a new part.
fn parts(page: &str) -> Vec<Part> {
    let part = |flags: &str| Part {
        flags: flags.to_owned(),
        steps: Vec::new(),
    };
    let (mut parts, mut current) = (Vec::new(), part(""));
    let mut inside = false;
    for line in page.lines() {
        match (inside, line) {
            (false, "```console") => inside = true,
            (true, "```") => inside = false,
            (true, line) => match (line.strip_prefix("$ "), current.steps.last_mut()) {
                (Some(command), _) => current.steps.push(Step {
                    command: command.to_owned(),
                    expected: String::new(),
                }),
                (None, Some(step)) => {
                    step.expected.push_str(line);
                    step.expected.push('\n');
                }
                (None, None) => panic!("a block that starts with no command: {line}"),
            },
            (false, line) => {
                if let Some(flags) = line.strip_prefix("cargo local ")
                    && flags.starts_with("--parameter ")
                {
                    parts.push(std::mem::replace(&mut current, part(flags)));
                }
            }
        }
    }
    parts.push(current);
    parts
}

/// With `README_STACK`, the commands of the part with these flags run, unchanged, against a running stack that `cargo local`
/// started. Otherwise the commands of each part run against a stack of the test on free ports. The binary then replaces
/// `cargo -q local`, which would wait for cargo.
#[test]
fn the_commands_of_the_readme_print_its_output() {
    let page = |name| fs::read_to_string(repository().join(name)).expect("a document");
    let mut parts = parts(&page("README.md"));
    let steps = |part: &Part| part.steps.len();
    let has = |text: &str| {
        parts[0]
            .steps
            .iter()
            .any(|step| step.command.contains(text))
    };
    let is_whole = has("code_challenge=$CHALLENGE") && has("code_verifier=$VERIFIER");
    assert!(
        steps(&parts[0]) >= 20 && is_whole,
        "the commands of the sign-in by hand are missing"
    );
    // The commands of the other page use the same stack and the variables of the sign-in by hand.
    for beyond in self::parts(&page("docs/sign-in.md")) {
        assert!(beyond.flags.is_empty() && steps(&beyond) >= 3);
        parts[0].steps.extend(beyond.steps);
    }
    assert!(parts.len() >= 2 && parts.iter().all(|part| steps(part) > 0));

    let running = std::env::var("README_STACK").ok();
    let is_wanted = |part: &&Part| running.as_ref().is_none_or(|flags| *flags == part.flags);
    let wanted: Vec<&Part> = parts.iter().filter(is_wanted).collect();
    assert!(!wanted.is_empty(), "no part starts with {running:?}");
    for part in wanted {
        run(part, running.is_none());
    }
}

fn run(Part { flags, steps }: &Part, on_its_own: bool) {
    let flags: Vec<&str> = flags.split_whitespace().collect();
    let own_stack = on_its_own.then(|| RunningStack::start("readme", &flags));
    let script: String = steps
        .iter()
        .map(|step| format!("{}\nprintf '%s' '{MARK}'\n", step.command))
        .collect();
    let addressed = |text: &str| match &own_stack {
        None => text.to_owned(),
        Some(stack) => {
            let issuer = stack.address("issuer").strip_suffix("/oauth2/default");
            text.replace("http://127.0.0.1:3000/prod", stack.address("api"))
                .replace("http://127.0.0.1:8080", stack.address("web"))
                .replace("http://127.0.0.1:9000", issuer.expect("its path"))
        }
    };
    let mut script = addressed(&script);
    if let Some(stack) = &own_stack {
        let local = stack.command(&[]);
        let words = [local.get_program()].into_iter().chain(local.get_args());
        let words: Vec<_> = words
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        script = script.replace("cargo -q local", &words.join(" "));
    }

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
    for step in steps {
        let output = outputs.next().unwrap_or_default();
        let expected = addressed(&step.expected);
        assert!(
            text_matches(output.trim_end(), expected.trim_end()),
            "$ {}\nprinted  {output}\nexpected {expected}",
            step.command,
        );
    }
}
