//! Section 2 of the contract, request by request.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "test code: a panic is how it reports"
)]

mod support;
mod walk;
