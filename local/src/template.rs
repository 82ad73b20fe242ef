//! `template.yaml`, read as what is to run: functions, the API in front of them, tables.
//!
//! Only what is run is resolved, so that the rest of a template may use whatever CloudFormation has. What would change
//! how the API behaves and is not known here is an error or a warning, never passed over in silence.

pub mod api;
mod function;
mod intrinsic;
mod parameter;
mod table;
pub mod web_headers;
mod yaml;

use std::collections::BTreeMap;
use std::fmt::Display;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

pub use api::Api;
pub use function::FunctionDefinition;
pub use table::TableDefinition;

use crate::aws;
use intrinsic::{Names, Scope};

/// Kinds of resource that stand beside the API and do not change what it answers.
const BESIDE: [&str; 12] = [
    "AWS::ApiGateway::Account",
    "AWS::ApiGateway::UsagePlan",
    "AWS::Budgets::",
    "AWS::CloudFront::",
    "AWS::CloudWatch::",
    "AWS::IAM::",
    "AWS::KMS::",
    "AWS::Lambda::Permission",
    "AWS::Logs::",
    "AWS::S3::",
    "AWS::SNS::",
    "AWS::WAFv2::",
];

/// What a template says is to run.
#[derive(Debug)]
pub struct Template {
    /// The REST API.
    pub api: Api,
    /// The functions, by their order in the template's names.
    pub functions: Vec<FunctionDefinition>,
    /// The DynamoDB tables.
    pub tables: Vec<TableDefinition>,
    /// What the template asks for that has no effect here.
    pub warnings: Vec<String>,
}

/// Why a template cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// Not YAML, or YAML of a shape that no template has.
    #[error("cannot be read as YAML: {0}")]
    Yaml(String),
    /// A part of the template is not as expected.
    #[error("at {at}: {problem}")]
    Part {
        /// Where, such as `Resources/Api`.
        at: String,
        /// What is wrong there.
        problem: String,
    },
    /// An intrinsic function that cannot be worked out.
    #[error("{0}")]
    Intrinsic(String),
}

impl TemplateError {
    fn at(at: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Part {
            at: at.into(),
            problem: problem.into(),
        }
    }

    fn intrinsic(problem: impl Into<String>) -> Self {
        Self::Intrinsic(problem.into())
    }

    /// The same, with the place where it was found.
    fn inside(self, at: impl Display) -> Self {
        match self {
            Self::Intrinsic(problem) => Self::at(at.to_string(), problem),
            other => other,
        }
    }
}

/// What `cargo local` gives to a template.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Values of parameters; the others keep their defaults.
    pub parameters: BTreeMap<String, String>,
    /// The region.
    pub region: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    #[serde(default)]
    parameters: Map<String, Value>,
    #[serde(default)]
    mappings: Map<String, Value>,
    #[serde(default)]
    conditions: Map<String, Value>,
    #[serde(default)]
    globals: Map<String, Value>,
    resources: Map<String, Value>,
}

impl Template {
    /// Reads the text of a template.
    ///
    /// # Errors
    /// When it is no template, or what it says cannot be run here.
    pub fn read(text: &str, given: &Given) -> Result<Self, TemplateError> {
        let document: Document = typed(|| "the template".to_owned(), yaml::read(text)?)?;
        let mut scope = Scope {
            parameters: parameter::read(&document.parameters, &given.parameters)?,
            conditions: document.conditions,
            mappings: document.mappings,
            resources: BTreeMap::new(),
            region: given.region.clone(),
        };
        let mut present = Vec::new();
        for (id, resource) in &document.resources {
            let kind = resource
                .get("Type")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let condition = resource.get("Condition").and_then(Value::as_str);
            if condition.map_or(Ok(true), |condition| scope.condition(condition))? {
                present.push((id.as_str(), kind, resource));
            }
        }
        // A function's name does not hang on other resources; a table's may, on a parameter.
        for (id, kind, resource) in &present {
            let names = names(id, kind, resource, &scope)?;
            scope.resources.insert((*id).to_owned(), names);
        }
        Self::of_resources(&present, &document.globals, &scope)
    }

