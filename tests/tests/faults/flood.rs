//! 10,000 junk tokens a minute while good callers are served, with release builds of the functions.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use testkit::signer::Signer;
use tests::RunningStack;
use tests::processes::functions;

use crate::key_server::KeyServer;
use crate::table::Table;

const JUNK_PER_MINUTE: u64 = 10_000;
const GOOD_CALLS: usize = 600;
/// The pause between two calls of a good caller.
const PAUSE: Duration = Duration::from_millis(50);
/// The memory of a function in `template.yaml`.
const MAX_MEMORY_KIB: u64 = 128 * 1024;

pub(crate) async fn run(table: &mut Table) {
    let issuer = Arc::new(KeyServer::start());
    let stack = Arc::new(issuer.stack("faults-flood", &["--release"]));
    let tokens = |count| -> Vec<_> {
        (0..count)
            .map(|_| issuer.token("first", Signer::rsa()))
            .collect()
    };
    good(&stack, tokens(100)).await;
    let quiet = good(&stack, tokens(GOOD_CALLS)).await;
    let (sent, done) = (
        Arc::new(AtomicU64::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let junk = tokio::spawn(flood(
        Arc::clone(&stack),
        Arc::clone(&issuer),
        Arc::clone(&sent),
        Arc::clone(&done),
    ));
    let started = Instant::now();
    let flooded = good(&stack, tokens(GOOD_CALLS)).await;
    let time = started.elapsed();
    done.store(true, Ordering::SeqCst);
    let refused = junk.await.expect("the junk is refused");
    let rate = refused as f64 * 60.0 / time.as_secs_f64();
    let (before, during) = (percentile(quiet, 99), percentile(flooded, 99));
    table.row(
        &format!("{rate:.0} junk tokens a minute beside good callers"),
        &format!(
            "junk 401; good callers 200, p99 {:.1} ms, quiet {:.1} ms",
            millis(during),
            millis(before)
        ),
        "one line per refusal",
        rate >= JUNK_PER_MINUTE as f64 * 0.95 && during <= 2 * before,
    );
    let peak = functions(stack.process_id())
        .into_iter()
        .map(peak_kib)
        .max()
        .expect("functions");
    table.row(
        "128 MB of memory for a function",
        &format!(
            "largest peak of a process after all calls: {} MiB",
            peak / 1024
        ),
        "nothing",
        peak < MAX_MEMORY_KIB,
    );
}

/// The latencies of good calls, each with a token of its own.
async fn good(stack: &RunningStack, tokens: Vec<String>) -> Vec<Duration> {
    let mut latencies = Vec::new();
    for token in tokens {
        let started = Instant::now();
        assert_eq!(stack.get("/session", Some(&token)).await.status, 200);
        latencies.push(started.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
    latencies
}

/// Sends tokens with a wrong signature at the rate, and returns how many were refused.
async fn flood(
    stack: Arc<RunningStack>,
    issuer: Arc<KeyServer>,
    sent: Arc<AtomicU64>,
    done: Arc<AtomicBool>,
) -> u64 {
    let pause = Duration::from_secs(60) / u32::try_from(JUNK_PER_MINUTE).expect("a rate");
    let valid = issuer.token("first", Signer::rsa());
    let (head, _) = valid.rsplit_once('.').expect("three parts");
    let mut ticks = tokio::time::interval(pause);
    let mut calls = Vec::new();
    while !done.load(Ordering::SeqCst) {
        ticks.tick().await;
        let number = sent.fetch_add(1, Ordering::SeqCst);
        let junk = format!("{head}.{number:0342}");
        let stack = Arc::clone(&stack);
        calls.push(tokio::spawn(async move {
            stack.get("/session", Some(&junk)).await.status
        }));
    }
    let mut refused = 0;
    for call in calls {
        assert_eq!(call.await.expect("a call ends"), 401);
        refused += 1;
    }
    refused
}

fn percentile(mut latencies: Vec<Duration>, percent: usize) -> Duration {
    latencies.sort_unstable();
    let place = (latencies.len() * percent).div_ceil(100) - 1;
    *latencies.get(place).expect("a latency")
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn peak_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number
        .and_then(|number| number.parse().ok())
        .expect("a number")
}
