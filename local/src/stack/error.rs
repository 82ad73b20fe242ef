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

/// A stack did not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StackError {
    /// Another stack uses the data folder.
    #[error(
        "`cargo local` is already running with the data folder {data} (process {pid}, API {api}): stop it, or choose another \
         folder with --data"
    )]
    Running {
        /// The folder.
        data: String,
        pid: u32,
        api: String,
    },
    #[error(transparent)]
    Port(#[from] PortError),
    /// A function does not build.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// npm packages are missing.
    #[error(transparent)]
    Packages(#[from] PackagesError),
    /// The issuer does not start.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// The template cannot be run.
    #[error("{file}: {cause}")]
    Template {
        /// The template.
        file: String,
        cause: TemplateError,
    },
    /// The template cannot be read.
    #[error(transparent)]
    TextFile(#[from] TextFileError),
    /// The database does not start.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A function does not start.
    #[error("the function `{name}` does not start: {error}")]
    Function {
        name: String,
        /// Lambda's error.
        error: String,
    },
    /// A part started but does not answer.
    #[error("{part} does not answer at {url}: {problem}")]
    Silent {
        part: &'static str,
        url: String,
        problem: String,
    },
    /// A file or folder cannot be used.
    #[error("{path}: {cause}")]
    File { path: String, cause: io::Error },
    /// The HTTP client cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] ClientError),
}
