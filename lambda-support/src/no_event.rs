//! Handles responses of the Runtime API that have no event. Lambda does not send them, but some emulators do while they
//! have no event. Without a pause the function would poll in a busy loop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::StatusCode;
use lambda_runtime::tower::ServiceExt as _;
use lambda_runtime::{Error, LambdaInvocation, Service, service_fn};
use serde_json::json;

use crate::clock::{Clock, SystemClock};
use crate::log::{Level, Log};

/// The pause after a response without an event.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(crate) struct NoEvent {
    log: Log,
    /// Whether a response without an event has been logged since the last event.
    is_reported: AtomicBool,
}

impl NoEvent {
    pub(crate) fn new(log: Log) -> Self {
        Self {
            log,
            is_reported: AtomicBool::new(false),
        }
    }

    /// Pauses, and logs the first response without an event.
    pub(crate) async fn pause(&self) {
        if !self.is_reported.swap(true, Ordering::Relaxed) {
            self.log.write(
                Level::Warn,
                "the Lambda Runtime API sent no event; asking again",
                SystemClock.now(),
                json!({}),
            );
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Passes on events only. A response with a status other than 200 is not an event, whatever its headers are. The
/// runtime answers an invocation without a payload with an error.
pub(crate) fn only_events<S>(
    inner: S,
    no_event: Arc<NoEvent>,
) -> impl Service<LambdaInvocation, Response = (), Error = Error, Future: Send> + Clone + Send + 'static
where
    S: Service<LambdaInvocation, Response = (), Error = Error> + Clone + Send + 'static,
    S::Future: Send,
{
    service_fn(move |invocation: LambdaInvocation| {
        let (inner, no_event) = (inner.clone(), Arc::clone(&no_event));
        async move {
            if invocation.parts.status != StatusCode::OK {
                no_event.pause().await;
                return Ok(());
            }
            let is_event = !invocation.body.is_empty();
            inner.oneshot(invocation).await?;
            if is_event {
                no_event.is_reported.store(false, Ordering::Relaxed);
            } else {
                no_event.pause().await;
            }
            Ok(())
        }
    })
}
