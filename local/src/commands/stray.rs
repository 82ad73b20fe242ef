//! Arguments that belong to no option.

use clap::Args;

use super::UsageError;

/// Arguments that belong to no option. They may be a token (`--token Bearer eyJ…` without quotes), so the parser must not
/// repeat them in its message.
#[derive(Debug, Args)]
pub(super) struct Stray {
    #[arg(hide = true)]
    arguments: Vec<String>,
}

impl Stray {
    /// Fails if there is such an argument.
    pub(super) fn check(&self) -> Result<(), UsageError> {
        if self.arguments.is_empty() {
            Ok(())
        } else {
            Err(UsageError::Stray)
        }
    }
}
