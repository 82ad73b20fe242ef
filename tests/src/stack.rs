//! The whole stack, started by the same command that a user runs.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use testkit::repository;

use crate::HttpAnswer;

/// A separate running stack: free ports, an empty database, its own signing keys. It ends when this value is dropped.
#[derive(Debug)]
pub struct RunningStack {
    process: Child,
    data: PathBuf,
    addresses: Value,
    client: Client,
}

impl RunningStack {
    /// Starts a stack with its state in `target/tests/{name}`, which is emptied first, and waits until the stack is ready.
    ///
    /// # Panics
    /// If the stack does not start. The message has its output.
    pub fn start(name: &str, flags: &[&str]) -> Self {
        Self::start_with(name, |command| {
            command.args(["--issuer-port", "0"]).args(flags);
        })
    }

    /// The same, with a command to which `configure` can add flags, variables or a wrapper.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn start_with(name: &str, configure: impl FnOnce(&mut Command)) -> Self {
        let data = target().join("tests").join(name);
        if data.exists() {
            fs::remove_dir_all(&data).expect("the test's data folder can be emptied");
        }
        fs::create_dir_all(&data).expect("the test's data folder");
        let log = |name| fs::File::create(data.join(name)).expect("a log file");
        let mut command = local(&data);
        command.args(["--web-port", "0", "--api-port", "0", "--database-port", "0"]);
        configure(&mut command);
        let mut process = command
            .stdin(Stdio::null())
            .stdout(log("stdout.log"))
            .stderr(log("stderr.log"))
            .spawn()
            .expect("the `local` binary is in the target folder, where `cargo test` puts it");
        wait_until_ready(&mut process, &data);
        let addresses =
            fs::read_to_string(data.join("stack.json")).expect("stack.json has the addresses");
        let addresses = serde_json::from_str(&addresses).expect("stack.json is JSON");
        // The same library as in the other programs. The test's own connections are all plain HTTP.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .build()
            .expect("an HTTP client");
        Self {
            process,
            data,
            addresses,
            client,
        }
    }

    /// A stack with routes that accept only tokens that are bound to a key of their sender.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn start_for_bound_tokens(name: &str) -> Self {
        Self::start(name, &["--parameter", "Dpop=require"])
    }

    /// The address of a part, as `stack.json` names it: `api`, `issuer`, `web`, `database`.
    ///
    /// # Panics
    ///
    /// If there is no such part.
    pub fn address(&self, part: &str) -> &str {
        self.addresses
            .get(part)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("no `{part}` in {}", self.addresses))
    }

    /// The process of the stack itself.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// The folder of its state and logs.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// A request to a path of the API, such as `/session`.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.address("api")))
    }

    /// A PUT that creates a resource at a path such as `/state/home`, with this JSON.
    pub fn create(&self, path: &str, json: impl Into<String>) -> RequestBuilder {
        self.request(Method::PUT, path)
            .header("if-none-match", "*")
            .header("content-type", "application/json")
            .body(json.into())
    }

    /// A GET of the API, with a bearer token if there is one.
    pub async fn get(&self, path: &str, token: Option<&str>) -> HttpAnswer {
        let request = self.request(Method::GET, path);
        send(match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
        .await
    }

    /// A POST to a path of the issuer's port, for the controls that only the local issuer has.
    pub async fn issuer_control(&self, path: &str) -> HttpAnswer {
        let issuer = self.address("issuer");
        let root = issuer
            .strip_suffix("/oauth2/default")
            .expect("the issuer's path");
        send(self.client.post(format!("{root}{path}"))).await
    }

    /// Kills the issuer, as a crash would.
    ///
    /// # Panics
    /// If no issuer is running.
    pub fn kill_issuer(&self) {
        let issuer = self.addresses.get("issuerPid").and_then(Value::as_u64);
        let issuer = issuer.expect("stack.json names the issuer's process");
        let killed = Command::new("kill")
            .args(["-KILL", &issuer.to_string()])
            .status();
        assert!(killed.expect("kill").success(), "no issuer was running");
    }

    /// Signs `user` in through the real flow, as `cargo local token` does.
    ///
    /// # Panics
    ///
    /// If no token comes of it.
    pub fn token(&self, user: &str) -> String {
        self.token_for(user, &[])
    }

    /// The same with more flags, such as `--scope`.
    ///
    /// # Panics
    ///
    /// If no token comes of it.
    pub fn token_for(&self, user: &str, flags: &[&str]) -> String {
        let output = self.run(&[&["token", user], flags].concat());
        assert!(
            output.status.success(),
            "no token: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout)
            .expect("a token is ASCII")
            .trim()
            .to_owned()
    }

    /// Runs a command of `cargo local` against this stack.
    ///
    /// # Panics
    ///
    /// If the binary cannot be started.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments)
            .output()
            .expect("the `local` binary runs")
    }

    /// A command of `cargo local` against this stack, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = local(&self.data);
        command.args(arguments);
        command
    }
}

/// Sends a request and reads the whole answer.
///
/// # Panics
///
/// If there is no answer.
pub async fn send(request: RequestBuilder) -> HttpAnswer {
    HttpAnswer::read(request.send().await.expect("an answer")).await
}

impl Drop for RunningStack {
    fn drop(&mut self) {
        // Like Ctrl-C: the stack ends the processes that it started. It is killed only if it does not end.
        let _ = Command::new("kill")
            .args(["-INT", &self.process.id().to_string()])
            .status();
        for _ in 0..100 {
            if matches!(self.process.try_wait(), Ok(Some(_))) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The `local` binary that `cargo test` built, run in the root of the repository.
fn local(data: &Path) -> Command {
    let mut command = Command::new(local_binary());
    command.current_dir(repository()).arg("--data").arg(data);
    command
}

/// The program behind `cargo local`, where `cargo test` builds it.
pub fn local_binary() -> PathBuf {
    target().join("debug").join("local")
}

fn target() -> PathBuf {
    // …/target/debug/deps/{this test}
    let test = env::current_exe().expect("the path of this test");
    test.ancestors()
        .nth(3)
        .expect("the binary of a test is three folders deep in the target folder")
        .to_owned()
}

fn wait_until_ready(process: &mut Child, data: &Path) {
    // With `--json` standard output has only the lines of requests.
    let logs = ["stdout.log", "stderr.log"].map(|name| data.join(name));
    let read = || {
        logs.each_ref()
            .map(|log| fs::read_to_string(log).unwrap_or_default())
    };
    let is_ready = |text: &String| text.lines().any(|line| line == "ready");
    while !read().iter().any(is_ready) {
        if let Ok(Some(status)) = process.try_wait() {
            panic!(
                "the stack ended before it was ready: {status}\n{}",
                read().concat()
            );
        }
        thread::sleep(Duration::from_millis(20));
    }
}
