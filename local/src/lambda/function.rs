//! A function: its binary as one process, or as several if invocations have to wait.
//!
//! An environment serves one invocation at a time and is kept warm for the next. If a process crashes or exceeds its
//! timeout, it is killed, the caller gets Lambda's error, and the next invocation starts a new process.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use lambda_support::clock::Clock;
use tokio::process::{Child, Command};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::lambda::invocation::{
    FunctionError, InvocationError, InvocationOutcome, Invoke, InvokeFuture,
};
use crate::lambda::runtime_api::{Init, QueuedInvocation, RuntimeApi};
use crate::progress::PartLog;
use crate::random;

/// The timeout until a process asks for its first event.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);
/// The maximum number of environments of a function. A browser makes about this many concurrent calls.
const MAX_ENVIRONMENTS: usize = 4;
/// The time that an invocation waits while no other one completes, before another environment is started.
///
/// Lambda does not wait. Here waiting avoids the processes and cold starts that a page with six quick calls at once would
/// cause; only slow calls start another environment.
const PATIENCE: Duration = Duration::from_millis(250);

#[derive(Clone, Debug)]
pub struct FunctionSettings {
    pub name: String,
    pub aliases: Vec<String>,
    pub arn: String,
    pub binary: PathBuf,
    pub arguments: Vec<String>,
    /// The timeout of one invocation.
    pub timeout: Duration,
    /// The environment of the process, without the variables that Lambda adds. No variable comes from the developer's
    /// shell.
    pub environment: BTreeMap<String, String>,
}

#[derive(Debug)]
pub struct Function {
    settings: FunctionSettings,
    idle: Mutex<Vec<ExecutionEnvironment>>,
    /// When an environment last became idle.
    freed: Mutex<Option<Instant>>,
    /// One permit for each idle environment.
    warm: Semaphore,
    /// One permit for each environment that may still be started.
    vacant: Arc<Semaphore>,
    clock: Arc<dyn Clock>,
    log: PartLog,
}

/// One process and its Runtime API. Dropping it stops both.
#[derive(Debug)]
struct ExecutionEnvironment {
    process: Child,
    runtime: RuntimeApi,
    _place: OwnedSemaphorePermit,
}

impl Function {
    /// A function without a process.
    pub fn new(settings: FunctionSettings, clock: Arc<dyn Clock>, log: PartLog) -> Self {
        Self {
            settings,
            idle: Mutex::default(),
            freed: Mutex::default(),
            warm: Semaphore::new(0),
            vacant: Arc::new(Semaphore::new(MAX_ENVIRONMENTS)),
            clock,
            log,
        }
    }

    /// Starts a first environment, so that a function that cannot start is reported before the first call. Fails with
    /// Lambda's error, if the process does not start.
    pub async fn warm_up(&self) -> Result<(), FunctionError> {
        let environment = self.environment().await?;
        self.keep(environment);
        Ok(())
    }

    pub async fn run(&self, payload: Bytes) -> InvocationOutcome {
        self.run_as(payload, random::request_id()).await
    }

    async fn run_as(&self, payload: Bytes, request_id: String) -> InvocationOutcome {
        let mut environment = match self.environment().await {
            Ok(environment) => environment,
            Err(error) => return InvocationOutcome::Error(error),
        };
        let (outcome, reusable) = self.run_in(&mut environment, payload, request_id).await;
        if reusable {
            self.keep(environment);
        } else if let Err(error) = environment.process.kill().await {
            self.log
                .warn(format_args!("the process cannot be killed: {error}"));
        }
        outcome
    }

    /// A warm environment, an environment that becomes idle soon, or a new one.
    async fn environment(&self) -> Result<ExecutionEnvironment, FunctionError> {
        loop {
            // Neither semaphore is ever closed.
            let place = async {
                self.standstill().await;
                Arc::clone(&self.vacant).acquire_owned().await
            };
            tokio::select! {
                biased;
                Ok(permit) = self.warm.acquire() => {
                    permit.forget();
                    let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
                    // A process that has exited in the meantime is dropped.
                    if let Some(mut environment) = idle
                        && matches!(environment.process.try_wait(), Ok(None))
                    {
                        return Ok(environment);
                    }
                }
                Ok(place) = place => return self.start(place).await,
            }
        }
    }

    /// Waits until no environment has become idle for [`PATIENCE`]. Returns at once if there is no environment.
    async fn standstill(&self) {
        if self.vacant.available_permits() == MAX_ENVIRONMENTS {
            return;
        }
        let mut since = Instant::now();
        loop {
            tokio::time::sleep_until((since + PATIENCE).into()).await;
            let freed = *self.freed.lock().unwrap_or_else(PoisonError::into_inner);
            match freed {
                Some(freed) if freed > since => since = freed,
                _ => return,
            }
        }
    }

