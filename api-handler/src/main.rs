//! The function as Lambda starts it.

use std::{sync::Arc, time::Duration};

use api_handler::{clock::Clock, config::Config, handler::Handler, log};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use time::OffsetDateTime;

// One request at a time, as Lambda sends them: a second thread would only have to be started.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let clock = Clock::system();
    let config = Config::parse(|name| std::env::var(name).ok())?;
    let handler = Arc::new(Handler::new(config, clock.clone(), log::stdout)?);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        let handler = Arc::clone(&handler);
        let remaining = remaining(event.context.deadline, clock.now());
        async move {
            handler
                .answer(event.payload, remaining)
                .await
                .map_err(|error| Error::from(error.to_string()))
        }
    }))
    .await
}

/// The time until the deadline, in milliseconds since 1970. One in the past is not one: some emulators send such.
fn remaining(deadline: u64, now: OffsetDateTime) -> Option<Duration> {
    let now = Duration::try_from(now - OffsetDateTime::UNIX_EPOCH).ok()?;
    Duration::from_millis(deadline).checked_sub(now)
}