    fn of_resources(
        present: &[(&str, &str, &Value)],
        globals: &Map<String, Value>,
        scope: &Scope,
    ) -> Result<Self, TemplateError> {
        let mut warnings = Vec::new();
        let mut functions = Vec::new();
        let mut tables = Vec::new();
        let mut apis = Vec::new();
        for &(id, kind, resource) in present {
            let properties = || -> Result<Value, TemplateError> {
                let properties = resource.get("Properties").cloned().unwrap_or_default();
                let resolved = scope
                    .resolve(&properties)
                    .map_err(|error| error.inside(format!("Resources/{id}")))?;
                Ok(resolved.unwrap_or_default())
            };
            match kind {
                "AWS::Serverless::Function" => {
                    functions.push(function::read(
                        id,
                        resource,
                        globals.get("Function"),
                        scope,
                        &mut warnings,
                    )?);
                }
                "AWS::Serverless::Api" => apis.push((id, properties()?)),
                "AWS::DynamoDB::Table" => {
                    let name = scope
                        .resources
                        .get(id)
                        .map_or(id, |names| names.reference.as_str());
                    tables.push(table::read(id, name, &properties()?, &mut warnings)?);
                }
                beside if BESIDE.iter().any(|kind| beside.starts_with(kind)) => {}
                _ => warnings.push(format!(
                    "{id}: a resource of type `{kind}` is not run on one machine"
                )),
            }
        }
        let [(id, properties)] = apis.as_slice() else {
            return Err(TemplateError::at(
                "Resources",
                format!("expected one AWS::Serverless::Api, found {}", apis.len()),
            ));
        };
        let api = api::read(id, properties, &functions, &mut warnings)?;
        Ok(Self {
            api,
            functions,
            tables,
            warnings,
        })
    }
}

/// What `Ref` and `Fn::GetAtt` give for a resource.
fn names(id: &str, kind: &str, resource: &Value, scope: &Scope) -> Result<Names, TemplateError> {
    let own_name = |property: &str| -> Result<String, TemplateError> {
        let Some(name) = resource.pointer(&format!("/Properties/{property}")) else {
            return Ok(id.to_owned());
        };
        let name = scope
            .resolve(name)
            .map_err(|error| error.inside(format!("Resources/{id}/{property}")))?;
        name.map_or_else(|| Ok(id.to_owned()), |name| intrinsic::scalar(&name))
    };
    let (reference, attributes) = match kind {
        "AWS::Serverless::Function" => {
            let name = function::binary(resource).unwrap_or(id).to_owned();
            let arn = aws::function_arn(&scope.region, &name);
            let (alias, version) = (format!("{arn}:live"), format!("{arn}:1"));
            (
                name,
                BTreeMap::from([("Arn", arn), ("Alias", alias), ("Version", version)]),
            )
        }
        "AWS::Serverless::Api" => (aws::API_ID.to_owned(), BTreeMap::new()),
        "AWS::DynamoDB::Table" => {
            let name = own_name("TableName")?;
            let arn = format!(
                "arn:{}:dynamodb:{}:{}:table/{name}",
                aws::PARTITION,
                scope.region,
                aws::ACCOUNT
            );
            (name, BTreeMap::from([("Arn", arn)]))
        }
        _ => (id.to_owned(), BTreeMap::new()),
    };
    Ok(Names {
        kind: kind.to_owned(),
        reference,
        attributes,
    })
}

/// A resolved value as one of our types.
fn typed<T: DeserializeOwned>(at: impl Fn() -> String, value: Value) -> Result<T, TemplateError> {
    serde_json::from_value(value).map_err(|error| TemplateError::at(at(), error.to_string()))
}

/// A number or a boolean that a template may also write as text, as every parameter is.
#[derive(Clone, Copy, Debug)]
struct Lenient<T>(T);

impl<'de, T: std::str::FromStr> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let text = intrinsic::scalar(&value).map_err(serde::de::Error::custom)?;
        let parsed = text
            .parse()
            .map_err(|_| serde::de::Error::custom(format!("`{text}` is not as expected")))?;
        Ok(Self(parsed))
    }
}

#[cfg(test)]
mod tests;
