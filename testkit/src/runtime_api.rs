//! A Lambda Runtime API on loopback, and checks that every function must pass behind it.

use std::io::Write;
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Barrier, Mutex};
use std::time::{Duration, Instant, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::http::{ReceivedRequest, response, serve_connections};

/// How long an invocation may take, and how long a test waits for a function.
pub const MAX_WAIT: Duration = Duration::from_secs(20);

/// Answers requests for events one by one, and records what a function posts.
#[derive(Debug)]
pub struct FakeRuntimeApi {
    /// Host and port, for `AWS_LAMBDA_RUNTIME_API`.
    pub address: String,
    pub(crate) answers: Sender<String>,
    /// The times at which the function requested events.
    pub(crate) polls: Receiver<Instant>,
    pub(crate) posted: Receiver<ReceivedRequest>,
}

struct Queue {
    answers: Mutex<Receiver<String>>,
    polls: Sender<Instant>,
    /// The number of requests for events that must arrive before the first is answered.
    together: Barrier,
    posted: Sender<ReceivedRequest>,
}

pub fn event(request_id: &str, payload: &str) -> String {
    let deadline = (UNIX_EPOCH.elapsed().unwrap() + MAX_WAIT).as_millis();
    let headers = format!(
        "Lambda-Runtime-Aws-Request-Id: {request_id}\r\n\
         Lambda-Runtime-Deadline-Ms: {deadline}\r\n\
         Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-west-1:111122223333:function:test\r\n"
    );
    response("200 OK", &headers, payload)
}

impl FakeRuntimeApi {
    /// Answers requests for events with the answers of the script, then stops answering. Other requests are recorded.
    pub fn start(script: Vec<String>) -> Self {
        Self::start_with(script, 1)
    }

    /// The same, but the first answer waits until `together` requests have arrived.
    pub fn start_with(script: Vec<String>, together: usize) -> Self {
        let (answers, next) = channel();
        let (polled, polls) = channel();
        let (post, posted) = channel();
        for answer in script {
            answers.send(answer).unwrap();
        }
        let queue = Queue {
            answers: Mutex::new(next),
            polls: polled,
            together: Barrier::new(together),
            posted: post,
        };
        let address = serve_connections(move |stream| queue.serve(stream)).to_string();
        Self {
            address,
            answers,
            polls,
            posted,
        }
    }

    /// The next request that a function posts.
    pub fn posted(&self) -> ReceivedRequest {
        self.posted
            .recv_timeout(MAX_WAIT)
            .expect("the function posts something")
    }

    /// Runs a function until it has posted `count` times, then ends it. Returns what it posted and wrote.
    pub fn run(&self, mut function: Command, count: usize) -> (Vec<ReceivedRequest>, String) {
        let mut process = function
            .env("AWS_LAMBDA_RUNTIME_API", &self.address)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let posted = (0..count).map(|_| self.posted()).collect();
        process.kill().unwrap();
        (posted, written(&process.wait_with_output().unwrap()))
    }
}

impl Queue {
    fn serve(&self, mut stream: TcpStream) {
        while let Ok(request) = ReceivedRequest::read(&mut stream) {
            let answer = if request.path().ends_with("/invocation/next") {
                self.together.wait();
                let _test_ended = self.polls.send(Instant::now());
                let Ok(answer) = self.answers.lock().unwrap().recv() else {
                    return;
                };
                answer
            } else {
                let _test_ended = self.posted.send(request);
                response("202 Accepted", "", "")
            };
            let _gone = stream.write_all(answer.as_bytes());
        }
    }
}

/// What a process wrote, to standard output and then to standard error.
pub fn written(output: &Output) -> String {
    let bytes = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8(bytes).unwrap()
}

/// The function must report wrong settings to Lambda as this message.
pub fn assert_init_error(api: &FakeRuntimeApi, message: &str) {
    let report = api.posted();
    assert_eq!(report.path(), "/2018-06-01/runtime/init/error");
    assert_eq!(
        report.header("Lambda-Runtime-Function-Error-Type"),
        Some("Runtime.ConfigInvalid")
    );
    assert_eq!(
        serde_json::from_str::<Value>(&report.body).unwrap(),
        json!({"errorMessage": message, "errorType": "Runtime.ConfigInvalid", "stackTrace": []})
    );
}

/// The shortest pause after a response without an event.
const MIN_PAUSE: Duration = Duration::from_millis(100);

/// The function must continue after responses without an event. It must log one message and pause after each response.
/// It must answer `{}`, which is not a known event, with `UnknownEvent`, and an invocation without a payload with an
/// error.
pub fn assert_survives_responses_without_an_event(function: impl Fn() -> Command) {
    let of_invocation = |status, payload| event("r-0", payload).replacen("200 OK", status, 1);
    for (empty, answered) in [
        (response("200 OK", "", ""), false),
        (response("204 No Content", "", ""), false),
        (of_invocation("204 No Content", ""), false),
        (response("500 Internal Server Error", "", "{}"), false),
        (of_invocation("500 Internal Server Error", "{}"), false),
        (
            response("200 OK", "Lambda-Runtime-Aws-Request-Id: r-0\r\n", "{}"),
            false,
        ),
        (of_invocation("200 OK", ""), true),
    ] {
        let script = vec![empty.clone(), empty.clone(), event("r-1", "{}")];
        let ids: &[&str] = if answered {
            &["r-0", "r-0", "r-1"]
        } else {
            &["r-1"]
        };
        let api = FakeRuntimeApi::start(script);
        let (posted, log) = api.run(function(), ids.len());
        let paths: Vec<_> = posted.iter().map(ReceivedRequest::path).collect();
        let expected: Vec<_> = ids
            .iter()
            .map(|id| format!("/2018-06-01/runtime/invocation/{id}/error"))
            .collect();
        assert_eq!(paths, expected, "{empty}");
        assert!(!log.contains("panic"), "{empty}: {log}");
        let messages = log.matches("the Lambda Runtime API sent no event").count();
        assert_eq!(messages, 1, "{empty}: {log}");
        let body: Value = serde_json::from_str(&posted[ids.len() - 1].body).unwrap();
        assert_eq!(body["errorType"], "UnknownEvent");
        let polls: Vec<_> = api.polls.try_iter().take(3).collect();
        let pauses = polls.windows(2).map(|pair| pair[1] - pair[0]);
        assert!(pauses.min() >= Some(MIN_PAUSE), "{empty}: {polls:?}");
    }
}

/// With `AWS_LAMBDA_MAX_CONCURRENCY` the function must accept this many invocations before it answers one.
pub fn assert_takes_several_invocations_at_once(mut function: Command) {
    let ids = ["r-1", "r-2", "r-3", "r-4"];
    let script = ids.map(|id| event(id, "{}")).to_vec();
    let api = FakeRuntimeApi::start_with(script, ids.len());
    function.env("AWS_LAMBDA_MAX_CONCURRENCY", "4");
    let (posted, log) = api.run(function, ids.len());
    let mut paths: Vec<_> = posted.iter().map(ReceivedRequest::path).collect();
    paths.sort_unstable();
    let expected = ids.map(|id| format!("/2018-06-01/runtime/invocation/{id}/error"));
    assert_eq!(paths, expected, "{log}");
}

/// `.cargo/config.toml` builds the crypto library without CPU-jitter entropy, which would take 22 ms of CPU time at
/// every cold start. An unstripped binary that has it has the names of its functions in the symbol table.
pub fn assert_no_cpu_jitter_entropy(binary: &str) {
    let bytes = std::fs::read(binary).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(
        text.contains("RAND_bytes"),
        "no symbols: the binary is stripped"
    );
    assert!(
        !text.contains("jent_"),
        "the build ignored AWS_LC_SYS_NO_JITTER_ENTROPY"
    );
}
