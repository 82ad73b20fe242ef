//! The gateway's decisions in this process, with functions that have fixed answers and a clock that the test moves.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cache_model;
mod exposed;
mod http_api;
mod http_decisions;
mod jwt;
mod rest;
mod support;
