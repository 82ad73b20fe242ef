//! Arguments that belong to no option.

use clap::Args;

use super::UsageError;

/// Arguments that the parser would repeat in its message although they may be a token: `--token Bearer eyJ…` without
/// quotes.
#[derive(Debug, Args)]
pub(super) struct Stray {
    #[arg(hide = true)]
    arguments: Vec<String>,
}

impl Stray {
    /// # Errors
    /// When there is one.
    pub(super) fn check(&self) -> Result<(), UsageError> {
        if self.arguments.is_empty() {
            Ok(())
        } else {
            Err(UsageError::Stray)
        }
    }
}
