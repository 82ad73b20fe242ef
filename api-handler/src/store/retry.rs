//! Retries calls of the store.

use std::{error::Error, future::Future, time::Duration};

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use super::{StoreError, http::ConnectError};

/// The timeout of one attempt.
const TRY_TIMEOUT: Duration = Duration::from_millis(1200);

/// The pauses before the second and the third attempt. Three attempts with these pauses take less than the time within
/// which every request is answered.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(200)];

/// Why one attempt failed.
enum AttemptError {
    /// The condition did not hold.
    Condition,
    /// DynamoDB throttled the call and did nothing.
    Throttled(String),
    /// The call was rejected or never sent, and did nothing. The `bool` says whether a retry may succeed.
    Undone(String, bool),
    /// The call had no valid response, and its effect is unknown.
    Unknown(String),
}

impl AttemptError {
    /// Classifies an error of the SDK.
    fn of<E>(error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let text = chain(error);
        match error {
            SdkError::ConstructionFailure(_) => Self::Undone(text, false),
            SdkError::DispatchFailure(failure) => {
                let source = failure.as_connector_error().and_then(Error::source);
                if source.is_some_and(|source| source.is::<ConnectError>()) {
                    Self::Undone(text, true)
                } else {
                    Self::Unknown(text)
                }
            }
            SdkError::ServiceError(service) => {
                let status = service.raw().status();
                let code = service.err().code();
                // Only the code is used, because DynamoDB's message can quote the request.
                let text = format!(
                    "{} with status {}",
                    code.unwrap_or("an error without code"),
                    status.as_u16()
                );
                match code {
                    Some("ConditionalCheckFailedException") => Self::Condition,
                    Some(
                        "ProvisionedThroughputExceededException"
                        | "ThrottlingException"
                        | "Throttling"
                        | "RequestLimitExceeded"
                        | "TransactionConflictException",
                    ) => Self::Throttled(text),
                    _ if status.is_client_error() => Self::Undone(text, false),
                    _ => Self::Unknown(text),
                }
            }
            _ => Self::Unknown(text),
        }
    }
}

/// An error and its causes on one line. The SDK's own message would contain the whole response, with stored values.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// The effect of a call, which decides whether it may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallEffect {
    /// The call changes nothing and may be repeated.
    Read,
    /// The call changes an item. It is repeated only after an attempt that is known to have done nothing. Otherwise this
    /// could happen: the response to a create is lost, another caller deletes the resource, and the repeated create
    /// restores it with its entity tag.
    Write,
}

/// Makes up to three attempts at a call.
pub(super) async fn with_retries<T, E, F>(
    kind: CallEffect,
    call: impl Fn() -> F,
) -> Result<T, StoreError>
where
    E: ProvideErrorMetadata + Error + 'static,
    F: Future<Output = Result<T, SdkError<E>>>,
{
    let mut pauses = PAUSES.iter();
    loop {
        // Boxed, because the future of a call is too large to be moved.
        let call = Box::pin(call());
        let failure = match tokio::time::timeout(TRY_TIMEOUT, call).await {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(error)) => AttemptError::of(&error),
            Err(_) => {
                AttemptError::Unknown(format!("no answer within {} ms", TRY_TIMEOUT.as_millis()))
            }
        };
        let last = match failure {
            AttemptError::Condition => return Err(StoreError::Lost),
            AttemptError::Undone(cause, false) => return Err(StoreError::Failed(cause)),
            AttemptError::Unknown(cause) if kind == CallEffect::Write => {
                return Err(StoreError::InDoubt(cause));
            }
            AttemptError::Undone(cause, true) | AttemptError::Unknown(cause) => {
                StoreError::Failed(cause)
            }
            AttemptError::Throttled(cause) => StoreError::Throttled(cause),
        };
        let Some(pause) = pauses.next() else {
            return Err(last);
        };
        tokio::time::sleep(*pause).await;
    }
}
