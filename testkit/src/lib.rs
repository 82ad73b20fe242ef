//! Support for the tests of several packages. It depends on no other package of the workspace, so every package can use
//! it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "support for tests: a panic fails the test"
)]

pub mod contexts;
pub mod differential;
pub mod function_process;
pub mod http;
pub mod json;
pub mod node;
pub mod reasons;
pub mod runtime_api;
pub mod seeded;
pub mod seeds;
pub mod signer;
pub mod story;

use std::path::{Path, PathBuf};

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("this package is in the repository")
        .to_owned()
}
