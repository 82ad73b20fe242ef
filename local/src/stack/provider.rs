//! The provider of sign-ins: the local issuer, or a real one.

use std::fs;
use std::path::Path;

use super::error::StackError;
use super::options::{RealIssuer, StackOptions};
use super::{file_error, workspace};
use crate::issuer::{self, Issuer};
use crate::packages;
use crate::progress::{PartLog, Progress};

/// Installs the packages of the pages, and starts the issuer unless a real one is used.
pub(super) async fn sign_in_provider(
    options: &StackOptions,
    web_origin: &str,
    logs: &Path,
    progress: Progress,
) -> Result<(Option<Issuer>, RealIssuer), StackError> {
    // One lock per checkout, not per data folder, because all stacks share the packages.
    let target = workspace().join("target");
    fs::create_dir_all(&target).map_err(|cause| file_error(&target, cause))?;
    let npm_lock = target.join("npm.lock");
    // A real issuer needs no Node.js; without it only the sign-in of the pages does not work.
    match packages::check_node().await {
        Ok(()) => packages::install(&workspace().join("web"), &npm_lock, progress).await?,
        Err(missing) => progress.warn(format_args!(
            "the sign-in of the web pages does not work: {missing}"
        )),
    }
    if let Some(real) = &options.issuer {
        return Ok((None, real.clone()));
    }
    packages::install(&workspace().join("local/issuer"), &npm_lock, progress).await?;
    progress.step("starting the issuer");
    let (issuer, issued_by) = start_issuer(options, web_origin, logs, progress).await?;
    Ok((Some(issuer), issued_by))
}

/// Starts the local issuer, and returns the issuer and the audience of its tokens.
async fn start_issuer(
    options: &StackOptions,
    web_origin: &str,
    logs: &Path,
    progress: Progress,
) -> Result<(Issuer, RealIssuer), StackError> {
    let log = PartLog::open("issuer", logs, progress);
    let data = options.data.join("issuer");
    fs::create_dir_all(&data).map_err(|cause| file_error(&data, cause))?;
    let program = workspace().join("local/issuer/main.mjs");
    let issuer = Issuer::start(&program, options.issuer_port, web_origin, &data, &log).await?;
    let issued_by = RealIssuer {
        url: issuer.url.clone(),
        client_id: issuer::CLIENT_ID.to_owned(),
        audience: issuer::AUDIENCE.to_owned(),
    };
    Ok((issuer, issued_by))
}
