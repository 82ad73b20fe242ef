//! Arguments that belong to no option.

use clap::Args;

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
    pub(super) fn check(&self) -> Result<(), String> {
        if self.arguments.is_empty() {
            Ok(())
        } else {
            Err("an argument belongs to no option: put quotes around a value with a space in it, and give a token \
                 without `Bearer`"
                .to_owned())
        }
    }
}
