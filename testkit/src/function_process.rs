//! Runs a function as a process behind a Runtime API.

use std::collections::HashMap;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http::ReceivedRequest;
use crate::runtime_api::{FakeRuntimeApi, MAX_WAIT, event};

type Waiting = Arc<Mutex<HashMap<String, Sender<PostedOutcome>>>>;

/// A running function. It handles one event at a time, as in Lambda. Dropping it ends the process.
#[derive(Debug)]
pub struct FunctionProcess {
    process: Child,
    answers: Sender<String>,
    polls: Mutex<Receiver<Instant>>,
    waiting: Waiting,
    invocations: AtomicU64,
    log: Option<thread::JoinHandle<String>>,
}

/// What the function posted for one event.
#[derive(Debug)]
pub struct PostedOutcome {
    /// `response` or `error`.
    pub kind: String,
    /// The body, byte for byte.
    pub text: String,
    pub body: Value,
}

/// The outcome of an event that was sent.
#[derive(Debug)]
pub struct PendingOutcome(Receiver<PostedOutcome>);

impl PendingOutcome {
    pub fn wait(self) -> PostedOutcome {
        self.wait_for(MAX_WAIT)
    }

    pub fn wait_for(self, limit: Duration) -> PostedOutcome {
        self.0.recv_timeout(limit).expect("the function answers")
    }
}

impl FunctionProcess {
    /// Starts the function with `AWS_LAMBDA_RUNTIME_API` set; `command` has the other variables.
    pub fn start(mut command: Command) -> Self {
        let FakeRuntimeApi {
            address,
            answers,
            polls,
            posted,
        } = FakeRuntimeApi::start(Vec::new());
        let waiting = Waiting::default();
        let known = Arc::clone(&waiting);
        thread::spawn(move || deliver(&posted, &known));
        let (mut console, output) = std::io::pipe().unwrap();
        let process = command
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        // `command` would hold the pipe open, and the log would never end.
        drop(command);
        let log = thread::spawn(move || {
            let mut text = String::new();
            console.read_to_string(&mut text).unwrap();
            text
        });
        Self {
            process,
            answers,
            polls: Mutex::new(polls),
            waiting,
            invocations: AtomicU64::new(0),
            log: Some(log),
        }
    }

    pub fn send(&self, payload: &str) -> PendingOutcome {
        let number = self.invocations.fetch_add(1, Ordering::Relaxed);
        let request_id = format!("invocation-{number}");
        let (sender, outcome) = channel();
        let answer = event(&request_id, payload);
        self.waiting.lock().unwrap().insert(request_id, sender);
        self.answers.send(answer).unwrap();
        PendingOutcome(outcome)
    }

    /// Sends an event and waits for the outcome.
    pub fn invoke(&self, payload: &str) -> PostedOutcome {
        self.send(payload).wait()
    }

    /// Waits until the function requests its first event, which ends its init.
    pub fn wait_for_init(&self) {
        self.polls
            .lock()
            .unwrap()
            .recv_timeout(MAX_WAIT)
            .expect("the function requests an event");
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Ends the process and returns what it wrote to standard output and standard error.
    pub fn stop(mut self) -> String {
        self.process.kill().unwrap();
        self.log.take().unwrap().join().unwrap()
    }
}

impl Drop for FunctionProcess {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}

/// Sends each outcome to its `PendingOutcome`, found by the request id in the path.
fn deliver(posted: &Receiver<ReceivedRequest>, waiting: &Waiting) {
    for request in posted {
        let mut path = request.path().rsplit('/');
        let (kind, request_id) = (path.next().unwrap(), path.next().unwrap());
        let Some(sender) = waiting.lock().unwrap().remove(request_id) else {
            continue;
        };
        let _test_ended = sender.send(PostedOutcome {
            kind: kind.to_owned(),
            body: serde_json::from_str(&request.body).unwrap(),
            text: request.body,
        });
    }
}
