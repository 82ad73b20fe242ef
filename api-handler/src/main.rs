//! The entry point of the Lambda function.

use std::process::ExitCode;
use std::sync::Arc;

use api_handler::{config::Settings, handler::Handler};
use lambda_runtime::{Diagnostic, LambdaEvent};
use lambda_support::{
    clock::SystemClock,
    log::{EventLog, Log, Stdout},
    runtime::{self, LambdaEnvironment, ProcessError},
    settings::Environment,
};
use serde_json::value::RawValue;

fn main() -> ExitCode {
    runtime::run("api-handler", serve())
}

async fn serve() -> Result<(), ProcessError> {
    let settings = Settings::from_source(&Environment)?
        .with_region_of_profile()
        .await
        .map_err(|error| ProcessError::Init(error.into()))?;
    let lambda = LambdaEnvironment::from_source(&Environment)?;
    let log = Log::new(settings.log_level, Arc::new(Stdout));
    EventLog::new(log.clone(), "api_handler").install();

    let clock = Arc::new(SystemClock);
    let handler = Handler::new(settings, clock, log.clone(), lambda.function_name)
        .map_err(|error| ProcessError::Init(error.into()))?;
    handler.open_connection().await;
    let handler = Arc::new(handler);
    runtime::serve(&log, move |event: LambdaEvent<Box<RawValue>>| {
        let handler = Arc::clone(&handler);
        // Boxed, because each layer of the runtime moves the future into its own future.
        Box::pin(async move {
            let invocation = (&event.context).into();
            handler
                .answer(&event.payload, invocation)
                .await
                .map_err(Diagnostic::from)
        })
    })
    .await
}
