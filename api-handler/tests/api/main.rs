//! Section by section, what the state API promises, over a real database.
//!
//! `STATE_TEST_ENDPOINT` names another DynamoDB to run the same tests against: see `tests/second-opinion`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    reason = "test code: a panic is how it reports"
)]

mod cors;
mod durability;
mod events;
mod faults;
mod hostile;
mod leaks;
mod listing;
mod openapi;
mod patches;
mod preconditions;
mod processes;
mod race;
mod sign_in;
mod support;
mod values;
mod walk;
