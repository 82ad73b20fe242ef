//! One function process behind a Runtime API, and the kernel's statistics of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use lambda_support::clock::{Clock, SystemClock};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;

use super::BenchError;
use crate::lambda::invocation::InvocationOutcome;
use crate::lambda::runtime_api::{QueuedInvocation, RuntimeApi};
use crate::random;

const INVOCATION_TIMEOUT: Duration = Duration::from_secs(20);

#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) binary: PathBuf,
    pub(super) environment: BTreeMap<String, String>,
}

/// The CPU time of a function's process, and the wall time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    pub(super) cpu: Duration,
    pub(super) wall: Duration,
}

/// A running function. Dropping it ends the process.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    runtime: RuntimeApi,
    started: Instant,
}

impl Process {
    pub(super) async fn start(program: &Program) -> Result<Self, BenchError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let runtime = RuntimeApi::listen(clock).await.map_err(BenchError::Io)?;
        let started = Instant::now();
        let child = Command::new(&program.binary)
            .env_clear()
            .envs(&program.environment)
            .env("AWS_LAMBDA_RUNTIME_API", runtime.authority())
            .env("AWS_LAMBDA_FUNCTION_NAME", "bench")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .map_err(|cause| BenchError::Spawn(program.binary.display().to_string(), cause))?;
        Ok(Self {
            child,
            runtime,
            started,
        })
    }

    pub(super) async fn invoke(&mut self, event: Bytes) -> Result<Bytes, BenchError> {
        let (taken, _) = oneshot::channel();
        let (sender, outcome) = oneshot::channel();
        self.runtime.enqueue(QueuedInvocation {
            request_id: random::request_id(),
            payload: event,
            timeout: INVOCATION_TIMEOUT,
            function_arn: "arn:aws:lambda:eu-west-1:123456789012:function:bench".to_owned(),
            taken,
            outcome: sender,
        });
        tokio::select! {
            outcome = tokio::time::timeout(INVOCATION_TIMEOUT, outcome) => match outcome {
                Ok(Ok(InvocationOutcome::Success(answer))) => Ok(answer),
                Ok(Ok(InvocationOutcome::Error(error))) => Ok(error.payload().clone()),
                Ok(Err(_)) | Err(_) => Err(BenchError::NoAnswer),
            },
            _ = self.child.wait() => Err(BenchError::NoAnswer),
        }
    }

    /// CPU and wall time since the process was spawned.
    pub(super) fn cost(&self) -> Result<Cost, BenchError> {
        Ok(Cost {
            cpu: self.cpu()?,
            wall: self.started.elapsed(),
        })
    }

    /// The CPU time of all live threads. Its unit is nanoseconds; that of `times` is a hundredth of a second.
    fn cpu(&self) -> Result<Duration, BenchError> {
        let tasks = self.proc()?.join("task");
        let mut nanos = 0;
        for task in fs::read_dir(tasks).map_err(BenchError::Io)? {
            let path = task.map_err(BenchError::Io)?.path().join("schedstat");
            // A thread may end between the listing and the reading.
            let Ok(statistics) = fs::read_to_string(path) else {
                continue;
            };
            let on_processor = statistics
                .split(' ')
                .next()
                .and_then(|nanos| nanos.parse::<u64>().ok());
            nanos += on_processor.ok_or(BenchError::Statistics)?;
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// The largest resident size so far, in bytes.
    pub(super) fn peak_memory(&self) -> Result<u64, BenchError> {
        let status = fs::read_to_string(self.proc()?.join("status")).map_err(BenchError::Io)?;
        let kibibytes = status.lines().find_map(|line| {
            line.strip_prefix("VmHWM:")?
                .trim()
                .strip_suffix(" kB")?
                .parse::<u64>()
                .ok()
        });
        Ok(kibibytes.ok_or(BenchError::Statistics)? * 1024)
    }

    fn proc(&self) -> Result<PathBuf, BenchError> {
        let id = self.child.id().ok_or(BenchError::NoAnswer)?;
        Ok(Path::new("/proc").join(id.to_string()))
    }
}
