//! A token-validating Lambda authorizer for AWS API Gateway, built for Okta.
//!
//! It turns an event into an answer. The only input that it must fetch is the issuer's keys.

pub mod access;
pub mod algorithm;
pub mod answer;
pub mod answer_size;
pub mod authorizer;
pub mod bearer;
mod claim_name;
pub mod claims;
mod compact_jws;
pub mod config;
pub mod credential;
pub mod dpop;
pub mod error;
mod event;
mod header;
pub mod issuer;
pub mod key_id;
pub mod log;
mod lru;
pub mod refusal;
mod strict_json;
pub mod target;
mod times;
pub mod verifier;

pub use lambda_support::{clock, deadline};
