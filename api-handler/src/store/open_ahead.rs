//! A connection that is opened during init, before a request needs one.
//!
//! The first request takes it over, even while it is being opened. Nothing waits for it before that, and its failure is no
//! failure of the function: the request then opens a connection as every other does.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use aws_sdk_dynamodb::error::BoxError;
use http::Uri;
use hyper_util::rt::TokioIo;
use lambda_runtime::tower::{Service, ServiceExt as _};
use lambda_support::clock::{Clock, Timestamp};
use tokio::{
    io::{AsyncRead, ReadBuf},
    task::JoinHandle,
};

/// A connection that nothing has used for longer is not taken over: during a freeze the peer may have closed it.
const MAX_AGE: Duration = Duration::from_secs(10);

/// A connector whose first connection may have been opened ahead.
pub(super) struct OpenAhead<C: Service<Uri>> {
    connector: C,
    first: Arc<Mutex<Option<First<C::Response>>>>,
}

/// The connection that is opened ahead.
struct First<S> {
    to: Uri,
    clock: Arc<dyn Clock>,
    since: Timestamp,
    opening: JoinHandle<Result<S, BoxError>>,
}

// Not derived: a connection itself cannot be cloned.
impl<C: Service<Uri> + Clone> Clone for OpenAhead<C> {
    fn clone(&self) -> Self {
        Self {
            connector: self.connector.clone(),
            first: Arc::clone(&self.first),
        }
    }
}

impl<C: Service<Uri>> fmt::Debug for OpenAhead<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAhead").finish_non_exhaustive()
    }
}

impl<C> OpenAhead<C>
where
    C: Service<Uri, Error = BoxError> + Clone + Send + 'static,
    C::Response: Send + 'static,
    C::Future: Send,
{
    pub(super) fn new(connector: C) -> Self {
        Self {
            connector,
            first: Arc::default(),
        }
    }

    /// Begins to open a connection, in the background.
    pub(super) fn open(&self, to: Uri, clock: Arc<dyn Clock>) {
        let opening = tokio::spawn(self.connector.clone().oneshot(to.clone()));
        let since = clock.now();
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        *first = Some(First {
            to,
            clock,
            since,
            opening,
        });
    }

    /// The connection that was opened ahead, for the first that needs one. None if it leads elsewhere or is too old.
    fn take(&self, to: &Uri) -> Option<JoinHandle<Result<C::Response, BoxError>>> {
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        let first = first.take()?;
        let is_same = first.to.scheme() == to.scheme() && first.to.authority() == to.authority();
        let age = first.clock.now().since(first.since);
        (is_same && age <= MAX_AGE).then_some(first.opening)
    }
}

impl<C> Service<Uri> for OpenAhead<C>
where
    C: Service<Uri, Error = BoxError> + Clone + Send + 'static,
    C::Response: Send + 'static,
    C::Future: Send,
    TokioIo<C::Response>: AsyncRead + Unpin,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<C::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(context)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let (first, connector) = (self.take(&to), self.connector.clone());
        Box::pin(async move {
            if let Some(opening) = first
                && let Some(opened) = usable(opening).await
            {
                return opened;
            }
            connector.oneshot(to).await
        })
    }
}

/// The connection that was opened ahead, or the error of an attempt that this has waited for, as for one of its own. None
/// if it failed earlier, or has been closed.
async fn usable<S>(opening: JoinHandle<Result<S, BoxError>>) -> Option<Result<S, BoxError>>
where
    TokioIo<S>: AsyncRead + Unpin,
{
    let had_ended = opening.is_finished();
    match opening.await {
        Ok(Ok(stream)) => still_open(stream).await.map(Ok),
        Ok(Err(error)) if !had_ended => Some(Err(error)),
        Ok(Err(_)) | Err(_) => None,
    }
}

/// None if the peer has closed the connection. Before the first request it has nothing else to say, except to TLS, which
/// reads that itself.
async fn still_open<S>(stream: S) -> Option<S>
where
    TokioIo<S>: AsyncRead + Unpin,
{
    let mut stream = TokioIo::new(stream);
    let mut byte = [0];
    let is_quiet = poll_fn(|context| {
        let read = Pin::new(&mut stream).poll_read(context, &mut ReadBuf::new(&mut byte));
        Poll::Ready(read.is_pending())
    });
    is_quiet.await.then(|| stream.into_inner())
}

#[cfg(test)]
mod tests;
