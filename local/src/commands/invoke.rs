//! `cargo local invoke`: sends one event file to one function by Lambda's Invoke API.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use http::StatusCode;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::CommandError;
use super::placeholders::{self, PlaceholderError};
use crate::http_client;
use crate::progress::{Progress, Verbosity, line, print};
use crate::stack::{Stack, StackOptions};
use crate::stack_file::StackFile;
use crate::text_file::{self, TextFileError};

/// The event was not sent to the function.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EventFileError {
    #[error(transparent)]
    File(#[from] TextFileError),
    #[error("{path}: expected JSON: {cause}")]
    NotJson {
        path: String,
        cause: serde_json::Error,
    },
    #[error(transparent)]
    Placeholder(#[from] PlaceholderError),
    #[error(
        "no function is named `{0}`: expected the binary or the logical id of a function of the template, such as authorizer"
    )]
    UnknownFunction(String),
    #[error("{0}")]
    Refused(String),
}

#[derive(Debug, Args)]
pub(crate) struct InvokeCommand {
    /// The function: authorizer, api-handler, or a logical id of the template
    function: String,
    /// The event file; `-` is standard input
    event: PathBuf,
}

#[derive(Debug)]
struct FunctionAnswer {
    /// The answer or the error, as indented JSON.
    json: String,
    failed: bool,
}

impl InvokeCommand {
    /// Runs the function of the running stack, or of one that is started for the call.
    pub(crate) async fn run(&self, options: &StackOptions) -> Result<ExitCode, CommandError> {
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
    ) -> Result<FunctionAnswer, EventFileError> {
        send(stack, client, &self.function, &self.event).await
    }
}

/// Sends the event in `file` to `function` of a running stack. The function's own error is an answer.
async fn send(
    stack: &StackFile,
    client: &reqwest::Client,
    function: &str,
    file: &Path,
) -> Result<FunctionAnswer, EventFileError> {
    let event = text_file::read(file)?;
    // Parsed before the tokens are inserted, so that no message can quote a token. A placeholder is inside a string.
    serde_json::from_str::<IgnoredAny>(&event).map_err(|cause| EventFileError::NotJson {
        path: file.display().to_string(),
        cause,
    })?;
    let event = placeholders::replace(&event, stack, client).await?;
    let url = format!(
        "{}/2015-03-31/functions/{function}/invocations",
        stack.lambda
    );
    let refused = |error: reqwest::Error| EventFileError::Refused(error.to_string());
    let answer = client.post(url).body(event).send().await.map_err(refused)?;
    let failed = answer.headers().contains_key("x-amz-function-error");
    let status = answer.status();
    if status == StatusCode::NOT_FOUND {
        return Err(EventFileError::UnknownFunction(function.to_owned()));
    }
    let body = answer.text().await.map_err(refused)?;
    let parsed: Option<Value> = serde_json::from_str(&body).ok();
    if !status.is_success() {
        let message = parsed
            .as_ref()
            .and_then(|error| error.get("Message")?.as_str())
            .unwrap_or(&body);
        return Err(EventFileError::Refused(format!("{status}: {message}")));
    }
    let json = parsed
        .and_then(|value| serde_json::to_string_pretty(&value).ok())
        .unwrap_or(body);
    Ok(FunctionAnswer { json, failed })
}
