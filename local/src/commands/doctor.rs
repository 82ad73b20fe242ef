//! `cargo local doctor` checks an issuer, a client and a token before anything is deployed.
//!
//! The facts are gathered in the order of the checks. Each check is a function from facts to one `Outcome`; if its facts
//! are missing, it is skipped with the reason. The rules about issuers, keys and tokens are the authorizer's own
//! functions.

mod capabilities;
mod client;
mod clock;
mod cors;
mod discovery;
mod issuer;
mod keys;
mod messages;
mod metadata;
mod settings;
mod sign_in;
mod token;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use authorizer::config::Settings;
use clap::Args;

use self::discovery::Discovery;
use self::keys::Keys;
use self::metadata::MetadataDocument;
use self::sign_in::Tokens;
use self::token::Examined;
use super::callback::SignInError;
use super::pasted_token::scheme_and_token;
use super::probe::Probe;
use super::proxy;
use super::report::Report;
use super::stray::Stray;
use super::{CommandError, UsageError, url_argument};
use crate::text_file;

/// Check an issuer, a client and a token for this authorizer, and say how to fix each problem
///
/// If no check fails, the last line lists the environment variables for the authorizer. Checks that lack an option are
/// skipped. Requests to the issuer are those of an anonymous browser, with an invalid authorization code and without
/// credentials; each times out after 5 seconds. `HTTPS_PROXY` and `NO_PROXY` work as in the authorizer.
///
/// Exit status: 0 if no check fails, 1 if one does, 2 for wrong usage.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The issuer, the exact `iss` of the tokens; for Okta `https://{domain}/oauth2/{id}`
    #[arg(long, value_name = "URL")]
    issuer: String,
    /// Audience that the API expects in access tokens
    #[arg(long, value_name = "AUD")]
    audience: Option<String>,
    /// Client id of the browser application
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Redirect URI of the pages, as registered at the issuer; for `cargo local` `http://127.0.0.1:8080/callback.html`
    #[arg(long, value_name = "URL", value_parser = url_argument::absolute)]
    redirect_uri: Option<String>,
    /// Origin of the web pages; for `cargo local` `http://127.0.0.1:8080`
    #[arg(long, value_name = "ORIGIN", value_parser = url_argument::origin)]
    web_origin: Option<String>,
    /// Scopes that the pages request, separated by spaces
    #[arg(long, value_name = "SCOPES")]
    scope: Option<String>,
    /// An access token to check; `-` reads it from standard input
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// PEM file of additional trusted roots
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Sign in with a browser: print the URL to open, listen on the redirect URI, show each hop, and check the token
    #[arg(long)]
    sign_in: bool,
    /// Print one JSON document; the URL of --sign-in goes to standard error
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    stray: Stray,
}

#[derive(Debug)]
struct GivenFacts {
    probe: Probe,
    settings: Settings,
    token: Option<String>,
}

/// The results of checks that the settings at the end of the report need.
#[derive(Debug)]
struct Learned {
    jwks_uri: Option<String>,
    has_bound_token: bool,
}

