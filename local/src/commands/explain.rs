//! `cargo local explain`: the decision for one call, and why.

use std::fmt::Write as _;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use authorizer::config::Settings;
use authorizer::issuer::http_client::{HttpClient, Transport};
use clap::Args;
use lambda_support::clock::{Clock, ManualClock, SystemClock, Timestamp};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::decision::{CallDecision, CallJudge, CallOutcome, CalledRoute, NamedRoute, Sent};
use super::in_process::{self, FixedKeys, InProcess, Replay};
use super::template_args::{OpenedTemplate, TemplateArgs};
use super::{CommandError, UsageError, advice, pasted_token};
use crate::gateway::decided::DecidedBy;
use crate::gateway::jwt::{IssuerKeys, PublishedKeys};
use crate::progress::print;
use crate::stack::StackOptions;
use crate::text_file;

/// Show how a call is decided under the template's rules and settings, and why
///
/// The authorizer's own code and the gateway of `cargo local` decide in this process; no function is called. The exit
/// status is 0 whatever the decision is.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Method of the call, such as GET
    method: String,
    /// Path of the call without the stage, such as /state/home
    path: String,
    /// Access token of the caller, with `DPoP` and a space before it for that scheme; `-` reads it from standard input
    #[arg(long, value_name = "T", conflicts_with = "anonymous")]
    token: Option<String>,
    /// Decide for a caller without a token, the default
    #[arg(long)]
    anonymous: bool,
    /// Another header of the call, such as `DPoP: PROOF`, or `Host: NAME` for the API's domain name; may be repeated
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// Decide for a call at this time (RFC 3339), such as 2026-01-01T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<Timestamp>,
    /// Make the call N times in one environment of the authorizer, and show the decision of the last call: a proof that
    /// was used before is refused, unless the answer is cached
    #[arg(long, value_name = "N", default_value = "1")]
    repeat: NonZeroU32,
    /// JWK Set with the issuer's keys, so that no network is needed; introspection is skipped
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
    #[command(flatten)]
    template: TemplateArgs,
    /// Print one JSON document on standard output
    #[arg(long)]
    json: bool,
}

