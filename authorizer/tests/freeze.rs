//! The real binary, frozen as Lambda freezes it: stopped for longer than every timeout, between two invocations or
//! during a fetch, while the connection to the issuer is cut. It must answer as soon as it continues.

#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, UNIX_EPOCH};

use serde_json::{Value, json};
use testkit::function_process::{FunctionProcess, PendingOutcome};
use testkit::http::{LoopbackServer, Reply};
use testkit::signer::{Signer, mint};

const TIMEOUT_MS: u64 = 200;
/// Longer than a fetch may take (three documents and a second), and longer than the keys are fresh.
const FREEZE: Duration = Duration::from_millis(3 * TIMEOUT_MS + 1000 + 100);
/// The time within which an answer must come, even on a busy machine.
const SOON: Duration = Duration::from_secs(5);

/// A token of this issuer.
fn token(issuer: &str) -> String {
    let now = UNIX_EPOCH.elapsed().unwrap().as_secs();
    let claims = json!({
        "ver": 1, "jti": "AT.freeze", "iss": issuer, "aud": "api://default", "iat": now, "exp": now + 600,
        "cid": "web", "uid": "00u1", "scp": ["state:read"], "sub": "alice@example.com",
    });
    mint(
        &json!({"alg": "ES256", "kid": "k"}),
        &claims,
        Signer::p256(),
    )
}

/// The issuer. Its keys are fresh for a second. A test can make it hang until the connection is cut.
struct Issuer {
    server: LoopbackServer,
    /// If it is set, the next request waits until the sender is dropped, and its connection is then cut.
    cut: Arc<Mutex<Option<Receiver<()>>>>,
}

impl Issuer {
    fn start() -> Self {
        let keys = json!({"keys": [Signer::p256().jwk("k")]}).to_string();
        let cut = Arc::new(Mutex::new(None::<Receiver<()>>));
        let next = Arc::clone(&cut);
        let server = LoopbackServer::start(move |_| {
            let waits = next.lock().unwrap().take();
            match waits {
                Some(cut) => {
                    let _cut = cut.recv();
                    Reply::Close(Vec::new())
                }
                // The answer allows the client to reuse the connection.
                None => {
                    let head =
                        "HTTP/1.1 200 OK\r\nCache-Control: max-age=1\r\nConnection: keep-alive";
                    let length = keys.len();
                    let answer = format!("{head}\r\nContent-Length: {length}\r\n\r\n{keys}");
                    Reply::Hold(answer.into_bytes())
                }
            }
        });
        Self { server, cut }
    }

    fn name(&self) -> String {
        self.server.url("/as")
    }

    /// Makes the next request hang until the sender is dropped.
    fn hang(&self) -> Sender<()> {
        let (sender, receiver) = channel();
        *self.cut.lock().unwrap() = Some(receiver);
        sender
    }

    fn await_requests(&self, count: usize) {
        let started = Instant::now();
        while self.server.requests().len() < count {
            assert!(
                started.elapsed() < SOON,
                "{} of {count} fetches",
                self.server.requests().len()
            );
            thread::yield_now();
        }
    }
}

/// The function as a process.
struct Function(FunctionProcess);

impl Function {
    fn start(issuer: &Issuer) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_authorizer"));
        command
            .env_clear()
            .env("AWS_LAMBDA_FUNCTION_NAME", "authorizer")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("ISSUER", issuer.name())
            .env("JWKS_URI", issuer.server.url("/as/v1/keys"))
            .env("AUDIENCE", "api://default")
            .env("ALGORITHMS", "ES256")
            .env("JWKS_TIMEOUT_MS", TIMEOUT_MS.to_string())
            .env("JWKS_COOLDOWN_SECONDS", "1")
            .env("TOKEN_CACHE_ENTRIES", "0");
        Self(FunctionProcess::start(command))
    }

    fn send(&self, token: &str) -> PendingOutcome {
        let event = json!({
            "type": "TOKEN",
            "methodArn": "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/session",
            "authorizationToken": format!("Bearer {token}"),
        });
        self.0.send(&event.to_string())
    }

    /// Checks that an invocation is allowed in time.
    #[track_caller]
    fn allows(&self, token: &str) {
        is_allowed(self.send(token));
    }

    /// Invokes the function until the keys are cached. On a busy machine the first fetches may time out.
    fn warm_up(&self, token: &str) {
        for _ in 0..20 {
            let answer = self.send(token).wait_for(SOON).body;
            if answer.get("policyDocument").is_some() {
                return;
            }
            thread::sleep(Duration::from_millis(500));
        }
        panic!("never warm");
    }

    fn signal(&self, name: &str) {
        let done = Command::new("kill")
            .arg(name)
            .arg(self.0.id().to_string())
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

#[track_caller]
fn is_allowed(pending: PendingOutcome) {
    let answer = pending.wait_for(SOON).body;
    let effect = answer
        .pointer("/policyDocument/Statement/0/Effect")
        .and_then(Value::as_str);
    assert_eq!(effect, Some("Allow"), "{answer}");
}

#[test]
fn a_freeze_between_two_invocations() {
    let issuer = Issuer::start();
    let function = Function::start(&issuer);
    let token = token(&issuer.name());
    function.warm_up(&token);
    let before = issuer.server.requests().len();
    function.freeze(|| {});
    function.allows(&token);
    // The keys became stale during the freeze, and were fetched over a new connection.
    issuer.await_requests(before + 1);
}

#[test]
fn a_freeze_during_a_fetch() {
    let issuer = Issuer::start();
    let function = Function::start(&issuer);
    let token = token(&issuer.name());
    function.warm_up(&token);
    // After this the keys are stale, and the next invocation waits for a fetch.
    function.freeze(|| {});
    let before = issuer.server.requests().len();
    let cut = issuer.hang();
    let pending = function.send(&token);
    issuer.await_requests(before + 1);
    function.freeze(|| drop(cut));
    // The invocation is answered, and the next fetch follows at once: a freeze is not a failure of the issuer, after
    // which a fetch would have to wait.
    is_allowed(pending);
    function.allows(&token);
    issuer.await_requests(before + 2);
}
