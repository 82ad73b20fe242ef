//! `AWS::Serverless::Function`, as far as one machine runs it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::intrinsic::{Scope, scalar};
use super::{Lenient, TemplateError, typed};

/// Properties that change nothing here.
const WITHOUT_EFFECT: [&str; 13] = [
    "Architectures",
    "AutoPublishAlias",
    "CodeUri",
    "DeploymentPreference",
    "Description",
    "Handler",
    "PackageType",
    "Policies",
    "ReservedConcurrentExecutions",
    "Role",
    "Runtime",
    "Tags",
    "Tracing",
];

/// One function of the template.
#[derive(Clone, Debug)]
pub struct FunctionDefinition {
    /// Its name in the template.
    pub logical_id: String,
    /// Its name on this machine, which is its binary's.
    pub name: String,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// The memory it is said to have; nothing here takes the rest away.
    pub memory_mb: u32,
    /// Its environment variables.
    pub environment: BTreeMap<String, String>,
    /// The level that Lambda would tell it to log at.
    pub log_level: Option<String>,
    /// Its events, resolved, by name.
    pub(super) events: Map<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Properties {
    timeout: Option<Lenient<u64>>,
    memory_size: Option<Lenient<u32>>,
    environment: Environment,
    logging_config: Logging,
    events: Map<String, Value>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Environment {
    variables: Map<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Logging {
    application_log_level: Option<String>,
}

/// The binary that a function's resource is built from: `Metadata.BuildProperties.Binary`.
pub(super) fn binary(resource: &Value) -> Option<&str> {
    resource
        .pointer("/Metadata/BuildProperties/Binary")?
        .as_str()
}

/// Reads one function, its `Globals` merged in.
pub(super) fn read(
    logical_id: &str,
    resource: &Value,
    globals: Option<&Value>,
    scope: &Scope,
    warnings: &mut Vec<String>,
) -> Result<FunctionDefinition, TemplateError> {
    let at = || format!("Resources/{logical_id}");
    let Some(name) = binary(resource) else {
        return Err(TemplateError::at(
            at(),
            "Metadata.BuildProperties.Binary must name the binary to run",
        ));
    };
    let own = resource
        .get("Properties")
        .cloned()
        .unwrap_or_else(|| Value::Object(Map::new()));
    let merged = globals.map_or(own.clone(), |globals| merge(globals.clone(), own));
    let resolved = scope
        .resolve(&merged)
        .map_err(|error| error.inside(at()))?
        .unwrap_or_default();
    let properties: Properties = typed(at, resolved)?;
    for unknown in properties
        .other
        .keys()
        .filter(|name| !WITHOUT_EFFECT.contains(&name.as_str()))
    {
        warnings.push(format!(
            "{logical_id}: the property `{unknown}` has no effect on one machine"
        ));
    }
    let environment = properties
        .environment
        .variables
        .iter()
        .map(|(name, value)| Ok((name.clone(), scalar(value)?)))
        .collect::<Result<_, TemplateError>>()
        .map_err(|error| error.inside(format!("{}/Environment", at())))?;
    Ok(FunctionDefinition {
        logical_id: logical_id.to_owned(),
        name: name.to_owned(),
        // Lambda's own defaults.
        timeout: Duration::from_secs(properties.timeout.map_or(3, |timeout| timeout.0)),
        memory_mb: properties.memory_size.map_or(128, |memory| memory.0),
        environment,
        log_level: properties.logging_config.application_log_level,
        events: properties.events,
    })
}

/// SAM's rule for `Globals`: maps are merged, lists are joined, anything else of the resource's own wins.
fn merge(global: Value, own: Value) -> Value {
    match (global, own) {
        (Value::Object(mut global), Value::Object(own)) => {
            for (name, value) in own {
                let merged = match global.remove(&name) {
                    Some(shared) => merge(shared, value),
                    None => value,
                };
                global.insert(name, merged);
            }
            Value::Object(global)
        }
        (Value::Array(mut global), Value::Array(own)) => {
            global.extend(own);
            Value::Array(global)
        }
        (global, Value::Null) => global,
        (_, own) => own,
    }
}
