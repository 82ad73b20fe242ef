//! The reasons why a stack does not start.

use std::io;

use crate::database::DatabaseError;
use crate::http_client::ClientError;
use crate::issuer::IssuerError;
use crate::packages::PackagesError;
use crate::port::PortError;
use crate::template::TemplateError;
use crate::text_file::TextFileError;
use crate::toolchain::BuildError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum StackError {
    #[error(
        "`cargo local` is already running with the data folder {data} (process {pid}, API {api}): stop it, or choose another \
         folder with --data"
    )]
    Running { data: String, pid: u32, api: String },
    #[error(transparent)]
    Port(#[from] PortError),
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Packages(#[from] PackagesError),
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    #[error("{file}: {cause}")]
    Template { file: String, cause: TemplateError },
    #[error(transparent)]
    TextFile(#[from] TextFileError),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("the function `{name}` does not start: {error}")]
    Function { name: String, error: String },
    #[error("{part} does not answer at {url}: {problem}")]
    Silent {
        part: &'static str,
        url: String,
        problem: String,
    },
    #[error("{path}: {cause}")]
    File { path: String, cause: io::Error },
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] ClientError),
}
