//! The log line of one decision.

mod decision;

pub use self::decision::{Decided, Verdict};
