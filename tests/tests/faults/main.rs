//! Faults of the system's dependencies, one at a time: the answers to callers, the lines of the log, and the recovery.
//!
//! `cargo test` runs the tests that do not depend on the speed of the machine. `FAULTS=all cargo test --test faults --
//! --nocapture` runs all and prints the table; it needs libfaketime (Debian), and builds the functions for release.

#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and prints its table"
)]

mod clock;
mod flood;
mod issuer;
mod key_server;
mod limits;
mod log_mark;
mod store;
mod table;

use std::time::Duration;

use log_mark::LogMark;
use reqwest::Method;
use table::Table;
use tests::processes::{functions, signal};
use tests::{RunningStack, send};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issuer_that_fails() {
    let mut table = Table::default();
    issuer::run(&mut table).await;
    table.print();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_fails_and_a_frozen_function() {
    let mut table = Table::default();
    store::run(&mut table).await;
    frozen(&mut table).await;
    table.print();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_few_file_handles_and_little_memory() {
    let mut table = Table::default();
    limits::full_disk(&mut table).await;
    limits::few_handles(&mut table).await;
    limits::little_memory(&mut table).await;
    table.print();
}

/// The tests that need libfaketime, or release builds and a machine without other work.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jumping_clocks_and_junk_beside_good_callers() {
    if std::env::var("FAULTS").is_ok_and(|value| value == "all") {
        let mut table = Table::default();
        clock::run(&mut table).await;
        flood::run(&mut table).await;
        table.print();
    }
}

/// Functions that are stopped during calls complete them afterwards.
async fn frozen(table: &mut Table) {
    let stack = RunningStack::start("faults-frozen", &["--parameter", "Dpop=accept"]);
    let token = stack.token("alice");
    for seconds in [1, 3] {
        let running = functions(stack.process_id());
        running.iter().for_each(|process| signal("STOP", *process));
        let mark = LogMark::new(&stack, "authorizer.log");
        let request = stack.request(Method::GET, "/session").bearer_auth(&token);
        let call = tokio::spawn(send(request));
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        running.iter().for_each(|process| signal("CONT", *process));
        let during = call.await.expect("an answer").status;
        let after = stack.get("/session", Some(&token)).await.status;
        table.row(
            &format!("both functions frozen for {seconds} s"),
            &format!("{during}, then {after}"),
            "2 decisions",
            (during, after) == (200, 200) && mark.count("decision\":\"allow") == 2,
        );
    }
    // Longer than the authorizer's timeout of 5 s, so the gateway ends the authorizer.
    let running = functions(stack.process_id());
    running.iter().for_each(|process| signal("STOP", *process));
    let mark = LogMark::new(&stack, "logs/gateway.log");
    let during = stack.get("/session", Some(&token)).await.status;
    running.iter().for_each(|process| signal("KILL", *process));
    let after = stack.get("/session", Some(&token)).await.status;
    table.row(
        "both functions frozen for longer than their timeouts",
        &format!("{during}, then {after}"),
        "`Task timed out after 5.00 seconds`",
        (during, after) == (500, 200) && mark.count("Task timed out after 5.00 seconds") == 1,
    );
}
