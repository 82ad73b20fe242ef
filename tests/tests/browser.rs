//! The pages in a real browser, with a separate stack. `web/tests/scenarios.mjs` has the scenarios.
//!
//! The tests write screenshots of the main states to `target/screenshots/`.

use std::env;
use std::io::{self, Write as _};

use testkit::{node, repository};
use tests::RunningStack;

/// The names of Chromium-based browsers.
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
fn the_pages_sign_in_again_if_the_api_asks_for_it() {
    let Some(browser) = browser() else { return };
    let flags = ["--parameter", "DeletionAcr=urn:okta:loa:2fa:any"];
    let stack = RunningStack::start("browser-step-up", &flags);
    run(&stack, &browser, "./step-up-scenarios.mjs");
}

/// The whole example with an HTTP API runs: issuer, pages, both functions, and the gateway's CORS for the pages.
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

/// The path of Chromium; `None`, with a message, if it is missing and not required.
fn browser() -> Option<String> {
    let Some(browser) = env::var("CHROMIUM")
        .ok()
        .filter(|path| !path.is_empty())
        .or_else(|| node::program(&NAMES))
    else {
        assert!(
            env::var("CI").as_deref() != Ok("true"),
            "CI must run the browser tests, and Chromium is missing"
        );
        // Not with `eprintln!`, because its output is hidden if the test passes.
        let _ = writeln!(
            io::stderr(),
            "skipped: the browser tests, because Chromium is missing (apt-get install chromium)"
        );
        return None;
    };
    Some(browser)
}
