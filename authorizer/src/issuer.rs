//! Everything that is fetched from an issuer: metadata, keys and introspection answers, over one HTTP client.

mod failures;
pub mod http_client;
pub mod introspection;
pub mod jwks;
pub mod metadata;
