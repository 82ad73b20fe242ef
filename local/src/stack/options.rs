//! The options of a stack.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::template::Given;

#[derive(Clone, Debug)]
pub(crate) struct StackOptions {
    /// The port of the web pages. For this and the other ports 0 is any free port.
    pub(crate) web_port: u16,
    pub(crate) api_port: u16,
    pub(crate) database_port: u16,
    pub(crate) issuer_port: u16,
    /// A real issuer, used instead of the local one.
    pub(crate) issuer: Option<RealIssuer>,
    pub(crate) data: PathBuf,
    pub(crate) template: PathBuf,
    /// Values of the template's parameters. They override those that the stack sets.
    pub(crate) parameters: BTreeMap<String, String>,
    /// Values that other stacks export, by name.
    pub(crate) imports: BTreeMap<String, String>,
    /// The logical id of the API to serve, for a template with several.
    pub(crate) api: Option<String>,
    /// The commands that run functions, by logical id, split into words.
    pub(crate) functions: BTreeMap<String, Vec<String>>,
    pub(crate) release: bool,
    /// Whether each request is a line of JSON on standard output.
    pub(crate) json: bool,
}

/// An issuer outside the stack.
#[derive(Clone, Debug)]
pub(crate) struct RealIssuer {
    /// The exact `iss` of its tokens.
    pub(crate) url: String,
    pub(crate) client_id: String,
    /// The audience of its access tokens.
    pub(crate) audience: String,
}

/// The values for reading a template: the parameters of the user, and those that a stack sets.
pub(crate) fn given(
    options: &StackOptions,
    issued_by: &RealIssuer,
    web_origin: &str,
    region: &str,
) -> Given {
    let known = [
        ("Issuer", issued_by.url.as_str()),
        ("Audience", &issued_by.audience),
        ("ClientIds", &issued_by.client_id),
        ("WebOrigin", web_origin),
    ];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Given {
        parameters: options.parameters.clone(),
        known: known.into_iter().map(owned).collect(),
        imports: options.imports.clone(),
        api: options.api.clone(),
        commands: options.functions.keys().cloned().collect(),
        runs_nothing: false,
        region: region.to_owned(),
        folder: options
            .template
            .parent()
            .map(Path::to_path_buf)
            .unwrap_or_default(),
    }
}
