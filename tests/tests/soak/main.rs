//! Mixed traffic through the local stack while function processes are killed at random: no acknowledged write is lost, and
//! no process, file handle or memory is leaked.
//!
//! `cargo test` runs it for ten seconds. `SOAK_SECONDS=600 cargo test --test soak -- --nocapture` runs it for ten minutes
//! and prints its counts.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and reports what it counted"
)]

mod traffic;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use testkit::seeded::Seeded;
use tests::RunningStack;
use tests::processes::{Usage, functions, is_alive, signal};
use traffic::{Counts, Tokens, Worker};

const DEFAULT_SECONDS: u64 = 10;
const WORKERS: u64 = 6;
/// The minimum pause between two kills, and the range above it, in milliseconds.
const MIN_PAUSE: u64 = 200;
const MAX_MORE_PAUSE: usize = 400;
/// The maximum growth between the measurement after a tenth of the time and the one at the end. The processes are the same
/// at both, and each connection that is being closed has one handle.
const MAX_HANDLES: usize = 8;
const MAX_MEMORY_KIB: u64 = 32 * 1024;
/// The maximum number of environments that a stack keeps for its two functions.
const MAX_FUNCTIONS: usize = 2 * 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_write_is_lost_and_nothing_leaks() {
    let seconds = std::env::var("SOAK_SECONDS").map_or(DEFAULT_SECONDS, |text| {
        text.parse().expect("SOAK_SECONDS is a number")
    });
    let introspection = ["Introspection=on", "IntrospectionClientId=web"];
    let flags = introspection
        .map(|parameter| ["--parameter", parameter])
        .concat();
    let stack = Arc::new(RunningStack::start("soak", &flags));
    let tokens = Arc::new(Tokens::issue(&stack).await);
    let mut workers: Vec<_> = (0..WORKERS).map(Worker::new).collect();
    let kills = Arc::new(AtomicU64::new(0));

    // In the first tenth the stack opens the files and connections that it keeps open.
    let warm = Duration::from_secs(seconds) / 10;
    workers = run(&stack, &tokens, workers, &kills, warm).await;
    let before = settled(&stack).await;
    workers = run(
        &stack,
        &tokens,
        workers,
        &kills,
        Duration::from_secs(seconds) - warm,
    )
    .await;
    let after = settled(&stack).await;

    let mut counts = Counts::default();
    for worker in &mut workers {
        worker.verify(&stack, &tokens).await;
        counts.add(&worker.counts);
    }
    let kills = kills.load(Ordering::Relaxed);
    eprintln!("{seconds} s, {kills} processes killed\n{counts}\nbefore: {before}\nafter:  {after}");
    assert!(counts.acknowledged > 0 && kills > 0, "nothing was tried");
    assert_eq!(
        (before.zombies, after.zombies),
        (0, 0),
        "processes are left behind"
    );
    assert!(after.functions <= MAX_FUNCTIONS, "{after}");
    assert!(
        after.handles <= before.handles + MAX_HANDLES,
        "file handles leak: {before}; {after}"
    );
    assert!(
        after.memory_kib <= before.memory_kib + MAX_MEMORY_KIB,
        "memory leaks: {before}; {after}"
    );

    let started = functions(stack.process_id());
    drop(Arc::into_inner(stack).expect("no worker uses the stack"));
    let left: Vec<_> = started
        .into_iter()
        .filter(|process| is_alive(*process))
        .collect();
    assert!(left.is_empty(), "processes outlive the stack: {left:?}");
}

/// Lets all workers send for a time, while processes are killed.
async fn run(
    stack: &Arc<RunningStack>,
    tokens: &Arc<Tokens>,
    workers: Vec<Worker>,
    kills: &Arc<AtomicU64>,
    time: Duration,
) -> Vec<Worker> {
    let end = Instant::now() + time;
    let done = Arc::new(AtomicBool::new(false));
    let killer = tokio::spawn({
        let (stack, kills, done) = (Arc::clone(stack), Arc::clone(kills), Arc::clone(&done));
        async move {
            let mut random = new_random(u64::MAX);
            while !done.load(Ordering::Relaxed) {
                let pause = MIN_PAUSE + random.below(MAX_MORE_PAUSE) as u64;
                tokio::time::sleep(Duration::from_millis(pause)).await;
                let found = functions(stack.process_id());
                if !found.is_empty() {
                    signal("KILL", *random.pick(&found));
                    kills.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    });
    let sending = workers.into_iter().map(|mut worker| {
        let (stack, tokens) = (Arc::clone(stack), Arc::clone(tokens));
        tokio::spawn(async move {
            while Instant::now() < end {
                worker.act(&stack, &tokens).await;
            }
            worker
        })
    });
    let mut workers = Vec::new();
    for sending in sending.collect::<Vec<_>>() {
        workers.push(sending.await.expect("a worker found a fault"));
    }
    done.store(true, Ordering::Relaxed);
    killer.await.expect("the killer continues");
    workers
}

/// The resources that the idle stack uses, with new function processes.
async fn settled(stack: &RunningStack) -> Usage {
    for process in functions(stack.process_id()) {
        signal("KILL", process);
    }
    // A killed process is noticed at its next invocation, so each environment gets some invocations.
    let mut answered = 0;
    for _ in 0..100 {
        answered += usize::from(stack.get("/session", None).await.status == 200);
        if answered == 2 * MAX_FUNCTIONS {
            break;
        }
    }
    assert_eq!(answered, 2 * MAX_FUNCTIONS, "the stack does not recover");
    Usage::of(stack.process_id())
}

/// Random numbers that differ for each `number` and in each run.
fn new_random(number: u64) -> Seeded {
    let time = SystemTime::UNIX_EPOCH.elapsed().expect("a time since 1970");
    Seeded::new(time.as_nanos() as u64 ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}
