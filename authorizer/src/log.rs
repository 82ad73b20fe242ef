//! The log line of one decision.

mod decision;
pub(crate) mod metrics;
pub mod trace;

pub(crate) use self::decision::DecisionResult;
pub use self::decision::Verdict;
