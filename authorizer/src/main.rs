//! The authorizer as a Lambda function: reads the settings, then makes one decision per event.

use std::process::ExitCode;
use std::sync::Arc;

use authorizer::authorizer::Authorizer;
use authorizer::config::Settings;
use authorizer::issuer::http_client::{HttpClient, Transport};
use lambda_runtime::{Diagnostic, LambdaEvent};
use lambda_support::clock::{Clock, SystemClock};
use lambda_support::log::{EventLog, Level, Log, Stdout};
use lambda_support::runtime::{self, LambdaEnvironment, ProcessError};
use lambda_support::settings::Environment;
use serde_json::{json, value::RawValue};

fn main() -> ExitCode {
    runtime::run("authorizer", serve())
}

async fn serve() -> Result<(), ProcessError> {
    let settings = Settings::from_source(&Environment)?;
    let lambda = LambdaEnvironment::from_source(&Environment)?;
    // The crypto provider is set here and not by crate features: with a second provider in the build, the first request
    // would panic. The provider of `jsonwebtoken` is installed with the first key.
    let _first = rustls::crypto::aws_lc_rs::default_provider().install_default();

    let log = Log::new(settings.log_level, Arc::new(Stdout));
    EventLog::new(log.clone(), "authorizer").install();
    log.write(
        Level::Info,
        "start",
        SystemClock.now(),
        json!({"settings": settings.summary()}),
    );
    for warning in &settings.warnings {
        log.write(Level::Warn, warning, SystemClock.now(), json!({}));
    }

    let transport = HttpClient::with_proxy(settings.ca_pem.as_deref(), settings.proxy.as_ref())
        .map_err(|error| ProcessError::Init(error.into()))?;
    let transport: Arc<dyn Transport> = Arc::new(transport);
    let authorizer = Arc::new(Authorizer::new(
        &settings,
        &transport,
        Arc::new(SystemClock),
        log.clone(),
        lambda.function_name,
    ));
    authorizer.warm_up().await;

    runtime::serve(&log, move |event: LambdaEvent<Box<RawValue>>| {
        let authorizer = Arc::clone(&authorizer);
        async move {
            authorizer
                .authorize(&event.payload, (&event.context).into())
                .await
                .map_err(Diagnostic::from)
        }
    })
    .await
}
