//! Invocations of authorizers and integrations, each recorded for the access log.

use std::fmt;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;

use super::access_log::NOT_PERMITTED;
use super::authorization::{AnswerForm, Authorization, CacheKey};
use super::call::Call;
use super::record::FunctionCall;
use crate::lambda::invocation::InvocationOutcome;
use crate::random;
use crate::template::api::{InvokePermission, LambdaAuthorizer};

use super::Gateway;

/// Lambda accepts 6 MB, and the event around a body is larger than the body.
const MAX_EVENT: usize = 6 * 1024 * 1024;

/// The authorizer gave no authorization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AuthorizationError {
    /// Its error message is exactly `Unauthorized`.
    Unauthorized,
    /// It failed, or its answer is malformed.
    Failed,
}

/// The integration gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IntegrationError {
    /// The event is larger than Lambda accepts.
    TooLarge,
    Timeout,
    Failed,
}

impl Gateway {
    /// The answer of a Lambda authorizer, cached or new, and the function's latency.
    pub(super) async fn ask(
        &self,
        call: &Call,
        name: &str,
        authorizer: &LambdaAuthorizer,
        values: &[String],
        event: impl FnOnce() -> Value,
        form: AnswerForm,
    ) -> Result<(Authorization, Duration), AuthorizationError> {
        let key = CacheKey::new(name, values);
        let caches = !authorizer.ttl.is_zero();
        if caches && let Some(cached) = self.cache.find(&key, self.clock.now()) {
            note_principal(call, &cached);
            return Ok((cached, Duration::ZERO));
        }
        if authorizer.permission == InvokePermission::Missing {
            self.log.warn(format_args!(
                "API Gateway may not invoke the authorizer {name}, so the answer is 500; the warnings at the start say \
                 what to add"
            ));
            let not_called = FunctionCall {
                request_id: None,
                latency: Duration::ZERO,
                status: Some(StatusCode::INTERNAL_SERVER_ERROR),
                error: Some(NOT_PERMITTED.to_owned()),
            };
            call.record
                .note(|entry| entry.authorizer = Some(not_called));
            return Err(AuthorizationError::Failed);
        }
        let started = Instant::now();
        let payload = event().to_string().into();
        let request_id = random::request_id();
        let invoked = self
            .functions
            .invoke_as(&authorizer.function, payload, request_id.clone());
        let invoked = match authorizer.limit {
            Some(limit) => tokio::time::timeout(limit, invoked).await,
            None => Ok(invoked.await),
        };
        let failed = |fault: &str, cause: &dyn fmt::Display| {
            self.log.warn(format_args!(
                "the authorizer {name} {fault}, so the answer is 500{cause}"
            ));
            Err((AuthorizationError::Failed, format!("the function {fault}")))
        };
        let answered = match invoked {
            Err(_) => failed("took too long", &""),
            Ok(Ok(InvocationOutcome::Success(payload))) => Ok(payload),
            Ok(Ok(InvocationOutcome::Error(error)))
                if error.message().as_deref() == Some("Unauthorized") =>
            {
                Err((AuthorizationError::Unauthorized, "Unauthorized".to_owned()))
            }
            Ok(Ok(InvocationOutcome::Error(error))) => failed("failed", &format_args!(": {error}")),
            Ok(Err(error)) => failed("cannot be invoked", &format_args!(": {error}")),
        };
        let function_call = FunctionCall {
            request_id: Some(request_id),
            latency: started.elapsed(),
            status: Some(match &answered {
                Ok(_) => StatusCode::OK,
                Err((AuthorizationError::Unauthorized, _)) => StatusCode::UNAUTHORIZED,
                Err((AuthorizationError::Failed, _)) => StatusCode::INTERNAL_SERVER_ERROR,
            }),
            error: answered.as_ref().err().map(|(_, message)| message.clone()),
        };
        call.record
            .note(|entry| entry.authorizer = Some(function_call));
        let payload = answered.map_err(|(error, _)| error)?;
        let authorization = Authorization::read(&payload, form).map_err(|malformed| {
            self.log.warn(format_args!(
                "the authorizer {name} returned an answer that AWS does not accept, so the status is 500: {malformed}"
            ));
            AuthorizationError::Failed
        })?;
        note_principal(call, &authorization);
        if caches {
            let now = self.clock.now();
            self.cache
                .keep(key, authorization.clone(), authorizer.ttl, now);
        }
        Ok((authorization, started.elapsed()))
    }

    /// A function's answer to an event.
    pub(super) async fn integrate(
        &self,
        call: &Call,
        function: &str,
        event: &Value,
        timeout: Duration,
    ) -> Result<Bytes, IntegrationError> {
        let event = event.to_string();
        if event.len() > MAX_EVENT {
            return Err(IntegrationError::TooLarge);
        }
        let started = Instant::now();
        let request_id = random::request_id();
        let invoked = self
            .functions
            .invoke_as(function, event.into(), request_id.clone());
        let (answered, error) = match tokio::time::timeout(timeout, invoked).await {
            Err(_) => (
                Err(IntegrationError::Timeout),
                Some("the function took too long"),
            ),
            Ok(Ok(InvocationOutcome::Success(payload))) => (Ok(payload), None),
            Ok(Ok(InvocationOutcome::Error(error))) => {
                self.log.warn(format_args!("{function} failed: {error}"));
                (Err(IntegrationError::Failed), Some("the function failed"))
            }
            Ok(Err(error)) => {
                self.log
                    .warn(format_args!("{function} cannot be invoked: {error}"));
                (
                    Err(IntegrationError::Failed),
                    Some("the function cannot be invoked"),
                )
            }
        };
        let invoked = FunctionCall {
            request_id: Some(request_id),
            latency: started.elapsed(),
            status: None,
            error: error.map(str::to_owned),
        };
        call.record.note(|entry| entry.integration = Some(invoked));
        answered
    }
}

fn note_principal(call: &Call, authorization: &Authorization) {
    call.record
        .note(|entry| entry.principal.clone_from(&authorization.principal));
}
