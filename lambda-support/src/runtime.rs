//! The process of a function: starts, handles invocations, and ends with a message.

use std::fmt::Debug;
use std::future::Future;
use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::Arc;

use futures_util::FutureExt;
use lambda_runtime::tower::layer::layer_fn;
use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::clock::{Clock, SystemClock};
use crate::init_error;
use crate::log::{Level, Log};
use crate::no_event::{NoEvent, only_events};
use crate::settings::{Environment, SettingsError, Source};

/// Why the process of a function ends.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The process does not run in Lambda, or variables of Lambda are missing.
    #[error("{0}: run this function in Lambda, or locally with `cargo local`")]
    NoLambda(String),
    #[error("the function cannot start: {0}")]
    Init(Box<dyn std::error::Error + Send + Sync>),
    #[error("the Lambda Runtime API failed: {0}")]
    Serving(lambda_runtime::Error),
}

/// The variables that Lambda sets for every function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LambdaEnvironment {
    pub function_name: String,
}

impl LambdaEnvironment {
    /// Reads the variables that the runtime needs, because the runtime panics if one is missing. Fails with the first
    /// variable that is missing or wrong.
    pub fn from_source(source: &dyn Source) -> Result<Self, ProcessError> {
        let variable = |name: &str| {
            let value = source
                .variable(name)
                .and_then(|value| value.into_string().ok());
            value.ok_or_else(|| ProcessError::NoLambda(format!("{name} is not set")))
        };
        let api = variable(RUNTIME_API)?;
        if init_error::runtime_api(&api).is_none() {
            return Err(ProcessError::NoLambda(format!(
                "{RUNTIME_API} holds {api:?}, which is not a host and port"
            )));
        }
        let function_name = variable("AWS_LAMBDA_FUNCTION_NAME")?;
        variable("AWS_LAMBDA_FUNCTION_VERSION")?;
        let memory = variable(MEMORY_SIZE)?;
        if memory.parse::<i32>().is_err() {
            return Err(ProcessError::NoLambda(format!(
                "{MEMORY_SIZE} holds {memory:?}, which is not a number of megabytes"
            )));
        }
        Ok(Self { function_name })
    }
}

const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";
const MEMORY_SIZE: &str = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";

impl ProcessError {
    /// The error type for Lambda, if the function failed during init.
    const fn init_error_type(&self) -> Option<&'static str> {
        match self {
            Self::Settings(_) => Some("Runtime.ConfigInvalid"),
            Self::NoLambda(_) | Self::Init(_) => Some("Runtime.InitError"),
            Self::Serving(_) => None,
        }
    }
}