#[derive(Clone, Copy, Debug)]
enum Skip {
    /// An option is missing.
    Option(&'static str),
    /// An earlier check failed or was skipped.
    After(&'static str),
}

impl From<Skip> for String {
    fn from(skip: Skip) -> Self {
        match skip {
            Skip::Option(option) => format!("needs {option}"),
            Skip::After(check) => format!("needs `{check}` to pass"),
        }
    }
}

/// A fact, or the reason why it is missing.
type Fact<T> = Result<T, Skip>;

impl Doctor {
    /// Runs all checks.
    pub(crate) async fn run(&self) -> Result<ExitCode, CommandError> {
        let given = self.given()?;
        let mut report = Report::new(self.json);
        let learned = self.examine(&given, &mut report).await?;
        Ok(report.finish(|report| settings::closing(self, &learned, report))?)
    }

    /// Parses the options, and reads the files that they name.
    fn given(&self) -> Result<GivenFacts, CommandError> {
        self.stray.check()?;
        let token = match self.token.as_deref() {
            Some("-") => Some(text_file::read("-".as_ref())?),
            token => token.map(str::to_owned),
        };
        Ok(GivenFacts {
            probe: self.probe()?,
            settings: token::settings(self).map_err(UsageError::from)?,
            token: token.map(|token| scheme_and_token(&token).1.to_owned()),
        })
    }

    fn probe(&self) -> Result<Probe, CommandError> {
        let proxy = proxy::of_environment()?;
        let Some(path) = &self.ca_file else {
            return Ok(Probe::new(None, proxy.as_ref())?);
        };
        let pem = text_file::read(path)?;
        Probe::new(Some(pem.as_bytes()), proxy.as_ref())
            .map_err(|error| format!("{}: {error}", path.display()).into())
    }

    async fn examine(&self, given: &GivenFacts, report: &mut Report) -> io::Result<Learned> {
        let probe = &given.probe;
        if let Some(token) = &given.token {
            report.hide(token);
        }
        let form = issuer::form(&self.issuer);
        let discovery = if form.is_fail() {
            Err(Skip::After("issuer_form"))
        } else {
            Ok(Discovery::fetch(&self.issuer, probe).await)
        };
        let discovery = discovery.as_ref().map_err(|skip| *skip);
        report.add(form)?;
        report.add(issuer::server(&self.issuer, discovery))?;
        report.add(discovery::metadata(discovery))?;
        report.add(discovery::metadata_issuer(&self.issuer, discovery))?;
        let metadata = discovery.and_then(Discovery::own);

        let keys = keys::fetch(metadata, probe).await;
        let keys = keys.as_ref().map_err(|skip| *skip);
        let keys_check = keys::check(keys);
        let usable_keys = if keys_check.is_fail() {
            Err(Skip::After("keys"))
        } else {
            keys
        };
        report.add(keys_check)?;
        report.add(clock::check(discovery))?;
        report.add(capabilities::pkce(metadata))?;
        report.add(capabilities::public_client(metadata))?;
        report.add(capabilities::scopes(metadata, self.scope.as_deref()))?;
        let client = self.examine_client(metadata, probe, report).await?;
        report.add(cors::check(self, metadata, keys.ok(), probe).await)?;

        let walked = sign_in::walk(self, metadata, client, probe).await;
        let issuer = discovery.map(drop);
        let has_bound_token = self
            .judge_tokens(given, walked, issuer, usable_keys, report)
            .await?;
        Ok(Learned {
            jwks_uri: keys.ok().and_then(Keys::url).map(str::to_owned),
            has_bound_token,
        })
    }

    /// Runs `client` and `client_type`, and returns whether a sign-in is possible.
    async fn examine_client(
        &self,
        metadata: Fact<MetadataDocument<'_>>,
        probe: &Probe,
        report: &mut Report,
    ) -> io::Result<Fact<()>> {
        let client = client::request(self, metadata, probe).await;
        let is_known = !matches!(&client, Ok(answer) if answer.is_unknown_client());
        let check = client::check(client);
        let client = if check.is_fail() {
            Err(Skip::After("client"))
        } else {
            Ok(())
        };
        report.add(check)?;
        let client_type = if is_known {
            client::redeem(self, metadata, probe).await
        } else {
            Err(Skip::After("client"))
        };
        report.add(client::client_type(client_type))?;
        Ok(client)
    }

    /// Runs the checks of the given token, or else of the sign-in's token, and `sign_in`. Returns whether the token is bound.
    async fn judge_tokens(
        &self,
        given: &GivenFacts,
        walked: Fact<Result<Tokens, SignInError>>,
        issuer: Fact<()>,
        keys: Fact<&Keys>,
        report: &mut Report,
    ) -> io::Result<bool> {
        let settings = &given.settings;
        let brought = match walked {
            Ok(Ok(tokens)) => {
                tokens.secrets.iter().for_each(|secret| report.hide(secret));
                let token = &tokens.access_token;
                Ok(Ok(Examined::new(settings, token, issuer, keys).await))
            }
            Ok(Err(stopped)) => Ok(Err(stopped)),
            Err(skip) => Err(skip),
        };
        let brought = brought.as_ref().map(Result::as_ref).map_err(|skip| *skip);
        let pasted = match &given.token {
            Some(token) => Some(Examined::new(settings, token, issuer, keys).await),
            None => None,
        };
        let judged = match (&pasted, brought) {
            (Some(pasted), _) => Ok(pasted),
            (None, Ok(Ok(brought))) => Ok(brought),
            (None, Err(Skip::Option("--sign-in"))) => Err(Skip::Option("--token or --sign-in")),
            (None, Ok(Err(_)) | Err(_)) => Err(Skip::After("sign_in")),
        };
        for outcome in token::all(judged, self) {
            report.add(outcome)?;
        }
        // With two tokens, the report lists the checks of the pasted one. Those of the other are part of `sign_in`.
        let apart = match (&pasted, brought) {
            (Some(_), Ok(Ok(brought))) => token::all(Ok(brought), self),
            _ => Vec::new(),
        };
        report.add(sign_in::check(brought, &apart))?;
        Ok(judged.is_ok_and(Examined::is_bound))
    }
}
