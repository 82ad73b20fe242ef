//! The server of the Lambda Runtime API, for one execution environment.
//!
//! Each environment has its own listener, as at AWS: the process of a stopped environment gets no connection and exits.
//! `next` waits without a limit and never answers 204, which release builds of `lambda_runtime` treat as an event.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::routing::{get, post};
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};
use lambda_support::clock::Clock;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::lambda::invocation::{FunctionError, InvocationOutcome};
use crate::random;
use crate::request_body::{self, UnreadBody};

/// Lambda's limit for an answer.
const MAX_ANSWER: usize = 6 * 1024 * 1024;

/// An invocation that the function has not fetched yet.
#[derive(Debug)]
pub(crate) struct QueuedInvocation {
    pub(crate) request_id: String,
    pub(crate) payload: Bytes,
    /// The timeout, from the moment the function fetches the event.
    pub(crate) timeout: Duration,
    /// The ARN with which it was invoked.
    pub(crate) function_arn: String,
    /// Notified when the function fetches the event.
    pub(crate) taken: oneshot::Sender<()>,
    pub(crate) outcome: oneshot::Sender<InvocationOutcome>,
}

/// The state of the function process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Init {
    /// It has not asked for an event yet.
    Running,
    /// It has asked for its first event.
    Done,
    /// It reported an error instead of asking for an event.
    Failed(FunctionError),
}

#[derive(Debug)]
struct RuntimeState {
    waiting: tokio::sync::Mutex<mpsc::UnboundedReceiver<QueuedInvocation>>,
    running: Mutex<Option<(String, oneshot::Sender<InvocationOutcome>)>>,
    init: watch::Sender<Init>,
    clock: Arc<dyn Clock>,
}

/// The Runtime API of one environment. Dropping it closes the listener and any waiting `next`.
#[derive(Debug)]
pub struct RuntimeApi {
    address: SocketAddr,
    invocations: mpsc::UnboundedSender<QueuedInvocation>,
    init: watch::Receiver<Init>,
    server: JoinHandle<()>,
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl RuntimeApi {
    /// Listens on a free loopback port. Fails if no port is free.
    pub async fn listen(clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (invocations, waiting) = mpsc::unbounded_channel();
        let (init_sender, init) = watch::channel(Init::Running);
        let shared = RuntimeState {
            waiting: tokio::sync::Mutex::new(waiting),
            running: Mutex::new(None),
            init: init_sender,
            clock,
        };
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route(
                "/2018-06-01/runtime/invocation/{id}/response",
                post(response),
            )
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::new(shared));
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self {
            address,
            invocations,
            init,
            server,
        })
    }

    /// The value of `AWS_LAMBDA_RUNTIME_API`.
    pub fn authority(&self) -> String {
        self.address.to_string()
    }

    /// Queues an invocation for `next`. If the listener is closed, the invocation is dropped and with it the sender of its
    /// outcome.
    pub(crate) fn enqueue(&self, invocation: QueuedInvocation) {
        let _ = self.invocations.send(invocation);
    }

    /// Waits until the process has asked for its first event, or has reported that it cannot start.
    pub async fn initialised(&self) -> Init {
        let mut init = self.init.clone();
        let reached = init.wait_for(|init| *init != Init::Running).await;
        reached.map_or(Init::Running, |init| init.clone())
    }
}

async fn next(State(shared): State<Arc<RuntimeState>>) -> Response<Body> {
    shared.init.send_if_modified(|init| {
        let first = *init == Init::Running;
        if first {
            *init = Init::Done;
        }
        first
    });
    let Some(invocation) = shared.waiting.lock().await.recv().await else {
        return status(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the execution environment has ended",
        );
    };
    let now = shared.clock.now();
    let deadline = now.plus(invocation.timeout);
    let headers = [
        (
            "lambda-runtime-aws-request-id",
            invocation.request_id.clone(),
        ),
        (
            "lambda-runtime-deadline-ms",
            deadline.as_millis().to_string(),
        ),
        (
            "lambda-runtime-invoked-function-arn",
            invocation.function_arn,
        ),
        ("lambda-runtime-trace-id", random::trace_id(now.as_secs())),
        ("content-type", "application/json".to_owned()),
    ];
    let mut response = Response::new(Body::from(invocation.payload));
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    *shared
        .running
        .lock()
        .unwrap_or_else(PoisonError::into_inner) =
        Some((invocation.request_id, invocation.outcome));
    let _ = invocation.taken.send(());
    response
}

async fn response(
    State(shared): State<Arc<RuntimeState>>,
    Path(id): Path<String>,
    request: Request,
) -> Response<Body> {
    let outcome = match request_body::read(request.into_body(), MAX_ANSWER).await {
        Ok(payload) => InvocationOutcome::Success(payload),
        Err(UnreadBody::TooLarge) => {
            let message = format!(
                "Response payload size exceeded maximum allowed payload size ({MAX_ANSWER} bytes)."
            );
            InvocationOutcome::Error(FunctionError::of_lambda(
                "Function.ResponseSizeTooLarge",
                &message,
            ))
        }
        // The process was killed or lost its connection. The end of the process or the timeout ends the invocation.
        Err(UnreadBody::Incomplete) => {
            return status(StatusCode::BAD_REQUEST, "the answer is incomplete");
        }
    };
    let too_large = matches!(outcome, InvocationOutcome::Error(_));
    match shared.finish(&id, outcome) {
        true if too_large => status(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the answer is larger than Lambda accepts",
        ),
        true => accepted(),
        false => not_running(&id),
    }
}

async fn error(
    State(shared): State<Arc<RuntimeState>>,
    Path(id): Path<String>,
    payload: Bytes,
) -> Response<Body> {
    let outcome = InvocationOutcome::Error(FunctionError::reported(payload));
    if shared.finish(&id, outcome) {
        accepted()
    } else {
        not_running(&id)
    }
}

async fn init_error(State(shared): State<Arc<RuntimeState>>, payload: Bytes) -> Response<Body> {
    let _ = shared
        .init
        .send(Init::Failed(FunctionError::reported(payload)));
    accepted()
}

impl RuntimeState {
    /// Sends the outcome of the running invocation; false if another invocation or none is running.
    fn finish(&self, id: &str, outcome: InvocationOutcome) -> bool {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((_, waiting)) = running.take_if(|(running, _)| running == id) else {
            return false;
        };
        let _ = waiting.send(outcome);
        true
    }
}

fn not_running(id: &str) -> Response<Body> {
    status(
        StatusCode::BAD_REQUEST,
        &format!("`{id}` is not the running invocation"),
    )
}

fn accepted() -> Response<Body> {
    let mut response = Response::new(Body::from(r#"{"status":"OK"}"#));
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

fn status(status: StatusCode, message: &str) -> Response<Body> {
    let body = json!({"errorType": "RuntimeApi", "errorMessage": message});
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response
}
