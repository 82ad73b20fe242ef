//! Platform code of both Lambdas, without domain logic: clock, deadline, settings, log, process, the length
//! of JSON and its borrowed strings, and the context in which the authorizer describes the caller to the API.

pub mod borrowed_text;
pub mod clock;
pub mod context;
pub mod deadline;
mod init_error;
pub mod invocation;
mod json_len;
pub mod log;
mod no_event;
pub mod runtime;
pub mod settings;

pub use json_len::json_len;
