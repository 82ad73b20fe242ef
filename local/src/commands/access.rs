//! `cargo local access`: who may call which route, from the template only.

mod coverage;
mod diff;
mod route_access;
mod test_file;
mod verb;
mod within;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Serialize;

use self::diff::AccessChange;
use self::route_access::{Guards, RouteAccess};
use super::CommandError;
use super::template_args::{OpenedTemplate, TemplateArgs};
use crate::progress::print;
use crate::stack::StackOptions;

/// Show, compare and test who may call which route of a template
#[derive(Debug, Args)]
pub(crate) struct Access {
    #[command(subcommand)]
    command: AccessCommand,
}

#[derive(Debug, Subcommand)]
enum AccessCommand {
    /// List each route of the template with its callers
    List {
        #[command(flatten)]
        template: TemplateArgs,
        /// Print one JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Show what changes in access since an older template, widenings first
    Diff {
        /// The older template; `-` is standard input
        #[arg(value_name = "OLD_TEMPLATE")]
        old: PathBuf,
        /// Exit with 1 when access widens: a change that is `wider` or `other`, or a new route that is open to anyone
        #[arg(long)]
        fail_on_widening: bool,
        #[command(flatten)]
        template: TemplateArgs,
        /// Print one JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Test that callers may call some routes and not others
    ///
    /// FILE is a JSON array of {"name"?, "caller": {"claims": {…}} or "anonymous", "may": ["GET /path"], "mayNot": […]}.
    /// The authorizer's own code decides. `iss`, `aud`, `sub`, `exp` and the client id are filled in where missing.
    Test {
        /// The tests; `-` is standard input
        file: PathBuf,
        #[command(flatten)]
        template: TemplateArgs,
        /// Print one JSON document on standard output
        #[arg(long)]
        json: bool,
    },
}

impl Access {
    pub(crate) async fn run(&self, options: &StackOptions) -> Result<ExitCode, CommandError> {
        match &self.command {
            AccessCommand::List { template, json } => list(&template.open(options).await?, *json),
            AccessCommand::Diff {
                old,
                fail_on_widening,
                template,
                json,
            } => {
                let (old, new) = template.open_both(old, options).await?;
                compare(&old, &new, *fail_on_widening, *json)
            }
            AccessCommand::Test {
                file,
                template,
                json,
            } => test_file::run(file, template.open(options).await?, *json).await,
        }
    }
}

/// The settings that no decision here depends on.
const KEY_SOURCES: [&str; 5] = [
    "CA_FILE",
    "HTTPS_PROXY",
    "JWKS_FILE",
    "https_proxy",
    "JWKS_URI",
];

/// One line of the list.
#[derive(Debug, Serialize)]
struct Listed {
    method: String,
    path: String,
    authorizer: Option<String>,
    callers: String,
}

fn list(opened: &OpenedTemplate, json: bool) -> Result<ExitCode, CommandError> {
    let guards = Guards::read(opened)?;
    let listed: Vec<Listed> = RouteAccess::all(&opened.template.api, &guards)
        .iter()
        .map(|route| Listed {
            method: route.method().to_owned(),
            path: route.path().to_string(),
            authorizer: route.authorizer().map(str::to_owned),
            callers: words::callers(route),
        })
        .collect();
    let text = if json {
        format!("{}\n", serde_json::to_string_pretty(&listed)?)
    } else {
        let width = |column: fn(&Listed) -> usize| listed.iter().map(column).max().unwrap_or(0);
        let (methods, paths) = (width(|row| row.method.len()), width(|row| row.path.len()));
        let rows = listed.iter().map(|row| {
            format!(
                "{:<methods$}  {:<paths$}  {}\n",
                row.method, row.path, row.callers
            )
        });
        rows.collect()
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn compare(
    old: &OpenedTemplate,
    new: &OpenedTemplate,
    fail_on_widening: bool,
    json: bool,
) -> Result<ExitCode, CommandError> {
    let (old_guards, new_guards) = (Guards::read(old)?, Guards::read(new)?);
    let changes = diff::changes(
        &RouteAccess::all(&old.template.api, &old_guards),
        &RouteAccess::all(&new.template.api, &new_guards),
    );
    let text = if json {
        format!("{}\n", serde_json::to_string_pretty(&changes)?)
    } else if changes.is_empty() {
        "no change in access\n".to_owned()
    } else {
        let rows = changes.iter().map(|change| {
            let kind = change.kind.name();
            format!("{kind:<8}  {}\n", change.text)
        });
        rows.collect()
    };
    print(&text)?;
    let widens = changes.iter().any(AccessChange::widens);
    Ok(if widens && fail_on_widening {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
