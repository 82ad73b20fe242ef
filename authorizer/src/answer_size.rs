//! How large an answer and its parts may be.

use std::io;

use serde::Serialize;

/// The largest answer, policy and context, in bytes of JSON (quota "AWS Lambda authorizer result size"). API Gateway
/// answers 500 to a larger one, on every route.
pub const MAX_ANSWER_BYTES: usize = 8 * 1024;

/// The largest policy, in bytes of JSON. The rest of [`MAX_ANSWER_BYTES`] is reserved for the principal and the context.
pub const MAX_POLICY_BYTES: usize = 6 * 1024;

/// The longest principal, in bytes of JSON. An answer has it twice.
pub const MAX_PRINCIPAL_BYTES: usize = 512;

/// The size of a value as JSON, in bytes.
pub(crate) fn json_bytes(value: &impl Serialize) -> usize {
    let mut counter = Counter(0);
    // Neither the counter nor any type that is written here fails.
    match serde_json::to_writer(&mut counter, value) {
        Ok(()) => counter.0,
        Err(_) => usize::MAX,
    }
}

/// Counts what is written to it.
struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
