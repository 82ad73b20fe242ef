//! `cargo local token`: an access token of a user, by the real sign-in.

use std::path::Path;
use std::process::ExitCode;

use clap::Args;

use super::Failed;
use crate::binding_key::BindingKey;
use crate::http_client;
use crate::issuer;
use crate::progress::{line, print};
use crate::stack_file::StackFile;
use crate::token::{DEFAULT_SCOPE, SignIn};

/// The arguments of the command.
#[derive(Debug, Args)]
pub struct Token {
    #[arg(help = issuer::user_names())]
    user: String,
    /// Scopes to request
    #[arg(long, default_value = DEFAULT_SCOPE)]
    scope: String,
    /// Bind the token to a new key (DPoP, RFC 9449), which is written to a file that standard error names
    #[arg(long)]
    dpop: bool,
}

impl Token {
    /// Signs the user in and prints the token.
    pub(crate) async fn run(&self, data: &Path) -> Result<ExitCode, Failed> {
        let client = http_client::new()?;
        let running = StackFile::running(data, &client).await;
        let sign_in = match &running {
            Some(stack) => SignIn::at(stack)?,
            None => SignIn {
                issuer: "http://127.0.0.1:9000/oauth2/default",
                client_id: issuer::CLIENT_ID,
                redirect_uri: issuer::redirect_uri("http://127.0.0.1:8080"),
            },
        };
        let key = if self.dpop {
            Some(BindingKey::generate()?)
        } else {
            None
        };
        let token = sign_in
            .access_token(&client, &self.user, &self.scope, key.as_ref())
            .await?;
        if let Some(key) = key {
            let path = key.write(&data.join("dpop"))?;
            line(format_args!(
                "the token is bound to the key in {}: send it as `Authorization: DPoP`, with a proof",
                path.display()
            ));
        }
        print(&format!("{token}\n"))?;
        Ok(ExitCode::SUCCESS)
    }
}
