//! Tests the promises of the state API with a real database.
//!
//! `STATE_TEST_ENDPOINT` selects another implementation of DynamoDB: see `tests/second-opinion.sh`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a panic fails the test"
)]

mod calls;
mod connections;
mod cors;
mod durability;
mod events;
mod fake_store;
mod faults;
mod hostile;
mod lagging_index;
mod leaks;
mod listing;
mod lost_answers;
mod openapi;
mod patches;
mod preconditions;
mod processes;
mod race;
mod sign_in;
mod store_model;
mod store_reads;
mod support;
mod values;
mod walk;
