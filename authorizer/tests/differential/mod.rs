//! Mutations of tokens, key sets and proofs.

pub(crate) mod claims;
pub(crate) mod encoding;
pub(crate) mod header;
pub(crate) mod json_text;
pub(crate) mod jws;
pub(crate) mod key_set;
pub(crate) mod key_set_document;
pub(crate) mod keys;
pub(crate) mod numbers;
pub(crate) mod proof;
pub(crate) mod proof_claims;
pub(crate) mod proof_url;
pub(crate) mod signature;
pub(crate) mod token;

pub(crate) use testkit::differential::{Mutation, Mutations, mutation};
