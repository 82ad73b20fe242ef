//! `cargo local invoke`: sends one event file to one function by Lambda's Invoke API.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::Failed;
use crate::http_client;
use crate::progress::{Progress, Verbosity, line, print};
use crate::stack::{Stack, StackOptions};
use crate::stack_file::StackFile;
use crate::text_file::{self, TextFileError};
use crate::token::{DEFAULT_SCOPE, SignIn, TokenError};

/// A placeholder for a token in an event file: `{{token:USER}}` or `{{token:USER:SCOPE}}`.
const OPEN: &str = "{{token:";

/// The event was not sent to the function.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] TextFileError),
    /// The file is not JSON.
    #[error("{path}: expected JSON: {cause}")]
    NotJson {
        /// The file.
        path: String,
        /// Why not.
        cause: serde_json::Error,
    },
    /// A placeholder without its end.
    #[error("the event has `{OPEN}` without `}}}}` after it")]
    Unclosed,
    /// A placeholder's token is not available.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Lambda did not run the function.
    #[error("{0}")]
    Refused(String),
}

/// The arguments of the command.
#[derive(Debug, Args)]
pub struct Invoke {
    /// The function: authorizer, api-handler, or a logical id of the template
    function: String,
    /// The event file; `-` is standard input
    event: PathBuf,
}

/// What the function answered.
#[derive(Debug)]
struct Answer {
    /// The answer or the error, as indented JSON.
    json: String,
    /// Whether it is an error.
    failed: bool,
}

impl Invoke {
    /// Runs the function of the running stack, or of one that is started for the call.
    pub(crate) async fn run(&self, options: &StackOptions) -> Result<ExitCode, Failed> {
        let client = http_client::new()?;
        let answer = match StackFile::running(&options.data, &client).await {
            Some(stack) => self.send(&stack, &client).await?,
            None => {
                line("no stack is running: starting one for this call");
                let options = StackOptions {
                    web_port: 0,
                    api_port: 0,
                    database_port: 0,
                    issuer_port: 0,
                    ..options.clone()
                };
                let stack = Stack::start(&options, Progress::new(Verbosity::Quiet)).await?;
                let answer = self.send(&stack.file, &client).await;
                stack.stop().await;
                answer?
            }
        };
        print(&format!("{}\n", answer.json))?;
        Ok(if answer.failed {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }

    async fn send(
        &self,
        stack: &StackFile,
        client: &reqwest::Client,
    ) -> Result<Answer, EventError> {
        send(stack, client, &self.function, &self.event).await
    }
}

/// Sends the event in `file` to `function` of a running stack. The function's own error is an answer.
async fn send(
    stack: &StackFile,
    client: &reqwest::Client,
    function: &str,
    file: &Path,
) -> Result<Answer, EventError> {
    let event = text_file::read(file)?;
    // Before the tokens are inserted, so that no message can quote one; a placeholder is inside a string.
    serde_json::from_str::<IgnoredAny>(&event).map_err(|cause| EventError::NotJson {
        path: file.display().to_string(),
        cause,
    })?;
    let event = with_tokens(&event, stack, client).await?;
    let url = format!(
        "{}/2015-03-31/functions/{function}/invocations",
        stack.lambda
    );
    let refused = |error: reqwest::Error| EventError::Refused(error.to_string());
    let answer = client.post(url).body(event).send().await.map_err(refused)?;
    let failed = answer.headers().contains_key("x-amz-function-error");
    let status = answer.status();
    let body = answer.text().await.map_err(refused)?;
    let parsed: Option<Value> = serde_json::from_str(&body).ok();
    if !status.is_success() {
        let message = parsed
            .as_ref()
            .and_then(|error| error.get("Message")?.as_str())
            .unwrap_or(&body);
        return Err(EventError::Refused(format!("{status}: {message}")));
    }
    let json = parsed
        .and_then(|value| serde_json::to_string_pretty(&value).ok())
        .unwrap_or(body);
    Ok(Answer { json, failed })
}

/// Replaces the placeholders with real tokens, so that event files do not expire. A user has one token throughout a file,
/// because a gateway repeats a header's value in several members of an event.
async fn with_tokens(
    event: &str,
    stack: &StackFile,
    client: &reqwest::Client,
) -> Result<String, EventError> {
    let mut tokens: HashMap<&str, String> = HashMap::new();
    let mut whole = String::with_capacity(event.len());
    let mut rest = event;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let (wanted, after) = after.split_once("}}").ok_or(EventError::Unclosed)?;
        whole.push_str(before);
        if let Some(token) = tokens.get(wanted) {
            whole.push_str(token);
        } else {
            let (user, scope) = wanted.split_once(':').unwrap_or((wanted, DEFAULT_SCOPE));
            let token = SignIn::at(stack)?
                .access_token(client, user, scope, None)
                .await?;
            whole.push_str(&token);
            tokens.insert(wanted, token);
        }
        rest = after;
    }
    whole.push_str(rest);
    Ok(whole)
}
