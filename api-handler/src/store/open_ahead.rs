//! A connection that is opened during init, before a request needs one.
//!
//! The first request takes the connection, even if it is still being opened. Nothing waits for it before that request.
//! If it failed, the function does not fail: the request opens its own connection.

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

/// An older connection is not taken, because the peer may have closed it during a freeze.
const MAX_AGE: Duration = Duration::from_secs(10);

/// A connector that can open its first connection ahead of the first request.
pub(crate) struct OpenAhead<C: Service<Uri>> {
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

// Not derived, because a derived `Clone` would require that connections can be cloned.
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

    /// Starts to open a connection in the background.
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

    /// Takes the connection that was opened ahead. `None` if it was taken before, has another destination or is too
    /// old.
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

/// The connection that was opened ahead. An error only if the attempt failed while the request waited for it. `None`
/// if the attempt failed before that, or if the connection has been closed.
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

/// `None` if the peer has closed the connection. Before the first request a peer sends nothing that can be read here:
/// TLS reads its own messages itself.
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
