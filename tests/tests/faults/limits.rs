//! Limits of the system: no space for files, few file handles, little memory.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use reqwest::Method;
use serde_json::Value;
use testkit::signer::Signer;
use tests::processes::{Usage, functions, peak_memory_kib};
use tests::{HttpAnswer, RunningStack, local_binary, send};

use crate::key_server::KeyServer;
use crate::log_mark::LogMark;
use crate::table::Table;

/// The space for the database.
const DISK_KIB: u64 = 256;
const WRITES: usize = 12;
const VALUE_BYTES: usize = 32 * 1024;
const HANDLES: u64 = 96;
const CALLS: usize = 200;
/// The memory of a function in `template.yaml`.
pub(crate) const MEMORY_KIB: u64 = 128 * 1024;
/// The part of it for the pages of the program, which the limit of data does not include.
const PROGRAM_KIB: u64 = 16 * 1024;

/// A stack whose processes a shell script sets limits for, before it runs `"$@"`. `prepare` gets the data folder.
///
/// Its functions are not built, because the limits would apply to the compiler.
fn limited(name: &str, script: &str, prepare: impl FnOnce(&Path)) -> RunningStack {
    RunningStack::start_with(name, |command| {
        let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
        let data = arguments.get(1).expect("the data folder");
        prepare(Path::new(data));
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).arg(data);
        shell.arg(command.get_program()).args(&arguments);
        shell.args(["--issuer-port", "0"]).args(functions_with(&[]));
        shell.current_dir(command.get_current_dir().expect("a folder"));
        *command = shell;
    })
}

/// Flags that run the functions which `cargo test` built, by a command such as `nice`.
fn functions_with(command: &[&str]) -> Vec<String> {
    let functions = [
        ("AuthorizerFunction", "authorizer"),
        ("ApiHandlerFunction", "api-handler"),
    ];
    let flag = |(id, program): (&str, &str)| {
        let program = local_binary().with_file_name(program);
        let words = [command, &[program.to_str().expect("a path in UTF-8")]].concat();
        ["--function".to_owned(), format!("{id}={}", words.join(" "))]
    };
    functions.into_iter().flat_map(flag).collect()
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

/// Begins a command in a mount namespace, where it may mount file systems.
const UNSHARE: &str = "unshare --user --map-root-user --mount";

/// A script that limits the space for the database, and what it limits: a file system on the folder `disk`, or the size of
/// each file where the kernel allows no mount. The shell ignores the signal, so that a write over the limit fails.
fn disk_limit() -> (String, &'static str) {
    let can_mount = Command::new("sh")
        .args(["-c", &format!("{UNSHARE} mount -t tmpfs test /mnt")])
        .output()
        .is_ok_and(|output| output.status.success());
    if can_mount {
        let mount = format!(r#"mount -t tmpfs -o size={DISK_KIB}k disk "$0/disk""#);
        let script = format!(r#"exec {UNSHARE} sh -c '{mount} && exec "$@"' "$0" "$@""#);
        (script, "a disk")
    } else {
        let blocks = DISK_KIB * 2;
        let script = format!(r#"trap '' XFSZ; ulimit -f {blocks}; exec "$@""#);
        (script, "a file")
    }
}

/// No acknowledged write is lost, every other write is reported as failed, and calls are decided although logs cannot grow.
pub(crate) async fn full_disk(table: &mut Table) {
    let (script, limited_to) = disk_limit();
    let stack = limited("faults-disk", &script, |data| {
        fs::create_dir(data.join("disk")).expect("a folder for the disk");
        symlink("disk/state.sqlite", data.join("state.sqlite")).expect("a link to the disk");
        // Each write to this device fails as on a full disk.
        symlink("/dev/full", data.join("authorizer.log")).expect("a link to a full device");
    });
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
        &format!("{limited_to} of {DISK_KIB} KiB is full for the database"),
        &format!("{acknowledged} writes 201, all readable; {failed} writes 503"),
        &format!("{faults} lines with status 503 and their cause"),
        is_kept && acknowledged > 0 && failed > 0 && faults == failed,
    );

    let mut are_decided = true;
    for _ in 0..20 {
        are_decided &= stack.get("/session", Some("a.b.c")).await.status == 401;
        are_decided &= stack.get("/session", Some(&token)).await.status == 200;
    }
    table.row(
        "the disk is full for the log of the authorizer",
        "40 calls: good tokens 200, junk 401",
        "nothing",
        are_decided,
    );
}

/// Calls that find no free handle wait for one.
pub(crate) async fn few_handles(table: &mut Table) {
    let script = format!(r#"ulimit -n {HANDLES}; exec "$@""#);
    let stack = limited("faults-handles", &script, |_| ());
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

/// Functions with the memory of the template write and read the largest values.
pub(crate) async fn little_memory(table: &mut Table) {
    let issuer = KeyServer::start();
    let limit = format!("--data={}", (MEMORY_KIB - PROGRAM_KIB) * 1024);
    let flags = functions_with(&["prlimit", &limit]);
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let stack = issuer.stack("faults-memory", &flags);
    let token = issuer.token("first", Signer::rsa());
    let mark = LogMark::new(&stack, "api-handler.log");
    let body = format!(r#"{{"value": "{}"}}"#, "x".repeat(255 * 1024));
    let mut statuses = BTreeMap::new();
    for number in 0..20 {
        let path = format!("/state/large-{number}");
        let put = send(stack.create(&path, body.clone()).bearer_auth(&token)).await;
        let get = stack.get(&path, Some(&token)).await;
        let list = stack.get("/state", Some(&token)).await;
        for answer in [put, get, list] {
            *statuses.entry(answer.status).or_insert(0) += 1;
        }
    }
    let errors = mark.count(r#""level":"ERROR""#);
    let processes = functions(stack.process_id());
    let peak = processes.into_iter().map(peak_memory_kib).max();
    let peak = peak.expect("functions");
    table.row(
        "128 MB of memory for a function",
        &format!(
            "values of 255 KiB: {statuses:?}; largest peak of a process {} MiB",
            peak / 1024
        ),
        &format!("{errors} errors"),
        statuses == BTreeMap::from([(200, 40), (201, 20)]) && errors == 0 && peak < MEMORY_KIB,
    );
}
