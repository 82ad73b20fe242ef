use std::sync::atomic::{AtomicUsize, Ordering};

use lambda_support::clock::ManualClock;
use tokio::io::{DuplexStream, duplex};
use tokio::sync::Notify;

use super::*;

const DYNAMODB: &str = "https://dynamodb.eu-west-1.amazonaws.com";

/// What happens to the first connection. Every later attempt succeeds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Opened,
    Refused,
    ClosedByPeer,
}

/// Opens pipes instead of connections, and the first of them only after `go`.
#[derive(Clone)]
struct Pipes {
    fate: Fate,
    go: Arc<Notify>,
    count: Arc<AtomicUsize>,
    peers: Arc<Mutex<Vec<DuplexStream>>>,
}

impl Pipes {
    fn new(fate: Fate) -> Self {
        Self {
            fate,
            go: Arc::default(),
            count: Arc::default(),
            peers: Arc::default(),
        }
    }
}

impl Service<Uri> for Pipes {
    type Response = TokioIo<DuplexStream>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let pipes = self.clone();
        let is_first = pipes.count.fetch_add(1, Ordering::Relaxed) == 0;
        Box::pin(async move {
            if is_first {
                pipes.go.notified().await;
                if pipes.fate == Fate::Refused {
                    return Err("refused".into());
                }
            }
            let (ours, peer) = duplex(1);
            if !is_first || pipes.fate == Fate::Opened {
                pipes.peers.lock().unwrap().push(peer);
            }
            Ok(TokioIo::new(ours))
        })
    }
}

/// Opens a connection ahead, then connects to `to` after `later`. With `waits` the request comes before the first
/// connection is open. Returns whether the request has a connection, and the number of attempts.
async fn connect(fate: Fate, waits: bool, to: &str, later: Duration) -> (bool, usize) {
    let pipes = Pipes::new(fate);
    let clock = Arc::new(ManualClock::at(Timestamp::from_secs(1)));
    let mut connector = OpenAhead::new(pipes.clone());
    connector.open(DYNAMODB.parse().unwrap(), clock.clone());
    tokio::task::yield_now().await;
    if !waits {
        pipes.go.notify_one();
        tokio::task::yield_now().await;
    }
    clock.advance(later);
    let connecting = tokio::spawn(connector.call(to.parse().unwrap()));
    tokio::task::yield_now().await;
    pipes.go.notify_one();
    let connected = connecting.await.unwrap().is_ok();
    // The second request opens a new connection.
    let before = pipes.count.load(Ordering::Relaxed);
    assert!(connector.call(to.parse().unwrap()).await.is_ok());
    assert_eq!(pipes.count.load(Ordering::Relaxed), before + 1);
    (connected, before)
}

#[tokio::test]
async fn the_first_request_takes_the_connection_opened_ahead_if_it_is_usable() {
    use Fate::{ClosedByPeer, Opened, Refused};
    let other = "https://123456789012.ddb.eu-west-1.amazonaws.com";
    let plain = "http://dynamodb.eu-west-1.amazonaws.com";
    let now = Duration::ZERO;
    let too_late = MAX_AGE + Duration::from_millis(1);
    for (fate, waits, to, later, expected) in [
        (Opened, false, DYNAMODB, now, (true, 1)),
        (Opened, false, DYNAMODB, MAX_AGE, (true, 1)),
        (Opened, true, DYNAMODB, now, (true, 1)),
        // The request waited for this attempt, so it gets the error.
        (Refused, true, DYNAMODB, now, (false, 1)),
        // The request opens another connection.
        (Refused, false, DYNAMODB, now, (true, 2)),
        (ClosedByPeer, false, DYNAMODB, now, (true, 2)),
        (ClosedByPeer, true, DYNAMODB, now, (true, 2)),
        (Opened, false, DYNAMODB, too_late, (true, 2)),
        (Opened, true, DYNAMODB, too_late, (true, 2)),
        (Opened, false, other, now, (true, 2)),
        (Opened, true, other, now, (true, 2)),
        (Opened, false, plain, now, (true, 2)),
    ] {
        let found = connect(fate, waits, to, later).await;
        assert_eq!(found, expected, "{fate:?}, waits: {waits}, {to}, {later:?}");
    }
}
