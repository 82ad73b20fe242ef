//! The reason why API Gateway cannot use a function's answer.

/// A function's answer does not have the form that API Gateway requires.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    #[error("expected JSON: {0}")]
    Json(String),
    /// A member has the wrong form or is missing.
    #[error("{member}: expected {expected}")]
    Member {
        /// The member, such as `policyDocument: Effect`.
        member: String,
        expected: String,
    },
    /// A member that makes the answer malformed.
    #[error("the member `{0}` is not allowed")]
    Unknown(String),
    /// An operator of a policy's condition that IAM does not have.
    #[error("policyDocument: Condition: the operator `{0}` is unknown")]
    UnknownOperator(String),
    /// More bytes than AWS accepts.
    #[error("the answer has {bytes} bytes, and AWS accepts {limit}")]
    TooLarge { bytes: usize, limit: usize },
}

impl AnswerError {
    pub(super) fn member(member: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::Member {
            member: member.into(),
            expected: expected.into(),
        }
    }
}
