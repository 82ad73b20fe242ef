//! The reason why a template cannot be run here, and its place in the template.

use std::fmt;

use serde_json::Value;

use crate::progress::shortened;

/// A fault of a template, with its place, such as `Resources/Api/Properties/Auth`.
#[derive(Debug, PartialEq, Eq)]
pub struct TemplateError {
    place: String,
    fault: DefinitionError,
}

/// The fault at a place of a template.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionError {
    /// The text is not YAML, or the YAML does not have the form of a template.
    #[error("cannot be read as YAML: {0}")]
    Yaml(String),
    /// A name that neither SAM nor this gateway knows at this place.
    #[error("unknown {what}; expected one of {expected}")]
    Unknown {
        /// The kind of name that was expected, such as `property of an authorizer`.
        what: String,
        expected: String,
    },
    /// A part that decides who may call or what is answered, and that this gateway does not support.
    #[error("not supported on one machine: {0}")]
    NotSupported(String),
    #[error("`{0}` is missing")]
    Missing(&'static str),
    #[error(
        "`Metadata.BuildProperties.Binary` is missing: name a binary of the workspace, or pass `--function {0}=COMMAND`"
    )]
    NoProgram(String),
    #[error("expected {expected}, found {found}")]
    Unexpected { expected: String, found: String },
    /// A value that only AWS can look up.
    #[error(
        "the dynamic reference `{0}` has no value on one machine: make it the default of a parameter, and pass \
         `--parameter NAME=VALUE`"
    )]
    DynamicReference(String),
    /// A parameter without a default for which no value was passed.
    #[error("the parameter has no value: pass `--parameter {0}=VALUE`")]
    NoValue(String),
    /// A value that another stack exports and that was not passed.
    #[error(
        "the export `{0}` of another stack has no value on one machine: pass `--import {0}=VALUE`"
    )]
    NoImport(String),
    /// A parameter with the name of a Systems Manager parameter as its default.
    #[error(
        "the value of `{parameter}` is stored in AWS Systems Manager: pass `--parameter {parameter}=VALUE`"
    )]
    StoredValue { parameter: String },
    /// A value that the parameter's own constraints exclude.
    #[error("{value} is not allowed: expected {expected}")]
    NotAllowed { value: String, expected: String },
    #[error("the method and path are already defined at {0}")]
    Duplicate(String),
    #[error("no {what} is named `{name}`")]
    NoSuch { what: &'static str, name: String },
    /// A function that the template does not have and that no command runs.
    #[error(
        "no function of the template is named `{0}`; `cargo local --function {0}=COMMAND` runs one of another stack"
    )]
    NoFunction(String),
    /// A file that the template includes and that cannot be read.
    #[error("the included file cannot be read: {0}")]
    Include(String),
    #[error("{0}")]
    Intrinsic(String),
}

/// The start of a value, so that an error about a large map stays short.
pub(super) fn quoted(value: &Value) -> String {
    const MAX_CHARS: usize = 200;
    shortened(&value.to_string(), MAX_CHARS)
}

impl TemplateError {
    /// A fault whose place is not known yet.
    pub(super) fn new(fault: DefinitionError) -> Self {
        Self::at("", fault)
    }

    pub(super) fn at(place: impl Into<String>, fault: DefinitionError) -> Self {
        Self {
            place: place.into(),
            fault,
        }
    }

    pub(super) fn intrinsic(problem: impl Into<String>) -> Self {
        Self::new(DefinitionError::Intrinsic(problem.into()))
    }

    /// The same fault, at its place inside of `outer`.
    pub(super) fn inside(mut self, outer: impl fmt::Display) -> Self {
        self.place = if self.place.is_empty() {
            outer.to_string()
        } else {
            format!("{outer}/{}", self.place)
        };
        self
    }

    /// The same fault, with other names of properties in its message and in its place below `outer`.
    pub(super) fn renamed(mut self, outer: &str, names: &[(&str, &'static str)]) -> Self {
        for (from, to) in names {
            if let Some(inner) = self.place.strip_prefix(outer) {
                let inner = format!("{inner}/").replace(&format!("/{from}/"), &format!("/{to}/"));
                self.place = format!("{outer}{}", inner.trim_end_matches('/'));
            }
            match &mut self.fault {
                DefinitionError::Missing(name) if name == from => *name = to,
                DefinitionError::Unexpected { expected, .. } => {
                    *expected = expected.replace(from, to);
                }
                _ => {}
            }
        }
        self
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            self.fault.fmt(f)
        } else {
            write!(f, "{}: {}", self.place, self.fault)
        }
    }
}

impl std::error::Error for TemplateError {}

impl From<DefinitionError> for TemplateError {
    fn from(fault: DefinitionError) -> Self {
        Self::new(fault)
    }
}