fn moment(text: &str) -> Result<Timestamp, UsageError> {
    OffsetDateTime::parse(text, &Rfc3339)
        .ok()
        .and_then(|at| u64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok())
        .map(Timestamp::from_millis)
        .ok_or(UsageError::Value(
            "a time since 1970 as in RFC 3339, such as 2026-01-01T12:00:00Z",
        ))
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Explained {
    outcome: CallOutcome,
    status: Option<u16>,
    decided_by: DecidedBy,
    reason: &'static str,
    route: Option<NamedRoute>,
    authorizer: Option<String>,
    rules: Vec<Rule>,
    advice: String,
}

#[derive(Debug, Serialize)]
struct Rule {
    index: usize,
    met: bool,
    missing: Vec<String>,
}

/// The settings that need the network. A JWK Set replaces them.
const NETWORK: [&str; 5] = [
    "CA_FILE",
    "HTTPS_PROXY",
    "INTROSPECTION",
    "JWKS_FILE",
    "https_proxy",
];

impl Explain {
    pub(crate) async fn run(&self, options: &StackOptions) -> Result<ExitCode, CommandError> {
        let call = CalledRoute::parse(&self.method, &self.path)?;
        let token = match self.token.as_deref() {
            Some("-") => Some(text_file::read("-".as_ref())?),
            given => given.map(str::to_owned),
        };
        let token = token
            .as_deref()
            .map(|token| pasted_token::of_option("--token", token))
            .transpose()?;
        let sent = Sent::parse(token, &self.headers)?;
        let opened = self.template.open(options).await?;
        let base = opened.template.api.base_path();
        let decided = self
            .judge(opened, &sent)?
            .decide_last(&call, &sent, self.repeat)
            .await?;
        let explained = Explained::new(decided, &base, &self.path);
        print(&if self.json {
            format!("{}\n", serde_json::to_string_pretty(&explained)?)
        } else {
            explained.text()
        })?;
        Ok(ExitCode::SUCCESS)
    }

    fn judge(&self, opened: OpenedTemplate, sent: &Sent<'_>) -> Result<CallJudge, CommandError> {
        let jwks = self.jwks.as_deref().map(text_file::read).transpose()?;
        let left_out: &[&str] = if jwks.is_some() { &NETWORK } else { &[] };
        let mut settings = in_process::settings(&opened.template, &opened.folder, left_out)?;
        // The running stack sets `DPOP_PUBLIC_URL` to its own API; the call may be to another one.
        if let Some(api) = opened.running_api.filter(|_| !sent.names_host()) {
            let own = |settings: &&mut Settings| settings.dpop_public_urls.is_empty();
            for settings in settings.values_mut().filter(own) {
                settings.dpop_public_urls = vec![api.parse()?];
            }
        }
        let clock: Arc<dyn Clock> = match self.at {
            None => Arc::new(SystemClock),
            Some(at) => Arc::new(ManualClock::at(at)),
        };
        let (functions, keys): (_, Arc<dyn IssuerKeys>) = match jwks {
            Some(jwks) => {
                let keys = FixedKeys::parse(&jwks)?;
                in_process::replace_key_addresses(&mut settings);
                let replay: Arc<dyn Transport> = Arc::new(Replay::of(jwks));
                let transport = |_: &Settings| Ok(Arc::clone(&replay));
                let functions = InProcess::new(&settings, &transport, &clock)?;
                (functions, Arc::new(keys))
            }
            None => {
                let functions = InProcess::new(&settings, &network, &clock)?;
                (functions, Arc::new(PublishedKeys::default()))
            }
        };
        let OpenedTemplate {
            template, region, ..
        } = opened;
        Ok(CallJudge::new(template.api, region, functions, keys, clock))
    }
}

/// The authorizer's own HTTP client.
fn network(settings: &Settings) -> Result<Arc<dyn Transport>, CommandError> {
    let client = HttpClient::with_proxy(settings.ca_pem.as_deref(), settings.proxy.as_ref())?;
    Ok(Arc::new(client))
}

impl Explained {
    /// `base` is the stage's path, and `path` the path of the call.
    fn new(decided: CallDecision, base: &str, path: &str) -> Self {
        Self {
            advice: what_to_do(&decided, base, path),
            outcome: decided.outcome,
            status: decided.status,
            decided_by: decided.decided_by,
            reason: decided.reason,
            route: decided.route,
            authorizer: decided.authorizer,
            rules: decided
                .rules
                .into_iter()
                .map(|rule| Rule {
                    index: rule.index,
                    met: rule.met,
                    missing: rule.missing,
                })
                .collect(),
        }
    }

    fn text(&self) -> String {
        let status = self
            .status
            .map_or_else(String::new, |status| format!(" {status}"));
        let mut text = format!(
            "{}{status}, decided {}\n",
            self.outcome,
            self.decided_by.in_words()
        );
        let mut row = |name: &str, value: &str| {
            let _ = writeln!(text, "  {name:<11} {value}");
        };
        row("reason", self.reason);
        if let Some(reason) = advice::reason(self.reason) {
            row("", reason.meaning);
        }
        if let Some(NamedRoute { method, path }) = &self.route {
            row("route", &format!("{method} {path}"));
        }
        if let Some(authorizer) = &self.authorizer {
            row("authorizer", authorizer);
        }
        for rule in &self.rules {
            let judged = if rule.met {
                "met".to_owned()
            } else {
                format!("not met: {} is missing", rule.missing.join(", "))
            };
            row(&format!("rule {}", rule.index), &judged);
        }
        if !self.advice.is_empty() {
            row("advice", &self.advice);
        }
        text
    }
}

/// The advice for the caller or the operator; empty if there is nothing to do.
fn what_to_do(decided: &CallDecision, base: &str, path: &str) -> String {
    let general = advice::reason(decided.reason).map_or("", |reason| reason.advice);
    let mut advice = match decided.outcome {
        CallOutcome::Allowed => return String::new(),
        CallOutcome::NoRoute if !base.is_empty() && path.starts_with(&format!("{base}/")) => {
            format!("leave the stage {base} out of the path")
        }
        CallOutcome::Denied if decided.decided_by == DecidedBy::Authorizer => {
            if decided.rules.is_empty() {
                "no rule covers this route: add one to ACCESS_RULES".to_owned()
            } else {
                let lacks = decided
                    .rules
                    .iter()
                    .map(|rule| format!("{} (rule {})", rule.missing.join(" and "), rule.index));
                format!(
                    "the caller needs {}",
                    lacks.collect::<Vec<_>>().join(", or ")
                )
            }
        }
        _ => general.to_owned(),
    };
    if let Some(detail) = &decided.detail {
        advice = format!("{advice} ({detail})");
    }
    advice
}
