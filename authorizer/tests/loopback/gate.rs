//! A transport that a test answers by hand, so that no test depends on time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use authorizer::issuer::http_client::{
    ConnectionError, Document, IssuerRequest, Sending, Transport, TransportError,
};
use tokio::sync::{mpsc, oneshot};

/// The time after which a test fails if no request comes.
const MAX_WAIT: Duration = Duration::from_secs(20);

/// A request that waits for its answer.
#[derive(Debug)]
pub struct Waiting {
    pub url: String,
    pub form: Option<String>,
    answer: oneshot::Sender<Result<Document, TransportError>>,
}

impl Waiting {
    pub fn answer(self, body: &str) {
        let document = Document {
            body: body.as_bytes().to_vec(),
            ..Document::default()
        };
        self.finish(Ok(document));
    }

    pub fn fail(self) {
        self.finish(Err(TransportError::Connect(ConnectionError::Refused)));
    }

    pub fn finish(self, outcome: Result<Document, TransportError>) {
        // If the request was cancelled, the answer is lost, as on the network.
        let _lost = self.answer.send(outcome);
    }
}

/// Passes every request to the test.
#[derive(Debug)]
pub struct Gate(mpsc::UnboundedSender<Waiting>);

/// The other side of a [`Gate`].
#[derive(Debug)]
pub struct Keeper(Mutex<mpsc::UnboundedReceiver<Waiting>>);

pub fn gate() -> (Arc<Gate>, Keeper) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Arc::new(Gate(sender)), Keeper(Mutex::new(receiver)))
}

impl Keeper {
    /// Waits for the next request.
    #[expect(clippy::await_holding_lock, reason = "only one task of a test uses it")]
    pub async fn next(&self) -> Waiting {
        let request = async { self.0.lock().unwrap().recv().await };
        let request = tokio::time::timeout(MAX_WAIT, request).await;
        request.unwrap().unwrap()
    }

    /// The next request, if there is one.
    pub fn try_next(&self) -> Option<Waiting> {
        self.0.lock().unwrap().try_recv().ok()
    }

    /// Whether there is no request.
    pub fn is_quiet(&self) -> bool {
        self.try_next().is_none()
    }
}

impl Transport for Gate {
    fn send<'a>(&'a self, request: IssuerRequest<'a>) -> Sending<'a> {
        let (answer, outcome) = oneshot::channel();
        let url = request.endpoint.as_str().to_owned();
        let form = request.form.map(|form| form.body);
        self.0.send(Waiting { url, form, answer }).unwrap();
        Box::pin(async move { outcome.await.unwrap_or(Err(TransportError::Broken)) })
    }
}
