//! A token-validating Lambda authorizer for AWS API Gateway, made for Okta.
//!
//! One function from an event to an answer, with one input that it must fetch: the issuer's keys.

pub mod access;
pub mod algorithm;
pub mod answer;
pub mod answer_size;
pub mod authorizer;
pub mod bearer;
pub mod claim_name;
pub mod claims;
mod compact_jws;
pub mod config;
pub mod context;
pub mod credential;
pub mod dpop;
pub mod error;
pub mod event;
mod failures;
pub mod glob;
pub mod header;
pub mod http_client;
pub mod introspection;
pub mod issuer_metadata;
pub mod jwks;
pub mod key_id;
pub mod log;
mod lru;
pub mod metrics;
pub mod path_pattern;
pub mod policy;
pub mod refusal;
mod strict_json;
pub mod target;
pub mod times;
mod token_cache;
pub mod trace;
pub mod verifier;

pub use lambda_support::{clock, deadline};
