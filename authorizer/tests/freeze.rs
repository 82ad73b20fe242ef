//! The real binary, frozen as Lambda freezes it: stopped for longer than every timeout, between two invocations and in
//! the middle of a fetch, with the connection to the issuer cut meanwhile. It must serve as soon as it is thawed.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::panic,
    reason = "a test that cannot go on has failed, and the process under test keeps the machine's time"
)]

mod loopback;

use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use loopback::server::{Reply, Server};
use serde_json::{Value, json};

const TIMEOUT_MS: u64 = 200;
/// Longer than a fetch may be under way (three documents and a second), and than the keys are fresh.
const FREEZE: Duration = Duration::from_millis(3 * TIMEOUT_MS + 1000 + 100);
/// How soon an answer has to come, on a busy machine too.
const SOON: Duration = Duration::from_secs(5);

/// The key that tokens are signed with.
struct Signer(EcdsaKeyPair);

impl Signer {
    fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn key_set(&self) -> String {
        let point = self.0.public_key().as_ref();
        let (x, y) = point.split_at(33);
        let x = URL_SAFE_NO_PAD.encode(x.get(1..).unwrap());
        let y = URL_SAFE_NO_PAD.encode(y);
        json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "k", "x": x, "y": y}]}).to_string()
    }

    fn token(&self, issuer: &str) -> String {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let header = json!({"alg": "ES256", "kid": "k"});
        let claims = json!({
            "ver": 1, "jti": "AT.freeze", "iss": issuer, "aud": "api://default", "iat": now, "exp": now + 600,
            "cid": "web", "uid": "00u1", "scp": ["state:read"], "sub": "alice@example.com",
        });
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let input = format!("{}.{}", part(&header), part(&claims));
        let signature = self.0.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// The issuer: its keys are fresh for a second, and it can be made to answer nothing until its connection is closed.
struct Issuer {
    server: Server,
    /// Where there is one, the next request waits for it to be dropped and is cut then.
    cut: Arc<Mutex<Option<Receiver<()>>>>,
    signer: Signer,
}

impl Issuer {
    fn start() -> Self {
        let signer = Signer::new();
        let keys = signer.key_set();
        let cut = Arc::new(Mutex::new(None::<Receiver<()>>));
        let next = Arc::clone(&cut);
        let server = Server::start(move |_| {
            let waits = next.lock().unwrap().take();
            match waits {
                Some(cut) => {
                    let _cut = cut.recv();
                    Reply::Close(Vec::new())
                }
                // The connection is offered to be kept.
                None => {
                    let head =
                        "HTTP/1.1 200 OK\r\nCache-Control: max-age=1\r\nConnection: keep-alive";
                    let length = keys.len();
                    let answer = format!("{head}\r\nContent-Length: {length}\r\n\r\n{keys}");
                    Reply::Hold(answer.into_bytes())
                }
            }
        });
        Self {
            server,
            cut,
            signer,
        }
    }

    fn name(&self) -> String {
        self.server.url("/as")
    }

    /// Lets the next request hang until the sender is dropped.
    fn hang(&self) -> Sender<()> {
        let (sender, receiver) = channel();
        *self.cut.lock().unwrap() = Some(receiver);
        sender
    }

    fn await_requests(&self, count: usize) {
        let started = Instant::now();
        while self.server.asked().len() < count {
            assert!(
                started.elapsed() < SOON,
                "{} of {count} fetches",
                self.server.asked().len()
            );
            thread::yield_now();
        }
    }
}

/// The function, and the Lambda Runtime API in front of it.
struct Function {
    process: Child,
    events: Sender<String>,
    answers: Receiver<Value>,
}

impl Function {
    fn start(issuer: &Issuer) -> Self {
        let (events, next) = channel::<String>();
        let (answered, answers) = channel();
        let (next, answered) = (Mutex::new(next), Mutex::new(answered));
        let api = Server::start(move |asked| {
            if asked.path().ends_with("/invocation/next") {
                let Ok(event) = next.lock().unwrap().recv() else {
                    return Reply::Close(Vec::new());
                };
                let deadline =
                    SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(30);
                let headers = format!(
                    "Lambda-Runtime-Aws-Request-Id: 1\r\nLambda-Runtime-Deadline-Ms: {}\r\nConnection: close\r\n",
                    deadline.as_millis()
                );
                return Reply::with(200, &headers, &event);
            }
            let answer = serde_json::from_str(&asked.body).unwrap_or(Value::Null);
            answered.lock().unwrap().send(answer).unwrap();
            Reply::with(202, "Connection: close\r\n", "")
        });
        let process = Command::new(env!("CARGO_BIN_EXE_authorizer"))
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "authorizer")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("ISSUER", issuer.name())
            .env("JWKS_URI", issuer.server.url("/as/v1/keys"))
            .env("AUDIENCE", "api://default")
            .env("ALGORITHMS", "ES256")
            .env("JWKS_TIMEOUT_MS", TIMEOUT_MS.to_string())
            .env("JWKS_COOLDOWN_SECONDS", "1")
            .env("TOKEN_CACHE_ENTRIES", "0")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            process,
            events,
            answers,
        }
    }

    fn send(&self, token: &str) {
        let event = json!({
            "type": "TOKEN",
            "methodArn": "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/session",
            "authorizationToken": format!("Bearer {token}"),
        });
        self.events.send(event.to_string()).unwrap();
    }

    fn answer(&self) -> Value {
        self.answers
            .recv_timeout(SOON)
            .unwrap_or_else(|_| panic!("no answer"))
    }

    /// One invocation, which has to be answered soon and well.
    #[track_caller]
    fn allows(&self, token: &str) {
        self.send(token);
        self.is_allowed();
    }

    #[track_caller]
    fn is_allowed(&self) {
        let answer = self.answer();
        let effect = answer
            .pointer("/policyDocument/Statement/0/Effect")
            .and_then(Value::as_str);
        assert_eq!(effect, Some("Allow"), "{answer}");
    }

    /// Until the keys are cached: on a busy machine the first fetches may time out, which is not what this is about.
    fn warm_up(&self, token: &str) {
        for _ in 0..20 {
            self.send(token);
            if self.answer().get("policyDocument").is_some() {
                return;
            }
            thread::sleep(Duration::from_millis(500));
        }
        panic!("never warm");
    }

    fn signal(&self, name: &str) {
        let done = Command::new("kill")
            .arg(name)
            .arg(self.process.id().to_string())
            .status();
        assert!(done.unwrap().success());
    }

    /// Stops the process for longer than every timeout.
    fn freeze(&self, meanwhile: impl FnOnce()) {
        self.signal("-STOP");
        meanwhile();
        thread::sleep(FREEZE);
        self.signal("-CONT");
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}

#[test]
fn frozen_between_two_invocations() {
    let issuer = Issuer::start();
    let function = Function::start(&issuer);
    let token = issuer.signer.token(&issuer.name());
    function.warm_up(&token);
    let before = issuer.server.asked().len();
    function.freeze(|| {});
    function.allows(&token);
    // The keys had aged meanwhile, and were asked for over a connection of their own.
    issuer.await_requests(before + 1);
}

#[test]
fn frozen_in_the_middle_of_a_fetch() {
    let issuer = Issuer::start();
    let function = Function::start(&issuer);
    let token = issuer.signer.token(&issuer.name());
    function.warm_up(&token);
    // So that the keys are past fresh and the next invocation waits for a fetch.
    function.freeze(|| {});
    let before = issuer.server.asked().len();
    let cut = issuer.hang();
    function.send(&token);
    issuer.await_requests(before + 1);
    function.freeze(|| drop(cut));
    // It is answered, and the next fetch is made at once: a freeze is no failure of the issuer that would need a rest.
    function.is_allowed();
    function.allows(&token);
    issuer.await_requests(before + 2);
}
