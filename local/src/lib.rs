//! The whole system on one machine: API Gateway's behaviour for `template.yaml`, the Lambda Runtime API in front of the
//! two functions' binaries, a DynamoDB-compatible database, an OpenID provider, and the commands of `cargo local`.
//!
//! The functions are not reimplemented: the deployed binaries run as processes.

mod aws;
mod binding_key;
pub mod cli;
mod commands;
mod cookies;
mod database;
mod decisions;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
pub mod gateway;
mod http_client;
mod issuer;
pub mod lambda;
mod packages;
mod port;
pub mod progress;
pub mod random;
pub mod request_body;
mod server;
mod stack;
mod stack_file;
pub mod template;
mod text_file;
mod token;
mod toolchain;
mod web;
