//! The state API: a Lambda handler behind API Gateway. It learns who the caller is only from the authorizer.
//!
//! ```text
//! event ─► Request ─► Caller ─► Route ─► State in DynamoDB ─► Response ─► answer
//! ```
//!
//! Only items that `main.rs` and the tests use are public: they send events to [`handler::Handler`] and read its
//! answers.

mod caller;
pub mod config;
mod cors;
mod cursor;
mod event;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
pub mod handler;
mod json;
mod listing;
mod log;
mod patch;
mod permit;
mod precondition;
mod problem;
mod routes;
mod state;
mod store;

pub use crate::event::{Answer, EventError};

/// The HTTP client for DynamoDB. The benchmarks also use it, in a bare function.
pub use crate::store::http::client as http_client;
