//! The whole system on one machine: API Gateway's behaviour for `template.yaml`, the Lambda Runtime API in front of the
//! two functions' binaries, a DynamoDB-compatible database, an OpenID provider, and the commands around them.
//!
//! The functions are not reimplemented: the deployed binaries run as processes.

pub mod aws;
pub mod binding_key;
pub mod cli;
pub mod commands;
pub mod cookies;
pub mod database;
pub mod decisions;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
pub mod gateway;
pub mod http_client;
pub mod issuer;
pub mod lambda;
pub mod packages;
pub mod port;
pub mod progress;
pub mod random;
pub mod server;
pub mod stack;
pub mod stack_file;
pub mod template;
pub mod text_file;
pub mod token;
pub mod toolchain;
pub mod unread_body;
pub mod web;
