//! The log line of one decision.

mod decision;
pub(crate) mod metrics;
pub mod trace;

pub use self::decision::{DecisionResult, Verdict};
