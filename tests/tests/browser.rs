//! The pages in a real browser, against a stack of their own: `web/tests/scenarios.mjs` says what is done and seen.
//!
//! Screenshots of the main states are left in `target/screenshots/`.

use std::env;
use std::io::{self, Write as _};

use testkit::{node, repository};
use tests::RunningStack;

/// How browsers of Chromium's kind are called.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

#[test]
fn the_pages_pass_their_scenarios_in_a_browser() {
    let Some(browser) = browser() else { return };
    let stack = RunningStack::start("browser", &[]);
    run(&stack, &browser, "./scenarios.mjs");
}

#[test]
fn the_pages_bind_their_tokens_to_a_key_of_the_browser() {
    let Some(browser) = browser() else { return };
    let stack = RunningStack::start_for_bound_tokens("browser-bound");
    run(&stack, &browser, "./bound-scenarios.mjs");
}

#[test]
fn the_pages_sign_in_again_where_the_api_asks_for_it() {
    let Some(browser) = browser() else { return };
    let flags = ["--parameter", "DeletionAcr=urn:okta:loa:2fa:any"];
    let stack = RunningStack::start("browser-step-up", &flags);
    run(&stack, &browser, "./step-up-scenarios.mjs");
}

/// The example with an HTTP API runs whole: issuer, pages, both functions, and the gateway's CORS for the pages.
#[test]
fn the_pages_call_the_http_api_of_the_example() {
    let Some(browser) = browser() else { return };
    let function = repository().join("tests/http-api/notes.mjs");
    let function = format!("NotesFunction=node {}", function.display());
    let template = "examples/http-api/template.yaml";
    let flags = ["--template", template, "--function", &function];
    let stack = RunningStack::start("browser-http-api", &flags);
    run(&stack, &browser, "./http-api-scenarios.mjs");
}

fn run(stack: &RunningStack, browser: &str, scenarios: &str) {
    node::install("web/tests");
    let screenshots = repository()
        .join("target/screenshots")
        .display()
        .to_string();
    node::node(
        "web/tests",
        &["run.mjs"],
        &[
            ("SCENARIOS", scenarios),
            ("WEB_ORIGIN", stack.address("web")),
            ("API_BASE", stack.address("api")),
            ("ISSUER", stack.address("issuer")),
            ("CHROMIUM", browser),
            ("SCREENSHOTS", &screenshots),
        ],
    );
}

/// The path of Chromium; `None`, with a message, where there is none and need not be one.
fn browser() -> Option<String> {
    let Some(browser) = env::var("CHROMIUM")
        .ok()
        .filter(|path| !path.is_empty())
        .or_else(|| node::program(&NAMES))
    else {
        assert!(
            env::var("CI").as_deref() != Ok("true"),
            "CI must run the browser tests, and there is no Chromium"
        );
        // Not by `eprintln!`, which a test that passes does not show.
        let _ = writeln!(
            io::stderr(),
            "left out: the browser tests, because there is no Chromium (apt-get install chromium)"
        );
        return None;
    };
    Some(browser)
}
