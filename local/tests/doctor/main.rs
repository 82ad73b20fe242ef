//! `cargo local doctor` against issuers on loopback with one fault each.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod documents;
mod issuer;
mod issuers;
mod run;
mod sign_ins;
mod tls;
mod tokens;
