//! The values that a template is read with.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The values that a template is read with.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Values of parameters that the user passed. Each must exist.
    pub parameters: BTreeMap<String, String>,
    /// Values of parameters that `cargo local` sets where the template has them.
    pub known: BTreeMap<String, String>,
    /// Values that other stacks export, by name, for `Fn::ImportValue`.
    pub imports: BTreeMap<String, String>,
    /// The logical id of the API to serve, for a template with several.
    pub api: Option<String>,
    /// The functions that a command runs, so that they need no binary: by logical id, or by name in another stack.
    pub commands: BTreeSet<String>,
    /// Whether no function is run. Then no function needs a program.
    pub runs_nothing: bool,
    pub region: String,
    /// The folder of the template, for files that it includes.
    pub folder: PathBuf,
}
