//! The state API: a Lambda handler behind API Gateway that trusts only its authorizer.
//!
//! ```text
//! event ─► Request ─► Caller ─► Route ─► State in DynamoDB ─► Response ─► answer
//! ```
//!
//! The library is there for its tests, which send events to [`handler::Handler`] and look at what comes back.

pub mod caller;
pub mod config;
pub mod cors;
pub mod cursor;
pub mod event;
pub mod handler;
mod json;
pub mod listing;
pub mod log;
mod patch;
pub mod precondition;
pub mod problem;
pub mod routes;
pub mod state;
pub mod store;
