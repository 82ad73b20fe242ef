//! As much of the Lambda Runtime API and of an issuer as the function needs, on loopback.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

use super::support::Signer;

/// A running function.
pub(crate) struct Function {
    /// Its issuer.
    pub(crate) issuer: String,
    process: Child,
    events: Sender<String>,
    answers: Receiver<Answer>,
    polls: Receiver<()>,
    issuer_is_down: Arc<AtomicBool>,
    log: Option<thread::JoinHandle<String>>,
}

/// What the function posted.
pub(crate) struct Answer {
    /// `response` or `error`.
    pub(crate) kind: String,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Function {
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        Self::start_with(false, variables)
    }

    pub(crate) fn start_without_issuer(variables: &[(&str, &str)]) -> Self {
        Self::start_with(true, &[&[("JWKS_TIMEOUT_MS", "300")], variables].concat())
    }

    fn start_with(down: bool, variables: &[(&str, &str)]) -> Self {
        let issuer_is_down = Arc::new(AtomicBool::new(down));
        let issuer = serve_keys(Arc::clone(&issuer_is_down));
        let (events, to_serve) = channel();
        let (served, answers) = channel();
        let (polled, polls) = channel();
        let runtime = serve_runtime(to_serve, served, polled);
        let (mut console, output) = std::io::pipe().unwrap();
        let process = Command::new(env!("CARGO_BIN_EXE_authorizer"))
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", runtime)
            .envs([
                ("AWS_LAMBDA_FUNCTION_NAME", "authorizer"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
            ])
            .envs([
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
                ("AUDIENCE", "api://default"),
            ])
            .env("ISSUER", &issuer)
            .env("JWKS_URI", format!("{issuer}/keys"))
            .env("INTROSPECTION_URI", format!("{issuer}/introspect"))
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        let log = thread::spawn(move || {
            let mut text = String::new();
            console.read_to_string(&mut text).unwrap();
            text
        });
        Self {
            issuer,
            process,
            events,
            answers,
            polls,
            issuer_is_down,
            log: Some(log),
        }
    }

    pub(crate) fn invoke(&mut self, event: &str) -> Answer {
        self.events.send(event.to_owned()).unwrap();
        self.answers
            .recv_timeout(std::time::Duration::from_secs(10))
            .expect("the function answers")
    }

    /// Waits until init is over: the function asks for its first event.
    pub(crate) fn wait_for_init(&self) {
        self.polls
            .recv_timeout(std::time::Duration::from_secs(10))
            .expect("the function asks for events");
    }

    pub(crate) fn issuer_goes_down(&self) {
        self.issuer_is_down.store(true, Ordering::SeqCst);
    }

    /// Ends it and gives back what it wrote, to standard output and standard error.
    pub(crate) fn stop(mut self) -> String {
        self.process.kill().unwrap();
        self.log.take().unwrap().join().unwrap()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _gone = self.process.wait();
    }
}

/// Publishes the signer's key on a free port, calls every token active, and gives back the issuer's address.
fn serve_keys(is_down: Arc<AtomicBool>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let keys = json!({"keys": [Signer::rsa().jwk("k1")]}).to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            if !is_down.load(Ordering::SeqCst) {
                let asked = read_request(&mut BufReader::new(&stream));
                let body = match asked {
                    Some((path, _)) if path == "/introspect" => r#"{"active": true}"#,
                    _ => &keys,
                };
                let headers = "Content-Type: application/json\r\n";
                respond(&mut stream, "200 OK", headers, body);
            }
        }
    });
    issuer
}

/// Hands out events one by one and collects what is posted. `next` waits as long as there is no event, as in Lambda.
fn serve_runtime(events: Receiver<String>, answers: Sender<Answer>, polls: Sender<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let events = Arc::new(Mutex::new(events));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (events, answers, polls) = (Arc::clone(&events), answers.clone(), polls.clone());
            thread::spawn(move || serve_connection(&stream.unwrap(), &events, &answers, &polls));
        }
    });
    address
}

fn serve_connection(
    mut stream: &TcpStream,
    events: &Mutex<Receiver<String>>,
    answers: &Sender<Answer>,
    polls: &Sender<()>,
) {
    let mut reader = BufReader::new(stream);
    while let Some((path, body)) = read_request(&mut reader) {
        let kind = path.rsplit('/').next().unwrap().to_owned();
        if kind == "next" {
            let _test_ended = polls.send(());
            let Ok(event) = events.lock().unwrap().recv() else {
                return;
            };
            let deadline = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() + 5_000;
            let headers = format!(
                "Lambda-Runtime-Aws-Request-Id: r-1\r\nLambda-Runtime-Deadline-Ms: {deadline}\r\n"
            );
            respond(&mut stream, "200 OK", &headers, &event);
        } else {
            respond(&mut stream, "202 Accepted", "", "");
            let value = serde_json::from_str(&body).unwrap();
            let _test_ended = answers.send(Answer {
                kind,
                text: body,
                body: value,
            });
        }
    }
}

fn read_request(reader: &mut BufReader<&TcpStream>) -> Option<(String, String)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let (mut length, mut chunked) = (0, false);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        chunked |= header == "transfer-encoding: chunked";
    }
    assert!(!chunked, "the function sends whole bodies");
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((path, String::from_utf8(body).unwrap()))
}

fn respond(stream: &mut impl Write, status: &str, headers: &str, body: &str) {
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    let _gone = stream.write_all(format!("{head}{body}").as_bytes());
}
