//! `cargo local doctor` against issuers on loopback, each wrong in one way.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod issuer;
mod issuers;
mod run;
mod sign_ins;
mod tls;
mod tokens;
