//! The mark of a request whose body was not read.

/// The body is larger than `MAX_BODY`.
#[derive(Clone, Copy, Debug)]
pub struct BodyTooLarge;
