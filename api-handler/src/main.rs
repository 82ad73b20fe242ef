//! The function as Lambda starts it.

use std::sync::Arc;

use api_handler::{config::Settings, handler::Handler};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use lambda_support::{
    clock::{SystemClock, Timestamp},
    invocation::Invocation,
    log::{Log, Stdout},
    settings::Environment,
};
use serde_json::Value;

// One request at a time, as Lambda sends them: a second thread would only have to be started.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let settings = Settings::from_source(&Environment)?;
    let log = Log::new(settings.log_level, Arc::new(Stdout));
    let function = std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
    let handler = Arc::new(Handler::new(
        settings,
        Arc::new(SystemClock),
        log,
        function,
    )?);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        let handler = Arc::clone(&handler);
        async move {
            let invocation = Invocation {
                request_id: &event.context.request_id,
                deadline: Timestamp::from_millis(event.context.deadline),
            };
            handler
                .answer(event.payload, invocation)
                .await
                .map_err(|error| Error::from(error.to_string()))
        }
    }))
    .await
}
