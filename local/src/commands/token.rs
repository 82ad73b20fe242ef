//! `cargo local token`: an access token of a user, by the real sign-in.

mod browser;

use std::path::Path;
use std::process::ExitCode;

use clap::Args;

use super::CommandError;
use crate::binding_key::BindingKey;
use crate::http_client;
use crate::issuer;
use crate::progress::{line, print};
use crate::stack_file::StackFile;
use crate::token::{DEFAULT_SCOPE, Hops, SignIn};

/// The arguments of the command.
#[derive(Debug, Args)]
pub(crate) struct Token {
    #[arg(help = format!("{}; at a real issuer, a login to suggest on its sign-in page", issuer::user_names()))]
    user: String,
    /// Scopes to request
    #[arg(long, default_value = DEFAULT_SCOPE)]
    scope: String,
    /// Print each request of the sign-in and its response on standard error, with the curl command that does the same
    ///
    /// Secrets are shortened.
    #[arg(long)]
    show_flow: bool,
    /// Bind the token to a new key (DPoP, RFC 9449), which is written to a file that standard error names
    #[arg(long)]
    dpop: bool,
    /// Exact URL of a real issuer, where the sign-in continues in a browser [default: that of the running stack]
    #[arg(long, value_name = "URL", requires = "client_id")]
    issuer: Option<String>,
    /// Client id at the real issuer
    #[arg(long, value_name = "ID", requires = "issuer")]
    client_id: Option<String>,
    /// Redirect URI on this machine, registered at the real issuer [default: that of the pages]
    #[arg(long, value_name = "URI")]
    redirect_uri: Option<String>,
}

/// The addresses of a stack that was started without flags.
const DEFAULT_ISSUER: &str = "http://127.0.0.1:9000/oauth2/default";
const DEFAULT_WEB: &str = "http://127.0.0.1:8080";

impl Token {
    /// Signs the user in and prints the token.
    pub(crate) async fn run(&self, data: &Path) -> Result<ExitCode, CommandError> {
        let client = http_client::new()?;
        let running = StackFile::running(data, &client).await;
        let key = if self.dpop {
            Some(BindingKey::generate()?)
        } else {
            None
        };
        let mut hops = Hops::new(self.show_flow);
        let (sign_in, is_real) = self.sign_in(running.as_ref());
        let token = if is_real {
            browser::access_token(self, &sign_in, &client, key.as_ref(), &mut hops).await?
        } else {
            sign_in
                .access_token(&client, &self.user, &self.scope, key.as_ref(), &mut hops)
                .await?
        };
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

    /// The issuer and the client of the sign-in, and whether the issuer is a real one.
    fn sign_in<'a>(&'a self, running: Option<&'a StackFile>) -> (SignIn<'a>, bool) {
        let (mut sign_in, is_real) = match (&self.issuer, &self.client_id, running) {
            (Some(issuer), Some(client_id), _) => (
                SignIn {
                    issuer,
                    client_id,
                    redirect_uri: issuer::redirect_uri(DEFAULT_WEB),
                },
                true,
            ),
            (_, _, Some(stack)) => (SignIn::for_client(stack), stack.issuer_pid.is_none()),
            (_, _, None) => (
                SignIn {
                    issuer: DEFAULT_ISSUER,
                    client_id: issuer::CLIENT_ID,
                    redirect_uri: issuer::redirect_uri(DEFAULT_WEB),
                },
                false,
            ),
        };
        if let Some(redirect_uri) = &self.redirect_uri {
            sign_in.redirect_uri.clone_from(redirect_uri);
        }
        (sign_in, is_real)
    }
}
