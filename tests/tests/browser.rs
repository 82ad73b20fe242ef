//! The pages in a real browser, against a stack of their own: `web/tests/scenarios.mjs` says what is done and seen.
//!
//! Screenshots of the main states are left in `target/screenshots/`.

use std::env;
use std::io::{self, Write as _};

use tests::{Stack, node, repository};

/// How browsers of Chromium's kind are called.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

#[test]
fn the_pages_do_in_a_browser_what_they_promise() {
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
            "left out: the browser tests, for there is no Chromium (apt-get install chromium)"
        );
        return;
    };
    node::install("web/tests");
    let stack = Stack::start("browser", &[]);
    let screenshots = repository()
        .join("target/screenshots")
        .display()
        .to_string();
    node::node(
        "web/tests",
        &["run.mjs"],
        &[
            ("WEB_ORIGIN", stack.address("web")),
            ("API_BASE", stack.address("api")),
            ("ISSUER", stack.address("issuer")),
            ("CHROMIUM", &browser),
            ("SCREENSHOTS", &screenshots),
        ],
    );
}