    /// Keeps an environment for the next invocation.
    fn keep(&self, environment: ExecutionEnvironment) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(environment);
        *self.freed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.warm.add_permits(1);
    }

    /// The outcome, and whether the environment can be reused.
    async fn run_in(
        &self,
        environment: &mut ExecutionEnvironment,
        payload: Bytes,
        request_id: String,
    ) -> (InvocationOutcome, bool) {
        let (taken_sender, taken) = oneshot::channel();
        let (outcome_sender, outcome) = oneshot::channel();
        environment.runtime.enqueue(QueuedInvocation {
            request_id: request_id.clone(),
            payload,
            timeout: self.settings.timeout,
            function_arn: self.settings.arn.clone(),
            taken: taken_sender,
            outcome: outcome_sender,
        });
        let within_time = async {
            let _ = taken.await;
            tokio::time::timeout(self.settings.timeout, outcome).await
        };
        tokio::select! {
            biased;
            ended = within_time => match ended {
                Ok(Ok(outcome)) => (outcome, true),
                Ok(Err(_)) => (InvocationOutcome::Error(self.exited(&request_id, "the Runtime API was closed")), false),
                Err(_) => {
                    let seconds = self.settings.timeout.as_secs_f64();
                    let message = format!("RequestId: {request_id} Error: Task timed out after {seconds:.2} seconds");
                    self.log.warn(format_args!("timed out after {seconds:.2} seconds; the process is killed"));
                    (InvocationOutcome::Error(FunctionError::of_lambda("Sandbox.Timedout", &message)), false)
                }
            },
            status = environment.process.wait() => {
                let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
                (InvocationOutcome::Error(self.exited(&request_id, &status)), false)
            }
        }
    }

    fn exited(&self, request_id: &str, status: &str) -> FunctionError {
        self.log.warn(format_args!("the process exited: {status}"));
        let message = format!("RequestId: {request_id} Error: Runtime exited with error: {status}");
        FunctionError::of_lambda("Runtime.ExitError", &message)
    }

    /// Starts a process and waits until it asks for an event.
    async fn start(
        &self,
        place: OwnedSemaphorePermit,
    ) -> Result<ExecutionEnvironment, FunctionError> {
        let failed = |error: std::io::Error| {
            let message = format!("{}: {error}", self.settings.binary.display());
            FunctionError::of_lambda("Runtime.InvalidEntrypoint", &message)
        };
        let runtime = RuntimeApi::listen(Arc::clone(&self.clock))
            .await
            .map_err(failed)?;
        let mut command = Command::new(&self.settings.binary);
        command
            .args(&self.settings.arguments)
            .env_clear()
            .envs(&self.settings.environment)
            .env("AWS_LAMBDA_RUNTIME_API", runtime.authority())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // `local` handles Ctrl-C itself and stops its functions.
        #[cfg(unix)]
        command.process_group(0);
        let mut process = command.spawn().map_err(failed)?;
        self.log.forward(process.stdout.take());
        self.log.forward(process.stderr.take());
        tokio::select! {
            biased;
            init = runtime.initialised() => match init {
                Init::Failed(error) => Err(error),
                Init::Done | Init::Running => Ok(ExecutionEnvironment { process, runtime, _place: place }),
            },
            status = process.wait() => {
                let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
                Err(self.exited("none, in init", &status))
            }
            () = tokio::time::sleep(INIT_TIMEOUT) => {
                let message = format!("Init timed out after {} seconds", INIT_TIMEOUT.as_secs());
                Err(FunctionError::of_lambda("Sandbox.Timedout", &message))
            }
        }
    }
}

/// All functions, by name.
#[derive(Debug, Default)]
pub struct Functions(Vec<Arc<Function>>);

impl Functions {
    pub fn new(functions: impl IntoIterator<Item = Function>) -> Self {
        Self(functions.into_iter().map(Arc::new).collect())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Function)> {
        self.0
            .iter()
            .map(|function| (function.settings.name.as_str(), function.as_ref()))
    }

    fn find(&self, name: &str) -> Option<&Arc<Function>> {
        let named = |function: &&Arc<Function>| function.settings.name == name;
        let aliased =
            |function: &&Arc<Function>| function.settings.aliases.iter().any(|own| own == name);
        self.0
            .iter()
            .find(named)
            .or_else(|| self.0.iter().find(aliased))
    }
}

impl Invoke for Functions {
    fn invoke<'a>(&'a self, name: &'a str, payload: Bytes) -> InvokeFuture<'a> {
        self.invoke_as(name, payload, random::request_id())
    }

    fn invoke_as<'a>(
        &'a self,
        name: &'a str,
        payload: Bytes,
        request_id: String,
    ) -> InvokeFuture<'a> {
        Box::pin(async move {
            let Some(function) = self.find(name).map(Arc::clone) else {
                return Err(InvocationError::UnknownFunction(name.to_owned()));
            };
            // A separate task: as at AWS, a caller that disconnects does not stop the function.
            let run = tokio::spawn(async move { function.run_as(payload, request_id).await });
            Ok(run.await.unwrap_or_else(|error| {
                InvocationOutcome::Error(FunctionError::of_lambda(
                    "Runtime.ExitError",
                    &error.to_string(),
                ))
            }))
        })
    }

    fn knows(&self, name: &str) -> bool {
        self.find(name).is_some()
    }
}
