//! A token-validating Lambda authorizer for AWS API Gateway, made for Okta.
//!
//! One function from an event to an answer, with one fact it must go and get: the issuer's keys.

pub mod algorithm;
pub mod clock;
pub mod http_client;
pub mod issuer_metadata;
pub mod jwks;
pub mod key_id;
