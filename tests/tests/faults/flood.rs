//! 10,000 junk tokens per minute while good callers are served, with release builds of the functions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use testkit::signer::Signer;
use tests::RunningStack;
use tests::processes::{functions, peak_memory_kib};

use crate::key_server::KeyServer;
use crate::limits::MEMORY_KIB;
use crate::log_mark::LogMark;
use crate::table::Table;

const JUNK_PER_MINUTE: u32 = 10_000;
const ROUNDS: usize = 6;
/// The calls of good callers in each half of a round.
const GOOD_CALLS: usize = 100;
/// The pause between two calls of a good caller.
const PAUSE: Duration = Duration::from_millis(50);

pub(crate) async fn run(table: &mut Table) {
    let issuer = Arc::new(KeyServer::start());
    let stack = Arc::new(issuer.stack("faults-flood", &["--release"]));
    let tokens = |count| -> Vec<_> {
        (0..count)
            .map(|_| issuer.token("first", Signer::rsa()))
            .collect()
    };
    good(&stack, tokens(100)).await;
    let mark = LogMark::new(&stack, "authorizer.log");
    let (mut quiet, mut flooded) = (Vec::new(), Vec::new());
    let (mut refused, mut time) = (0, Duration::ZERO);
    // The two alternate, so that other work on the machine slows both.
    for _ in 0..ROUNDS {
        quiet.extend(good(&stack, tokens(GOOD_CALLS)).await);
        let done = Arc::new(AtomicBool::new(false));
        let valid = issuer.token("first", Signer::rsa());
        let junk = tokio::spawn(flood(Arc::clone(&stack), valid, Arc::clone(&done)));
        let started = Instant::now();
        flooded.extend(good(&stack, tokens(GOOD_CALLS)).await);
        time += started.elapsed();
        done.store(true, Ordering::SeqCst);
        refused += junk.await.expect("the junk is refused");
    }
    let lines = mark.count(r#""reason":"wrong_signature""#);
    let rate = refused as f64 * 60.0 / time.as_secs_f64();
    let (before, during) = (percentile(quiet, 99), percentile(flooded, 99));
    table.row(
        &format!("{rate:.0} junk tokens a minute beside good callers"),
        &format!(
            "junk 401; good callers 200, p99 {:.1} ms, quiet {:.1} ms",
            millis(during),
            millis(before)
        ),
        &format!("{lines} × `wrong_signature`, one line per junk token"),
        lines == refused && rate >= f64::from(JUNK_PER_MINUTE) * 0.95 && during <= 2 * before,
    );
    let errors = mark.count(r#""level":"ERROR""#);
    let peak = functions(stack.process_id())
        .into_iter()
        .map(peak_memory_kib)
        .max()
        .expect("functions");
    table.row(
        "the memory of the functions after these calls",
        &format!("largest peak of a process {} MiB of 128", peak / 1024),
        &format!("{errors} errors"),
        errors == 0 && peak < MEMORY_KIB,
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

/// Sends a token with wrong signatures at the rate, and returns how many were refused.
async fn flood(stack: Arc<RunningStack>, valid: String, done: Arc<AtomicBool>) -> usize {
    let (head, _) = valid.rsplit_once('.').expect("three parts");
    let mut ticks = tokio::time::interval(Duration::from_secs(60) / JUNK_PER_MINUTE);
    let mut calls = Vec::new();
    while !done.load(Ordering::SeqCst) {
        ticks.tick().await;
        // 256 bytes, so that the signature is computed.
        let number = calls.len();
        let junk = format!("{head}.{}{number:08}AA", "A".repeat(332));
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
