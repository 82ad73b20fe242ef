//! Invoking a function: a payload in, a payload or an error out.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use serde_json::{Value, json};

/// The result of an invocation, as Lambda's Invoke API reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvocationOutcome {
    /// The function answered.
    Success(Bytes),
    /// The function failed: status 200 with the header `X-Amz-Function-Error`.
    Error(FunctionError),
}

/// The error of a function, as the JSON that Lambda gives to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionError(Bytes);

impl FunctionError {
    /// An error as the function reported it.
    pub(crate) const fn reported(payload: Bytes) -> Self {
        Self(payload)
    }

    /// An error that Lambda itself reports.
    pub fn of_lambda(error_type: &str, message: &str) -> Self {
        Self(
            json!({"errorType": error_type, "errorMessage": message})
                .to_string()
                .into(),
        )
    }

    pub const fn payload(&self) -> &Bytes {
        &self.0
    }

    /// Its `errorMessage`, which API Gateway compares with `Unauthorized`.
    pub(crate) fn message(&self) -> Option<String> {
        let error: Value = serde_json::from_slice(&self.0).ok()?;
        error.get("errorMessage")?.as_str().map(str::to_owned)
    }
}

impl fmt::Display for FunctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

/// A function could not be invoked at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvocationError {
    #[error("no function is named `{0}`")]
    UnknownFunction(String),
}

pub type InvokeFuture<'a> =
    Pin<Box<dyn Future<Output = Result<InvocationOutcome, InvocationError>> + Send + 'a>>;

/// Functions that can be invoked by name.
pub trait Invoke: fmt::Debug + Send + Sync {
    /// Invokes a function and waits for its answer.
    fn invoke<'a>(&'a self, function: &'a str, payload: Bytes) -> InvokeFuture<'a>;

    /// Invokes a function with a request id of the caller's choice, so that the caller can refer to the invocation later.
    fn invoke_as<'a>(
        &'a self,
        function: &'a str,
        payload: Bytes,
        _request_id: String,
    ) -> InvokeFuture<'a> {
        self.invoke(function, payload)
    }

    fn knows(&self, function: &str) -> bool;
}
