//! `cargo local smoke` checks from outside that a deployed API enforces its access rules.
//!
//! It changes nothing: a guarded call is made with tokens that may not make it, and every guarded call carries a
//! precondition that cannot hold.

mod api;
mod browser;
mod observations;
mod paths;
mod permissions;
mod refusals;

use std::process::ExitCode;

use clap::Args;

use self::api::{SmokeApi, SmokeCall};
use self::observations::Observations;
use super::probe::Probe;
use super::proxy;
use super::report::{Check, Report};
use super::stray::Stray;
use super::{CommandError, url_argument};

/// Check from outside that a deployed API enforces its access rules
///
/// It changes nothing: guarded calls are made with tokens that may not make them, and each has a precondition that
/// cannot hold (`If-Match`). A check that lacks its token or --origin is skipped; behaviour that API Gateway does not
/// document is reported as a warning, and as a table to paste into an issue.
///
/// Exit status: 0 if no check fails, 1 if one does, 2 for wrong usage.
#[derive(Debug, Args)]
pub(crate) struct Smoke {
    /// The API with its stage, such as `http://127.0.0.1:3000/prod`
    #[arg(long, value_name = "URL", value_parser = api::base)]
    api: String,
    /// A call that --token may make and that changes nothing, such as "GET /session"
    #[arg(long, value_name = "CALL")]
    allowed: SmokeCall,
    /// A call that only some tokens may make, such as "PUT /state/smoke"
    #[arg(long, value_name = "CALL")]
    guarded: SmokeCall,
    /// An access token that may make the allowed call
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// A valid access token that may make the allowed call but not the guarded one, because it lacks a scope or a group
    #[arg(long, value_name = "TOKEN")]
    weak_token: Option<String>,
    /// An access token that has expired
    #[arg(long, value_name = "TOKEN")]
    expired_token: Option<String>,
    /// The origin of the web pages
    #[arg(long, value_name = "ORIGIN", value_parser = url_argument::origin)]
    origin: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    stray: Stray,
}

impl Smoke {
    /// Runs all checks.
    pub(crate) async fn run(&self) -> Result<ExitCode, CommandError> {
        self.stray.check()?;
        let proxy = proxy::of_environment()?;
        let probe = Probe::new(None, proxy.as_ref())?;
        let api = SmokeApi::new(self, &probe)?;
        let mut report = Report::new(self.json);
        for token in [api.token, api.weak_token, api.expired_token] {
            report.hide(token.unwrap_or_default());
        }
        let mut seen = Observations::default();

        let signed_out = refusals::signed_out(&api, &mut seen).await;
        let reached = signed_out.reached;
        report.add(signed_out.outcome)?;
        if !reached {
            for check in UNREACHED {
                report.add(check.skip("needs an answer of the API"))?;
            }
            return Ok(report.finish(|_| observations::closing(&seen, 1))?);
        }
        report.add(refusals::bad_token(&api, &mut seen).await)?;
        report.add(refusals::expired_token(&api).await)?;
        report.add(permissions::good_token(&api).await)?;
        report.add(permissions::forbidden(&api).await)?;
        report.add(permissions::second_route(&api).await)?;
        report.add(browser::preflight(&api).await)?;
        report.add(browser::cors_on_401(&api, &mut seen).await)?;
        report.add(browser::cors_on_403(&api, &mut seen).await)?;
        report.add(refusals::www_authenticate(&api, &mut seen).await)?;
        report.add(paths::encoded_path(&api, &mut seen).await)?;
        report.add(refusals::two_tokens(&api, &mut seen).await)?;
        report.add(refusals::large_headers(&api, &mut seen).await)?;
        report.add(refusals::request_id(&api).await)?;
        Ok(report.finish(|report| observations::closing(&seen, report.failed()))?)
    }
}

/// The remaining checks when the API does not answer.
const UNREACHED: [Check; 13] = [
    refusals::BAD_TOKEN,
    refusals::EXPIRED_TOKEN,
    permissions::GOOD_TOKEN,
    permissions::FORBIDDEN,
    permissions::SECOND_ROUTE,
    browser::PREFLIGHT,
    browser::CORS_ON_401,
    browser::CORS_ON_403,
    refusals::WWW_AUTHENTICATE,
    paths::ENCODED_PATH,
    refusals::TWO_TOKENS,
    refusals::LARGE_HEADERS,
    refusals::REQUEST_ID,
];
