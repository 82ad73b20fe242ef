//! Lambda on one machine: function processes behind the Runtime API, and the Invoke API.

pub mod function;
pub mod invocation;
pub mod invoke_api;
pub mod runtime_api;
