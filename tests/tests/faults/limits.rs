//! Limits of the system: no space for files, few file handles.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use reqwest::Method;
use serde_json::Value;
use tests::processes::Usage;
use tests::{HttpAnswer, RunningStack};

use crate::log_mark::LogMark;
use crate::table::Table;

/// The size that no file may exceed, in blocks of 512 bytes: writes beyond it fail as on a full disk.
const FILE_BLOCKS: u64 = 512;
const WRITES: usize = 12;
const VALUE_BYTES: usize = 32 * 1024;
const HANDLES: u64 = 96;
const CALLS: usize = 200;

/// A stack with a limit that a shell sets for its processes. The shell ignores the signal, so a write over the limit is
/// an error.
fn limited(name: &str, limit: &str) -> RunningStack {
    let script = format!("trap '' XFSZ; ulimit {limit}; exec \"$@\"");
    RunningStack::start_with(name, |command| {
        let mut shell = Command::new("sh");
        shell.args(["-c", &script, "sh"]).arg(command.get_program());
        shell.args(command.get_args()).args(["--issuer-port", "0"]);
        shell.current_dir(command.get_current_dir().expect("a folder"));
        *command = shell;
    })
}

fn put(stack: &RunningStack, number: usize, token: &str) -> reqwest::RequestBuilder {
    let value = "x".repeat(VALUE_BYTES);
    let json = format!(r#"{{"value": "{value}"}}"#);
    let path = format!("/state/large-{number}");
    stack.create(&path, json).bearer_auth(token)
}

async fn answer(request: reqwest::RequestBuilder) -> Option<HttpAnswer> {
    let response = request.send().await.ok()?;
    Some(HttpAnswer::read(response).await)
}

/// No acknowledged write is lost, every other write is reported as failed, and calls are decided although logs cannot grow.
pub(crate) async fn full_disk(table: &mut Table) {
    let stack = limited("faults-disk", &format!("-f {FILE_BLOCKS}"));
    let token = stack.token("alice");
    let mark = LogMark::new(&stack, "api-handler.log");
    let mut statuses = Vec::new();
    for number in 0..WRITES {
        let answer = answer(put(&stack, number, &token)).await;
        statuses.push(answer.expect("an answer").status);
    }
    let mut is_kept = true;
    for (number, status) in statuses.iter().enumerate() {
        let path = format!("/state/large-{number}");
        let answer = stack.get(&path, Some(&token)).await;
        let is_whole = || {
            let value = answer.json();
            value.get("value").and_then(Value::as_str).map(str::len) == Some(VALUE_BYTES)
        };
        is_kept &= match status {
            201 => answer.status == 200 && is_whole(),
            503 => answer.status == 404 || answer.status == 200 && is_whole(),
            _ => false,
        };
    }
    let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
    let (acknowledged, failed) = (count(201), count(503));
    let faults = mark.count(r#""status":503"#);
    table.row(
        "the disk is full for the database",
        &format!("{acknowledged} writes 201, all readable; {failed} writes 503"),
        &format!("{faults} lines with status 503 and their cause"),
        is_kept && acknowledged > 0 && failed > 0 && faults == failed,
    );

    let full = |log: &str| {
        let length = fs::metadata(stack.data().join(log)).expect("a log").len();
        length > FILE_BLOCKS * 512 - 4096
    };
    let mut calls = 0;
    let mut are_decided = true;
    while !full("authorizer.log") && calls < 2000 {
        let junk = format!("a{calls}.b.c");
        are_decided &= stack.get("/session", Some(&junk)).await.status == 401;
        calls += 1;
    }
    for _ in 0..20 {
        are_decided &= stack.get("/session", Some("a.b.c")).await.status == 401;
        are_decided &= stack.get("/session", Some(&token)).await.status == 200;
    }
    table.row(
        "the disk is full for the log of the authorizer",
        "40 more calls: good tokens 200, junk 401",
        "as much as fits",
        are_decided && full("authorizer.log"),
    );
}

/// Calls that find no free handle wait for one.
pub(crate) async fn few_handles(table: &mut Table) {
    let stack = limited("faults-handles", &format!("-n {HANDLES}"));
    let token = stack.token("alice");
    let mark = LogMark::new(&stack, "access.log");
    // Each caller has a connection of its own.
    let call = || {
        let request = stack.request(Method::GET, "/session").bearer_auth(&token);
        answer(request.header("connection", "close"))
    };
    let calls: Vec<_> = (0..CALLS).map(|_| tokio::spawn(call())).collect();
    let mut statuses = BTreeMap::new();
    for call in calls {
        let status = call.await.expect("a call ends").map(|answer| answer.status);
        *statuses.entry(status).or_insert(0) += 1;
    }
    let after = call().await.map(|answer| answer.status);
    let usage = Usage::of(stack.process_id());
    let lines = mark.count(r#""status":"200""#);
    table.row(
        &format!("{HANDLES} file handles, {CALLS} calls at once"),
        &format!("{statuses:?}, then {after:?}"),
        &format!(
            "{lines} lines with status 200{}",
            mark.line_without(r#""status":"200""#)
        ),
        statuses == BTreeMap::from([(Some(200), CALLS)])
            && after == Some(200)
            && lines == CALLS + 1
            && usage.zombies == 0,
    );
}
