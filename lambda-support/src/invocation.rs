//! What Lambda reports about one invocation.

use lambda_runtime::Context;

use crate::clock::Timestamp;

#[derive(Debug, Clone, Copy)]
pub struct Invocation<'i> {
    pub request_id: &'i str,
    /// The time at which Lambda stops the function. See
    /// [`Deadline::of_invocation`](crate::deadline::Deadline::of_invocation).
    pub deadline: Timestamp,
}

impl<'i> From<&'i Context> for Invocation<'i> {
    fn from(context: &'i Context) -> Self {
        Self {
            request_id: &context.request_id,
            deadline: Timestamp::from_millis(context.deadline),
        }
    }
}
