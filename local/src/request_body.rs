//! The body of a request, read up to a limit.

use axum::body::Body;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{DefaultBodyLimit, FromRequest as _, Request};
use bytes::Bytes;

/// The mark of a request whose body is larger than `MAX_BODY`, so it was not read.
#[derive(Clone, Copy, Debug)]
pub struct BodyTooLarge;

/// The reason why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnreadBody {
    TooLarge,
    /// Its chunks are malformed, or the connection ended before the body.
    Incomplete,
}

/// The bytes of a body, at most `limit`.
pub(crate) async fn read(body: Body, limit: usize) -> Result<Bytes, UnreadBody> {
    let mut request = Request::new(body);
    DefaultBodyLimit::max(limit).apply(&mut request);
    let read = Bytes::from_request(request, &()).await;
    read.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            UnreadBody::TooLarge
        }
        _ => UnreadBody::Incomplete,
    })
}
