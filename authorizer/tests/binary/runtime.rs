//! The function as a process, with an issuer on loopback that has only what the function needs.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use testkit::function_process::{FunctionProcess, PostedOutcome};
use testkit::http::{LoopbackServer, Reply};

use super::support::Signer;

/// A running function.
pub(crate) struct Function {
    pub(crate) issuer: String,
    process: FunctionProcess,
    issuer_is_down: Arc<AtomicBool>,
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
        let mut command = command(&issuer);
        command.envs(variables.iter().copied());
        if variables.contains(&("INTROSPECTION", "on")) {
            command.env("INTROSPECTION_URI", format!("{issuer}/introspect"));
        }
        Self {
            issuer,
            process: FunctionProcess::start(command),
            issuer_is_down,
        }
    }

    pub(crate) fn invoke(&self, event: &str) -> PostedOutcome {
        self.process.invoke(event)
    }

    pub(crate) fn wait_for_init(&self) {
        self.process.wait_for_init();
    }

    pub(crate) fn issuer_goes_down(&self) {
        self.issuer_is_down.store(true, Ordering::SeqCst);
    }

    /// Ends the function and returns what it wrote to standard output and standard error.
    pub(crate) fn stop(self) -> String {
        self.process.stop()
    }
}

/// The command of the function, with the settings for this issuer.
pub(crate) fn command(issuer: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_authorizer"));
    command
        .env_clear()
        .envs([
            ("AWS_LAMBDA_FUNCTION_NAME", "authorizer"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ])
        .envs([
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AUDIENCE", "api://default"),
        ])
        .env("ISSUER", issuer)
        .env("JWKS_URI", format!("{issuer}/keys"));
    command
}

/// Publishes the signer's key, answers that every token is active, and returns the issuer's URL.
fn serve_keys(is_down: Arc<AtomicBool>) -> String {
    let keys = json!({"keys": [Signer::rsa().jwk("k1")]}).to_string();
    let server = LoopbackServer::start(move |request| {
        if is_down.load(Ordering::SeqCst) {
            return Reply::Close(Vec::new());
        }
        match request.path() {
            "/introspect" => Reply::json(r#"{"active": true}"#),
            _ => Reply::json(&keys),
        }
    });
    server.url("")
}
