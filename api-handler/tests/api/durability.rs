//! An acknowledged write survives the death of the database.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Api, ask, create_table, is_first_opinion, serve};

const WRITES: usize = 1000;
const WRITERS: usize = 8;

/// The variable with the path of the database file, for the process that this test starts from its own binary.
const FILE: &str = "STATE_TEST_DATABASE_FILE";

#[test]
#[ignore = "not a test: the database process of the test below"]
fn database_process() {
    let Some(file) = std::env::var_os(FILE) else {
        return;
    };
    let endpoint = serve(dynoxide::Database::new(file.to_str().unwrap()).unwrap());
    println!("\nlistening at {endpoint}");
    std::io::stdout().flush().unwrap();
    loop {
        std::thread::park();
    }
}

fn start_database(file: &Path) -> (Child, String) {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "durability::database_process",
            "--ignored",
            "--nocapture",
        ])
        .env(FILE, file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let endpoint = lines
        .map(Result::unwrap)
        .find_map(|line| line.strip_prefix("listening at ").map(str::to_owned));
    (process, endpoint.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_writes_survive_kill_9() {
    if !is_first_opinion() {
        return;
    }
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("kill-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("state.db");

    let (mut process, endpoint) = start_database(&file);
    create_table(&endpoint, "state").await;
    let api = Api::over(&endpoint, "state", &[]);
    let acknowledged = AtomicUsize::new(0);
    let write = async |api: &Api, n: usize| {
        let put = ask("PUT", &format!("/state/r{n:04}"))
            .by("alice")
            .create()
            .json(&json!({"value": {"n": n, "text": "x".repeat(500)}}));
        api.send(put).await.status
    };
    let writer = async |writer: usize| {
        let mut mine = Vec::new();
        for n in (writer..WRITES).step_by(WRITERS) {
            match write(&api, n).await {
                201 => mine.push(n),
                status => {
                    assert_eq!(status, 503);
                    break;
                }
            }
            acknowledged.fetch_add(1, Ordering::Relaxed);
        }
        mine
    };
    let kill = async {
        while acknowledged.load(Ordering::Relaxed) < WRITES / 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        process.kill().unwrap();
        process.wait().unwrap();
    };
    let (written, ()) = tokio::join!(join_all((0..WRITERS).map(writer)), kill);
    let written: std::collections::BTreeSet<usize> = written.into_iter().flatten().collect();
    assert!(
        (WRITES / 2..WRITES).contains(&written.len()),
        "{} writes were answered",
        written.len()
    );

    let restarted = Instant::now();
    let (mut process, endpoint) = start_database(&file);
    let api = Api::over(&endpoint, "state", &[]);
    api.send(ask("GET", "/state?limit=1").by("alice"))
        .await
        .expect(200);
    assert!(
        restarted.elapsed() < Duration::from_secs(3),
        "the store took {:?} to open",
        restarted.elapsed()
    );
    for n in 0..WRITES {
        if written.contains(&n) {
            let reply = api
                .send(ask("GET", &format!("/state/r{n:04}")).by("alice"))
                .await
                .expect(200);
            assert_eq!(
                reply.body["value"],
                json!({"n": n, "text": "x".repeat(500)})
            );
        } else {
            // A write that was not acknowledged is applied completely or not at all.
            assert!(matches!(write(&api, n).await, 201 | 412));
        }
    }
    let (mut listed, mut path) = (0, "/state?limit=100".to_owned());
    loop {
        let page = api.send(ask("GET", &path).by("alice")).await.expect(200);
        listed += page.ids().len();
        let Some(cursor) = page.body["nextCursor"].as_str() else {
            break;
        };
        path = format!("/state?limit=100&cursor={cursor}");
    }
    assert_eq!(listed, WRITES);
    process.kill().unwrap();
    process.wait().unwrap();
    std::fs::remove_dir_all(folder).unwrap();
}
