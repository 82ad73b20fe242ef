//! The record of one request, from which its line in the access log is made.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;

/// The record of one request, filled in while it is answered.
#[derive(Debug, Default)]
pub(crate) struct Record(Mutex<RecordedParts>);

/// The parts of a request that took place.
#[derive(Clone, Debug, Default)]
pub(super) struct RecordedParts {
    /// The path of the resource, or the key of an HTTP API's route.
    pub(super) resource: Option<String>,
    /// The type of the gateway's own answer.
    pub(super) response_type: Option<&'static str>,
    pub(super) error_message: Option<&'static str>,
    /// The invocation of the authorizer; none if its answer was cached.
    pub(super) authorizer: Option<FunctionCall>,
    /// The status of the authorization by policy or simple answer.
    pub(super) authorize_status: Option<StatusCode>,
    pub(super) principal: Option<String>,
    /// The reason why the JWT authorizer of an HTTP API refused the token.
    pub(super) jwt_error: Option<String>,
    pub(super) integration: Option<FunctionCall>,
}

#[derive(Clone, Debug)]
pub(super) struct FunctionCall {
    /// The id of the invocation; none for a function that was not called.
    pub(super) request_id: Option<String>,
    pub(super) latency: Duration,
    pub(super) status: Option<StatusCode>,
    pub(super) error: Option<String>,
}

impl Record {
    pub(super) fn note(&self, change: impl FnOnce(&mut RecordedParts)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn entry(&self) -> RecordedParts {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
