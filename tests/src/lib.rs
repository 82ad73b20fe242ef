//! Support for tests of the whole system: the stack as `cargo local` starts it, on free ports, and the comparison of whole
//! answers.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "support for tests: what goes wrong here is the test's verdict"
)]

mod answer;
pub mod processes;
mod sources;
mod stack;

pub use answer::{HttpAnswer, assert_matches, text_matches};
pub use sources::{files, packages, rust_files};
pub use stack::{RunningStack, local_binary, send};
