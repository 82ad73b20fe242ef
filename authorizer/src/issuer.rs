//! Fetches metadata, keys and introspection answers from an issuer, with one HTTP client.

mod failures;
pub mod http_client;
pub mod introspection;
pub mod jwks;
pub mod metadata;
