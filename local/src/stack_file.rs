//! `stack.json` in the data folder: the addresses of the running stack, for the commands and for scripts.

use std::path::{Path, PathBuf};
use std::{fs, io};

use http::StatusCode;
use serde::{Deserialize, Serialize};

/// The addresses of a running stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StackFile {
    pub(crate) pid: u32,
    /// The API, with its stage.
    pub(crate) api: String,
    /// Lambda's Invoke API: the same server without the stage.
    pub(crate) lambda: String,
    /// A function. Its dry run shows that the stack answers.
    #[serde(default = "default_function")]
    pub(crate) function: String,
    pub(crate) database: String,
    pub(crate) web: String,
    pub(crate) issuer: String,
    /// The issuer's process; none for a real issuer.
    pub(crate) issuer_pid: Option<u32>,
    pub(crate) client_id: String,
    pub(crate) audience: String,
}

/// Older stack files have no such member.
fn default_function() -> String {
    "authorizer".to_owned()
}

impl StackFile {
    pub(crate) fn path(data: &Path) -> PathBuf {
        data.join("stack.json")
    }

    /// Writes it atomically. Fails if the folder cannot be written to.
    pub(crate) fn write(&self, data: &Path) -> io::Result<()> {
        let unfinished = data.join("stack.json.new");
        fs::write(&unfinished, serde_json::to_vec_pretty(self)?)?;
        fs::rename(unfinished, Self::path(data))
    }

    /// Removes it when the stack stops.
    pub(crate) fn remove(data: &Path) {
        let _ = fs::remove_file(Self::path(data));
    }

    /// The stack that is running with this data folder; none if the file belongs to a stack that was killed.
    pub(crate) async fn running(data: &Path, client: &reqwest::Client) -> Option<Self> {
        let found: Self = serde_json::from_slice(&fs::read(Self::path(data)).ok()?).ok()?;
        found.answers(client).await.then_some(found)
    }

    /// Whether the stack answers a dry run of a function, which writes no log line.
    pub(crate) async fn answers(&self, client: &reqwest::Client) -> bool {
        let url = format!(
            "{}/2015-03-31/functions/{}/invocations",
            self.lambda, self.function
        );
        let dry_run = client.post(url).header("x-amz-invocation-type", "DryRun");
        dry_run
            .send()
            .await
            .is_ok_and(|answer| answer.status() == StatusCode::NO_CONTENT)
    }
}
