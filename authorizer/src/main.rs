//! The authorizer as a Lambda function: settings in, then one decision an event.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use authorizer::authorizer::Authorizer;
use authorizer::clock::{Clock, SystemClock, Timestamp};
use authorizer::config::Settings;
use authorizer::http_client::{HttpClient, Transport};
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use lambda_support::invocation::Invocation;
use lambda_support::log::{EventLog, Level, Log, Stdout};
use lambda_support::settings::Environment;
use serde_json::{json, value::RawValue};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _unread = writeln!(std::io::stderr(), "authorizer: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), lambda_runtime::Error> {
    let settings = Settings::from_source(&Environment)?;
    // The runtime would end in a panic without any of these.
    let needed = [
        "RUNTIME_API",
        "FUNCTION_NAME",
        "FUNCTION_VERSION",
        "FUNCTION_MEMORY_SIZE",
    ];
    if let Some(missing) = needed
        .map(|name| format!("AWS_LAMBDA_{name}"))
        .iter()
        .find(|name| std::env::var(name).is_err())
    {
        return Err(format!(
            "no {missing}: this function needs Lambda, or on one machine `cargo local`"
        )
        .into());
    }
    // Named, not found by features: a second provider in the build would otherwise end in a panic at the first token.
    let _first = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let _first = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();

    let log = Log::new(settings.log_level, Arc::new(Stdout));
    tracing::subscriber::set_global_default(EventLog::new(log.clone(), "authorizer"))?;
    log.write(
        Level::Info,
        "start",
        SystemClock.now(),
        json!({"settings": settings.summary()}),
    );
    for warning in &settings.warnings {
        log.write(Level::Warn, warning, SystemClock.now(), json!({}));
    }

    let transport: Arc<dyn Transport> = Arc::new(HttpClient::new(settings.ca_pem.as_deref())?);
    let function = std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
    let authorizer = Arc::new(Authorizer::new(
        &settings,
        &transport,
        Arc::new(SystemClock),
        log,
        function,
    ));
    authorizer.warm_up().await;

    lambda_runtime::run(service_fn(|event: LambdaEvent<Box<RawValue>>| {
        let authorizer = Arc::clone(&authorizer);
        async move {
            let invocation = Invocation {
                request_id: &event.context.request_id,
                deadline: Timestamp::from_millis(event.context.deadline),
            };
            authorizer
                .authorize(&event.payload, invocation)
                .await
                .map_err(Diagnostic::from)
        }
    }))
    .await
}
