//! The issuer fails. Callers with a known key are served, forged tokens are refused, and no call is allowed that would be
//! refused without the fault.

use std::time::{Duration, Instant};

use serde_json::json;
use testkit::http::{Reply, response};
use testkit::signer::Signer;
use tests::RunningStack;
use tests::processes::{processes_of, signal};

use crate::key_server::{Fault, KeyServer, metadata};
use crate::log_mark::LogMark;
use crate::table::Table;

/// The fault, the answer to a caller with a key that is not known yet, and a part of the log.
struct Case(&'static str, Fault, u16, &'static str);

fn cases(issuer: &str) -> Vec<Case> {
    let mut all = slow_and_broken_connections();
    all.extend(other_content());
    all.extend(wrong_lengths());
    all.extend(other_answers(issuer));
    all
}

/// The key set that the issuer publishes without a fault.
fn keys() -> String {
    json!({"keys": [Signer::rsa().jwk("first")]}).to_string()
}

fn slow_and_broken_connections() -> Vec<Case> {
    let whole = response("200 OK", "Content-Type: application/json\r\n", &keys());
    let (half, _) = whole.split_at(whole.len() / 2);
    vec![
        Case(
            "slow: 500 ms for the keys",
            Fault::SlowKeys(Duration::from_millis(500)),
            200,
            "granted",
        ),
        Case(
            "hung: no answer",
            Fault::Keys(Reply::Hold(Vec::new())),
            500,
            "within the time",
        ),
        Case(
            "half-open: half an answer, then nothing",
            Fault::Keys(Reply::Hold(half.into())),
            500,
            "within the time",
        ),
        Case(
            "half an answer, then closed",
            Fault::Keys(Reply::Close(half.into())),
            500,
            "closed the connection",
        ),
        Case(
            "not HTTP",
            Fault::Keys(Reply::Close(b"junk junk junk\r\n\r\n".to_vec())),
            500,
            "not HTTP",
        ),
    ]
}

