//! The local OpenID provider: the Node.js program in `local/issuer`, as a process.

use std::path::Path;
use std::process::Stdio;
use std::sync::LazyLock;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};

use crate::port::PortError;
use crate::progress::PartLog;

/// The client id of the pages and of `cargo local token`.
pub(crate) const CLIENT_ID: &str = "web";
/// The audience of its access tokens.
pub(crate) const AUDIENCE: &str = "api://default";
/// The users, as the provider itself reads them.
const USERS: &str = include_str!("../issuer/users.json");

#[derive(Debug, Deserialize)]
pub(crate) struct User {
    /// The name for signing in.
    pub(crate) name: String,
    /// `uid` of access tokens.
    pub(crate) uid: String,
    /// `sub` of access tokens.
    pub(crate) login: String,
    pub(crate) groups: Vec<String>,
}

/// The users that the provider knows.
pub(crate) fn users() -> &'static [User] {
    static PARSED: LazyLock<Vec<User>> =
        LazyLock::new(|| serde_json::from_str(USERS).unwrap_or_default());
    &PARSED
}

/// The names of the users, for messages: `a, b or c`.
pub(crate) fn user_names() -> String {
    let names: Vec<_> = users().iter().map(|user| user.name.as_str()).collect();
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => names.concat(),
    }
}

/// The time limit for its first answer.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// Its exit status if its port is in use.
const PORT_TAKEN: i32 = 3;

#[derive(Debug, thiserror::Error)]
pub(crate) enum IssuerError {
    #[error(transparent)]
    Port(#[from] PortError),
    #[error("the issuer does not start: {0}")]
    Start(String),
}

/// The line that it prints when it is ready.
#[derive(Deserialize)]
struct Announcement {
    issuer: String,
}

/// The running provider. It ends when its standard input closes, so it also ends when this process is killed.
#[derive(Debug)]
pub(crate) struct Issuer {
    /// The exact `iss` of its tokens.
    pub(crate) url: String,
    process: Child,
    input: Option<ChildStdin>,
}

impl Issuer {
    /// Starts it and waits until it answers. `web_origin` is where the pages are.
    pub(crate) async fn start(
        program: &Path,
        port: u16,
        web_origin: &str,
        data: &Path,
        log: &PartLog,
    ) -> Result<Self, IssuerError> {
        let start = |problem: String| IssuerError::Start(problem);
        let clients = json!([{
            "id": CLIENT_ID,
            "redirectUris": [redirect_uri(web_origin)],
            "postLogoutRedirectUris": [format!("{web_origin}/signed-out.html")],
            "origins": [web_origin],
        }]);
        let mut command = Command::new("node");
        command
            .arg(program)
            .env("ISSUER_PORT", port.to_string())
            .env("ISSUER_CLIENTS", clients.to_string())
            .env("ISSUER_AUDIENCE", AUDIENCE)
            .env("ISSUER_DATA", data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let mut process = command
            .spawn()
            .map_err(|error| start(format!("`node`: {error}")))?;
        let input = process.stdin.take();
        log.forward(process.stderr.take());
        let output = process
            .stdout
            .take()
            .ok_or_else(|| start("it has no standard output".to_owned()))?;
        let mut lines = BufReader::new(output).lines();
        let first = tokio::time::timeout(START_TIMEOUT, lines.next_line()).await;
        match first {
            Ok(Ok(Some(line))) => {
                let announced: Announcement = serde_json::from_str(&line).map_err(|_| {
                    start(format!(
                        "expected its address as JSON on the first line, found `{line}`"
                    ))
                })?;
                // Its output is read continuously, so that the pipe does not fill.
                log.forward(Some(lines.into_inner()));
                Ok(Self {
                    url: announced.issuer,
                    process,
                    input,
                })
            }
            Ok(_) => {
                let status = process
                    .wait()
                    .await
                    .map_err(|error| start(error.to_string()))?;
                if status.code() == Some(PORT_TAKEN) {
                    return Err(taken(port).into());
                }
                Err(start(format!("it ended with {status}")))
            }
            Err(_) => Err(start(format!(
                "it did not answer within {} seconds",
                START_TIMEOUT.as_secs()
            ))),
        }
    }

    /// Its process id, while it runs.
    pub(crate) fn process_id(&self) -> Option<u32> {
        self.process.id()
    }

    /// Waits until the process exits.
    pub(crate) async fn ended(&mut self) {
        let _ = self.process.wait().await;
    }

    /// Stops it by closing its standard input, and kills it if that does not help.
    pub(crate) async fn stop(&mut self) {
        drop(self.input.take());
        if tokio::time::timeout(Duration::from_secs(2), self.process.wait())
            .await
            .is_err()
        {
            let _ = self.process.kill().await;
        }
    }
}

fn taken(port: u16) -> PortError {
    PortError::new(
        "issuer",
        "--issuer-port",
        port,
        std::io::ErrorKind::AddrInUse.into(),
    )
}

pub(crate) fn redirect_uri(web_origin: &str) -> String {
    format!("{web_origin}/callback.html")
}