/// Runs the process of a function to its end. An error is written to standard error; an error during init is also
/// reported to Lambda.
pub fn run<F>(name: &str, function: F) -> ExitCode
where
    F: Future<Output = Result<(), ProcessError>>,
{
    // Lambda sends one invocation at a time, except on Managed Instances, so more threads would only make the start
    // slower.
    let mut tokio = match max_concurrency(&Environment) {
        0 | 1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let ended = match tokio.enable_all().build() {
        Ok(tokio) => tokio.block_on(async {
            let ended = function.await;
            if let Err(error) = &ended {
                report(name, error).await;
            }
            ended
        }),
        Err(error) => {
            say(name, &error);
            return ExitCode::FAILURE;
        }
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

async fn report(name: &str, error: &ProcessError) {
    say(name, error);
    let api = Environment.variable(RUNTIME_API);
    let api = api.and_then(|api| init_error::runtime_api(api.to_str()?));
    if let (Some(api), Some(error_type)) = (api, error.init_error_type()) {
        init_error::post(api, error_type, &error.to_string()).await;
    }
}

fn say(name: &str, error: &dyn std::error::Error) {
    let _unread = writeln!(std::io::stderr(), "{name}: {error}");
}

/// The number of concurrent invocations that Lambda sends.
fn max_concurrency(source: &dyn Source) -> u32 {
    source
        .variable("AWS_LAMBDA_MAX_CONCURRENCY")
        .and_then(|value| value.to_str()?.parse().ok())
        .unwrap_or(1)
}

/// Handles invocations until the Runtime API fails: one at a time, or several at once if Lambda sends several. Fails if
/// the Runtime API cannot be reached. With several at once the runtime has a worker for each: a worker asks again while the
/// Runtime API cannot be reached, and ends at a response without an event. Only when all workers have ended this fails.
pub async fn serve<E, A, H, F, D>(log: &Log, handler: H) -> Result<(), ProcessError>
where
    E: DeserializeOwned + Send + 'static,
    A: Serialize + Send + 'static,
    H: Fn(LambdaEvent<E>) -> F + Clone + Send + 'static,
    F: Future<Output = Result<A, D>> + Send + 'static,
    D: Into<Diagnostic> + Debug + 'static,
{
    log_panics(log.clone());
    let no_event = Arc::new(NoEvent::new(log.clone()));
    loop {
        // The runtime's tracing layer is left out: it opens a span per invocation, and nothing reads it.
        let runtime = Runtime::new(service_fn(handler.clone()))
            .layer(layer_fn(|inner| only_events(inner, Arc::clone(&no_event))));
        let serving = AssertUnwindSafe(runtime.run_concurrent());
        if let Ok(ended) = serving.catch_unwind().await {
            return ended.map_err(ProcessError::Serving);
        }
        // The runtime catches the handler's panics. This catches the runtime's own panics: it expects headers that an
        // empty response does not have.
        no_event.pause().await;
    }
}

/// Logs each panic as a line, except the runtime's own panic at an empty response: see [`serve`].
fn log_panics(log: Log) {
    std::panic::set_hook(Box::new(move |panic| {
        let location = panic.location();
        if location.is_some_and(|location| location.file().contains("lambda_runtime-")) {
            return;
        }
        log.write(
            Level::Error,
            "panic",
            SystemClock.now(),
            json!({
                "cause": panic.payload_as_str(),
                "location": location.map(ToString::to_string),
            }),
        );
    }));
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::ffi::OsString;

    use super::*;

    struct Given(HashMap<&'static str, &'static str>);

    impl Source for Given {
        fn variable(&self, name: &str) -> Option<OsString> {
            self.0.get(name).map(Into::into)
        }

        fn file(&self, _: &str) -> std::io::Result<Vec<u8>> {
            Err(std::io::ErrorKind::NotFound.into())
        }
    }

    const LAMBDA: [(&str, &str); 4] = [
        ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"),
        ("AWS_LAMBDA_FUNCTION_NAME", "authorizer"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
    ];

    #[test]
    fn variables_that_the_runtime_needs_are_checked_first() {
        let complete = LambdaEnvironment::from_source(&Given(HashMap::from(LAMBDA)));
        assert_eq!(complete.unwrap().function_name, "authorizer");
        for (name, _) in LAMBDA {
            let mut given = HashMap::from(LAMBDA);
            given.remove(name);
            let error = LambdaEnvironment::from_source(&Given(given)).unwrap_err();
            let expected = format!(
                "{name} is not set: run this function in Lambda, or locally with `cargo local`"
            );
            assert_eq!(error.to_string(), expected);
        }
        for (name, wrong) in [
            ("AWS_LAMBDA_RUNTIME_API", "/path"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "much"),
        ] {
            let mut given = HashMap::from(LAMBDA);
            given.insert(name, wrong);
            let error = LambdaEnvironment::from_source(&Given(given)).unwrap_err();
            assert!(error.to_string().starts_with(name), "{error}");
        }
    }

    #[test]
    fn concurrency_is_one_unless_lambda_sets_more() {
        for (value, expected) in [("", 1), ("many", 1), ("-3", 1), ("1", 1), ("16", 16)] {
            let given = Given(HashMap::from([("AWS_LAMBDA_MAX_CONCURRENCY", value)]));
            assert_eq!(max_concurrency(&given), expected, "{value:?}");
        }
        assert_eq!(max_concurrency(&Given(HashMap::new())), 1);
    }
}
