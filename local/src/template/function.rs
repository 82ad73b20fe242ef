//! The parts of `AWS::Serverless::Function` that one machine runs.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::error::TemplateError;
use super::part::Part;

/// Lambda's own defaults.
const DEFAULT_TIMEOUT: u64 = 3;
const DEFAULT_MEMORY: u32 = 128;

#[derive(Clone, Debug)]
pub struct FunctionDefinition {
    /// Its name in the template.
    pub logical_id: String,
    /// Its name on this machine: that of its binary, or its logical id if it has no binary or shares one.
    pub(crate) name: String,
    /// The binary that it runs; none for a function that a command runs.
    pub(crate) binary: Option<String>,
    /// The `FunctionName` that the template gives it.
    pub(crate) function_name: Option<String>,
    pub(crate) timeout: Duration,
    /// The value of its environment variable for the memory. The memory is not limited here.
    pub(crate) memory_mb: u32,
    pub(crate) environment: BTreeMap<String, String>,
    /// The value of `AWS_LAMBDA_LOG_LEVEL`.
    pub(crate) log_level: Option<String>,
    /// The form of Lambda's own log lines, `JSON` or `Text`.
    pub(crate) log_format: Option<String>,
}

impl FunctionDefinition {
    /// Whether it accepts tokens that are bound to a key of their sender (DPoP, RFC 9449).
    pub(crate) fn takes_bound_tokens(&self) -> bool {
        let mode = self.environment.get("DPOP");
        mode.is_some_and(|mode| ["accept", "require"].contains(&mode.as_str()))
    }

    /// Whether `name` is one of the function's names.
    pub fn is_named(&self, name: &str) -> bool {
        self.names().any(|own| own == name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let function_name = self.function_name.as_deref();
        [self.name.as_str(), self.logical_id.as_str()]
            .into_iter()
            .chain(function_name)
    }
}

/// A function of another stack, which a command runs. Its own settings are unknown, so it has Lambda's defaults and the
/// variables that the command sets.
pub(super) fn of_another_stack(name: &str) -> FunctionDefinition {
    FunctionDefinition {
        logical_id: name.to_owned(),
        name: name.to_owned(),
        binary: None,
        function_name: None,
        timeout: Duration::from_secs(DEFAULT_TIMEOUT),
        memory_mb: DEFAULT_MEMORY,
        environment: BTreeMap::new(),
        log_level: None,
        log_format: None,
    }
}

/// The binary of a function's resource: `Metadata.BuildProperties.Binary`.
pub(super) fn binary(resource: &Value) -> Option<&str> {
    resource
        .pointer("/Metadata/BuildProperties/Binary")?
        .as_str()
}

/// Reads one function from its properties, with `Globals` merged in.
pub(super) fn read(
    logical_id: &str,
    name: &str,
    binary: Option<&str>,
    properties: &Part,
) -> Result<FunctionDefinition, TemplateError> {
    let timeout = properties.parsed("Timeout", "a number of seconds")?;
    let memory = properties.parsed("MemorySize", "a number of megabytes")?;
    let logging = properties.part("LoggingConfig")?;
    Ok(FunctionDefinition {
        logical_id: logical_id.to_owned(),
        name: name.to_owned(),
        binary: binary.map(str::to_owned),
        function_name: properties.text("FunctionName")?,
        timeout: Duration::from_secs(timeout.unwrap_or(DEFAULT_TIMEOUT)),
        memory_mb: memory.unwrap_or(DEFAULT_MEMORY),
        environment: properties.part("Environment")?.text_map("Variables")?,
        log_level: logging.text("ApplicationLogLevel")?,
        log_format: logging.text("LogFormat")?,
    })
}
