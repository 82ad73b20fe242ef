//! The promises of the state API, tested over a real database.
//!
//! `STATE_TEST_ENDPOINT` selects another DynamoDB for the same tests: see `tests/second-opinion.sh`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    reason = "test code: a panic is how it reports"
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