fn other_content() -> Vec<Case> {
    vec![
        Case(
            "HTML for keys",
            Fault::Keys(Reply::with(200, "", "<html>")),
            500,
            "keys_unavailable",
        ),
        Case(
            "JSON of another form",
            Fault::Keys(Reply::json(r#"{"keys": {}}"#)),
            500,
            "keys_unavailable",
        ),
        Case(
            "an empty key set",
            Fault::Keys(Reply::json(r#"{"keys": []}"#)),
            500,
            "keys_unavailable",
        ),
    ]
}

fn wrong_lengths() -> Vec<Case> {
    let keys = keys();
    let length = |length: usize| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        Fault::Keys(Reply::Close(format!("{head}{keys}").into_bytes()))
    };
    let endless = Reply::Endless(
        b"HTTP/1.1 200 OK\r\n\r\n{\"keys\": [".to_vec(),
        vec![b' '; 16 * 1024],
    );
    vec![
        Case(
            "Content-Length too large",
            length(keys.len() + 10),
            500,
            "closed the connection",
        ),
        Case(
            "Content-Length too small",
            length(keys.len() - 10),
            500,
            "keys_unavailable",
        ),
        Case(
            "a body of 300 KiB",
            Fault::Keys(Reply::json(&" ".repeat(300 * 1024))),
            500,
            "bytes",
        ),
        Case("a body without end", Fault::Keys(endless), 500, "bytes"),
    ]
}

fn other_answers(issuer: &str) -> Vec<Case> {
    let elsewhere = metadata("https://other.example").to_string();
    let redirect = format!("Location: {issuer}/keys\r\n");
    vec![
        Case(
            "503 for the keys",
            Fault::Keys(Reply::with(503, "", "")),
            500,
            "503",
        ),
        Case(
            "a redirect to the keys",
            Fault::Keys(Reply::with(302, &redirect, "")),
            500,
            "302",
        ),
        Case(
            "metadata of another issuer",
            Fault::Metadata(Reply::json(&elsewhere)),
            500,
            "keys_unavailable",
        ),
    ]
}

pub(crate) async fn run(table: &mut Table) {
    let issuer = KeyServer::start();
    let stack = issuer.stack("faults-issuer", &[]);
    for case in cases(&issuer.issuer()) {
        fail(&issuer, &stack, table, case).await;
    }
    rotate(&issuer, &stack, table).await;
}

async fn status(stack: &RunningStack, token: &str) -> u16 {
    stack.get("/session", Some(token)).await.status
}

/// One fault: a warm authorizer, a cold one, a forged token, and the recovery.
async fn fail(issuer: &KeyServer, stack: &RunningStack, table: &mut Table, case: Case) {
    let Case(name, fault, expected, reason) = case;
    let good = || issuer.token("first", Signer::rsa());
    let forged = || issuer.token("first", Signer::other_rsa());
    issuer.set(Fault::None);
    let quiet = until_ok(stack, &good).await;
    issuer.set(fault);
    let warm = [status(stack, &good()).await, status(stack, &forged()).await];
    restart_authorizer(stack);
    let mark = LogMark::new(stack, "authorizer.log");
    let started = Instant::now();
    let (cold, time, logged) = loop {
        // A call of a killed process is another cause of a 500.
        let (sent, cold) = (Instant::now(), status(stack, &good()).await);
        let time = sent.elapsed();
        if let Some(logged) = mark.decisions().into_iter().next() {
            break (cold, time, logged);
        }
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "{name}: no decision"
        );
    };
    let cold_forged = status(stack, &forged()).await;
    issuer.set(Fault::None);
    let recovery = until_ok(stack, &good).await;
    let is_good = warm == [200, 401]
        && cold == expected
        && (cold_forged == 401 || cold_forged == 500)
        && logged.contains(reason)
        && time < Duration::from_secs(6)
        && quiet.max(recovery) < Duration::from_secs(10);
    table.row(
        &format!("issuer: {name}"),
        &format!(
            "known key {}, forged {}; unknown key {cold} in {:.1} s, forged {cold_forged}; 200 again after {:.1} s",
            warm[0], warm[1], time.as_secs_f64(), recovery.as_secs_f64()
        ),
        &logged,
        is_good,
    );
}

/// The time until a good caller is served.
async fn until_ok(stack: &RunningStack, good: &impl Fn() -> String) -> Duration {
    let started = Instant::now();
    while status(stack, &good()).await != 200 {
        assert!(started.elapsed() < Duration::from_secs(30), "no recovery");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    started.elapsed()
}

/// The next call needs a new process, which knows no key.
fn restart_authorizer(stack: &RunningStack) {
    let running = processes_of("authorizer", stack.process_id());
    running.iter().for_each(|process| signal("KILL", *process));
}

/// Keys that change at once, and a set that stays old.
async fn rotate(issuer: &KeyServer, stack: &RunningStack, table: &mut Table) {
    let old = || issuer.token("first", Signer::rsa());
    let new = || issuer.token("second", Signer::other_rsa());
    let row = |table: &mut Table, name, found: [u16; 2], mark: &LogMark| {
        let unknown = mark.count(r#""reason":"key_unknown""#);
        table.row(
            name,
            &format!("known key {}, unknown key {}", found[0], found[1]),
            &format!("{unknown} × `key_unknown`"),
            found == [200, 401] && unknown == 1,
        );
    };
    until_ok(stack, &old).await;
    let mark = LogMark::new(stack, "authorizer.log");
    let found = [status(stack, &old()).await, status(stack, &new()).await];
    row(
        table,
        "issuer: serves an old set, signs with a new key",
        found,
        &mark,
    );

    restart_authorizer(stack);
    until_ok(stack, &old).await;
    issuer.publish(json!({"keys": [Signer::other_rsa().jwk("second")]}));
    let mark = LogMark::new(stack, "authorizer.log");
    let found = [status(stack, &new()).await, status(stack, &old()).await];
    row(
        table,
        "issuer: rotates suddenly, the old key is removed",
        found,
        &mark,
    );
}
