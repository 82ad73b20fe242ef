//! The reason why API Gateway cannot use a function's answer.

/// A function's answer does not have the form that API Gateway requires.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    #[error("expected JSON: {0}")]
    Json(String),
    #[error("{member}: expected {expected}")]
    Member {
        /// The member, such as `policyDocument: Effect`.
        member: String,
        expected: String,
    },
    #[error("the member `{0}` is not allowed")]
    Unknown(String),
    #[error("policyDocument: Condition: the operator `{0}` is unknown")]
    UnknownOperator(String),
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
