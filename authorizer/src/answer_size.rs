//! Limits on the size of an answer and its parts.

/// The largest answer in bytes of JSON (quota "AWS Lambda authorizer result size"). API Gateway answers 500 to a larger
/// one, on every route.
pub const MAX_ANSWER_BYTES: usize = 8 * 1024;

/// The largest policy, in bytes of JSON. The rest of [`MAX_ANSWER_BYTES`] is reserved for the principal and the context.
pub const MAX_POLICY_BYTES: usize = 6 * 1024;

/// The longest principal, in bytes of JSON. An answer contains it twice.
pub(crate) const MAX_PRINCIPAL_BYTES: usize = 512;
