//! Trying again, and what can be said afterwards.

use std::{error::Error, future::Future, time::Duration};

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use super::{StoreError, http::NotConnected};

/// Longest single try.
const TRY_TIMEOUT: Duration = Duration::from_millis(1200);

/// Waits before the second and third try. Three tries and these stay under the five seconds within which every
/// request is answered.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(200)];

/// Why one try did not do it.
#[derive(Debug)]
pub(super) enum Failure {
    /// The condition did not hold.
    Condition,
    /// DynamoDB takes no more at present; it did nothing.
    Throttled(String),
    /// Refused, or never sent; it did nothing. Trying again may help (`true`) or not.
    Undone(String, bool),
    /// No answer, or not one that can be read. What was done is not known.
    Unknown(String),
}

impl Failure {
    /// What the SDK's error comes to.
    pub(super) fn of<E>(error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let text = chain(error);
        match error {
            SdkError::ConstructionFailure(_) => Self::Undone(text, false),
            SdkError::DispatchFailure(failure) => {
                let source = failure.as_connector_error().and_then(Error::source);
                if source.is_some_and(|source| source.is::<NotConnected>()) {
                    Self::Undone(text, true)
                } else {
                    Self::Unknown(text)
                }
            }
            SdkError::ServiceError(service) => {
                let status = service.raw().status();
                let code = service.err().code();
                // The code alone: DynamoDB's message can quote what was sent.
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

/// An error and its causes in one line. The SDK's own text would hold the whole answer, and with it what is stored.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// What a call does, and so when it may be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing: it may be made as often as one likes.
    Read,
    /// Changes an item: it is made again only while it is known to have done nothing. A create that landed, unseen, and
    /// was then deleted by somebody else would otherwise bring the resource back, and its entity tag with it.
    Write,
}

/// Makes a call up to three times.
pub(super) async fn with_retries<T, F>(kind: Kind, call: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut pauses = PAUSES.iter();
    loop {
        let failure = match tokio::time::timeout(TRY_TIMEOUT, call()).await {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(failure)) => failure,
            Err(_) => Failure::Unknown(format!("no answer within {} ms", TRY_TIMEOUT.as_millis())),
        };
        let last = match failure {
            Failure::Condition => return Err(StoreError::Lost),
            Failure::Undone(cause, false) => return Err(StoreError::Failed(cause)),
            Failure::Unknown(cause) if kind == Kind::Write => {
                return Err(StoreError::InDoubt(cause));
            }
            Failure::Undone(cause, true) | Failure::Unknown(cause) => StoreError::Failed(cause),
            Failure::Throttled(cause) => StoreError::Throttled(cause),
        };
        let Some(pause) = pauses.next() else {
            return Err(last);
        };
        tokio::time::sleep(*pause).await;
    }
}
