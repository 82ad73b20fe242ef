//! `cargo local invoke`: one event file to one function, by Lambda's Invoke API.

use std::collections::HashMap;
use std::path::Path;

use serde::de::IgnoredAny;
use serde_json::Value;

use crate::stack_file::StackFile;
use crate::text_file::{self, TextFileError};
use crate::token::{DEFAULT_SCOPE, SignIn, TokenError};

/// A place in an event file for a token: `{{token:USER}}` or `{{token:USER:SCOPE}}`.
const OPEN: &str = "{{token:";

/// The function was not invoked.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] TextFileError),
    /// The file is not JSON.
    #[error("{path}: expected an event as JSON: {cause}")]
    NotJson {
        /// The file.
        path: String,
        /// Why not.
        cause: serde_json::Error,
    },
    /// A place for a token is not closed.
    #[error("the event has `{OPEN}` without `}}}}` after it")]
    Unclosed,
    /// A token cannot be had.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Lambda did not run the function.
    #[error("{0}")]
    Refused(String),
}

/// How the function answered.
#[derive(Debug)]
pub struct Answer {
    /// The answer or the error, as indented JSON.
    pub json: String,
    /// Whether it is an error.
    pub failed: bool,
}

/// Sends the event in `file` to `function` of a running stack.
///
/// # Errors
/// When the function was not run; its own error is an answer.
pub async fn run(
    stack: &StackFile,
    client: &reqwest::Client,
    function: &str,
    file: &Path,
) -> Result<Answer, InvokeError> {
    let event = text_file::read(file)?;
    // Before the tokens are put in, so that no message can quote one: a place for a token stands inside a text.
    serde_json::from_str::<IgnoredAny>(&event).map_err(|cause| InvokeError::NotJson {
        path: file.display().to_string(),
        cause,
    })?;
    let event = with_tokens(&event, stack, client).await?;
    let url = format!(
        "{}/2015-03-31/functions/{function}/invocations",
        stack.lambda
    );
    let refused = |error: reqwest::Error| InvokeError::Refused(error.to_string());
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
        return Err(InvokeError::Refused(format!("{status}: {message}")));
    }
    let json = parsed
        .and_then(|value| serde_json::to_string_pretty(&value).ok())
        .unwrap_or(body);
    Ok(Answer { json, failed })
}

/// Puts real tokens in their places, so that no event file ever goes stale. One user has one token throughout a file:
/// a gateway repeats the same header value in several members of an event.
async fn with_tokens(
    event: &str,
    stack: &StackFile,
    client: &reqwest::Client,
) -> Result<String, InvokeError> {
    let mut tokens: HashMap<&str, String> = HashMap::new();
    let mut whole = String::with_capacity(event.len());
    let mut rest = event;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let (wanted, after) = after.split_once("}}").ok_or(InvokeError::Unclosed)?;
        whole.push_str(before);
        if let Some(token) = tokens.get(wanted) {
            whole.push_str(token);
        } else {
            let (user, scope) = wanted.split_once(':').unwrap_or((wanted, DEFAULT_SCOPE));
            let token = SignIn::at(stack)?.access_token(client, user, scope).await?;
            whole.push_str(&token);
            tokens.insert(wanted, token);
        }
        rest = after;
    }
    whole.push_str(rest);
    Ok(whole)
}
