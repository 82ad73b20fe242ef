//! The store fails in the middle of a write: a proxy cuts the connection after the request.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use serde_json::Value;
use testkit::http::ReceivedRequest;
use tests::{HttpAnswer, RunningStack, send};

use crate::log_mark::LogMark;
use crate::table::Table;

/// The places at which the next connections are cut.
#[derive(Debug, Default)]
struct Cuts {
    /// The number of requests that are dropped before they reach the store.
    before: AtomicU64,
    /// The number of requests that reach the store, and whose answers are dropped.
    after: AtomicU64,
}

impl Cuts {
    fn takes(count: &AtomicU64) -> bool {
        let fewer = |left: u64| left.checked_sub(1);
        count
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer)
            .is_ok()
    }
}

pub(crate) async fn run(table: &mut Table) {
    let store = Arc::new(OnceLock::new());
    let cuts = Arc::new(Cuts::default());
    let proxy = proxy(Arc::clone(&store), Arc::clone(&cuts));
    let handler = tests::local_binary().with_file_name("api-handler");
    let function = format!(
        "ApiHandlerFunction=env AWS_ENDPOINT_URL_DYNAMODB=http://{proxy} {}",
        handler.display()
    );
    let stack = RunningStack::start("faults-store", &["--function", &function]);
    let database = stack.address("database").strip_prefix("http://");
    let database = database.and_then(|address| address.parse().ok());
    store.get_or_init(|| database.expect("the database's address"));
    let token = stack.token("alice");
    for (number, (name, before, after)) in [
        ("the connection is cut before one write", 1, 0),
        ("the connection is cut after one write", 0, 1),
        ("every connection is cut before the write", 99, 0),
        ("every connection is cut after the write", 0, 99),
    ]
    .into_iter()
    .enumerate()
    {
        let path = format!("/state/cut-{number}");
        cuts.before.store(before, Ordering::SeqCst);
        cuts.after.store(after, Ordering::SeqCst);
        let mark = LogMark::new(&stack, "api-handler.log");
        let put = put(&stack, &path, &token).await;
        cuts.before.store(0, Ordering::SeqCst);
        cuts.after.store(0, Ordering::SeqCst);
        let get = stack.get(&path, Some(&token)).await;
        // A write that did not reach the store is reported. After one that did, the handler reads its outcome.
        let expected = if before > 0 { (503, 404) } else { (201, 200) };
        let may_retry = !put.header("retry-after").is_empty();
        let value = get.json().pointer("/value/number").and_then(Value::as_u64);
        let faults = mark.count("connection closed before message completed");
        table.row(
            &format!("store: {name}"),
            &format!("PUT {}, then GET {}", put.status, get.status),
            &format!("{faults} lines with the cause"),
            (put.status, get.status) == expected
                && may_retry == (put.status == 503)
                && value == (get.status == 200).then_some(7)
                && faults == usize::from(put.status == 503),
        );
    }
}

async fn put(stack: &RunningStack, path: &str, token: &str) -> HttpAnswer {
    let request = stack.create(path, r#"{"value": {"number": 7}}"#);
    send(request.bearer_auth(token)).await
}

fn proxy(store: Arc<OnceLock<SocketAddr>>, cuts: Arc<Cuts>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let cuts = Arc::clone(&cuts);
            let Some(store) = store.get().copied() else {
                continue;
            };
            thread::spawn(move || relay(client, store, &cuts));
        }
    });
    address
}

/// Relays one request, and closes the connection.
fn relay(mut client: TcpStream, store: SocketAddr, cuts: &Cuts) {
    let Ok(request) = ReceivedRequest::read(&mut client) else {
        return;
    };
    let writes = ["UpdateItem", "PutItem"]
        .iter()
        .any(|call| request.head.contains(call));
    if writes && Cuts::takes(&cuts.before) {
        return;
    }
    let head: Vec<&str> = request
        .head
        .lines()
        .filter(|line| !line.to_ascii_lowercase().starts_with("connection:"))
        .collect();
    let text = format!(
        "{}\r\nconnection: close\r\n\r\n{}",
        head.join("\r\n"),
        request.body
    );
    let mut answer = Vec::new();
    let relayed = TcpStream::connect(store).and_then(|mut server| {
        server.write_all(text.as_bytes())?;
        server.read_to_end(&mut answer)
    });
    if relayed.is_err() || writes && Cuts::takes(&cuts.after) {
        return;
    }
    let _gone = client.write_all(&answer);
}
