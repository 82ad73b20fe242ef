//! `AWS::DynamoDB::Table`, as a `CreateTable` request.

use serde_json::{Map, Value};

use super::error::{DefinitionError, TemplateError};
use super::warnings::Warnings;

/// The properties of a table that are also members of a `CreateTable` request.
const SHARED: [&str; 7] = [
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
    "BillingMode",
    "ProvisionedThroughput",
    "TableClass",
];

/// Properties without an effect here.
const WITHOUT_EFFECT: [&str; 8] = [
    "ContributorInsightsSpecification",
    "DeletionProtectionEnabled",
    "OnDemandThroughput",
    "PointInTimeRecoverySpecification",
    "ResourcePolicy",
    "SSESpecification",
    "Tags",
    "WarmThroughput",
];

#[derive(Clone, Debug)]
pub struct TableDefinition {
    pub(crate) name: String,
    /// The body of the `CreateTable` request.
    pub(crate) create: Value,
    /// The body of the `UpdateTimeToLive` request, if items expire.
    pub(crate) time_to_live: Option<Value>,
}

/// Reads one table from its resolved properties.
pub(super) fn read(
    logical_id: &str,
    name: &str,
    properties: &Value,
    warnings: &mut Warnings,
) -> Result<TableDefinition, TemplateError> {
    let Some(properties) = properties.as_object() else {
        let place = format!("Resources/{logical_id}");
        return Err(TemplateError::at(
            place,
            DefinitionError::Missing("Properties"),
        ));
    };
    let mut create = Map::from_iter([("TableName".to_owned(), Value::from(name))]);
    let mut time_to_live = None;
    for (property, value) in properties {
        match property.as_str() {
            "TableName" => {}
            "StreamSpecification" => {
                let mut stream = value.clone();
                if let Value::Object(members) = &mut stream {
                    members.insert("StreamEnabled".to_owned(), true.into());
                }
                create.insert(property.clone(), stream);
            }
            "TimeToLiveSpecification" => {
                let request = Map::from_iter([
                    ("TableName".to_owned(), Value::from(name)),
                    (property.clone(), value.clone()),
                ]);
                time_to_live = Some(Value::Object(request));
            }
            shared if SHARED.contains(&shared) => {
                create.insert(property.clone(), value.clone());
            }
            ignored if WITHOUT_EFFECT.contains(&ignored) => {}
            unknown => warnings.add(
                &format!("Resources/{logical_id}/Properties/{unknown}"),
                "the property has no effect on one machine",
            ),
        }
    }
    Ok(TableDefinition {
        name: name.to_owned(),
        create: Value::Object(create),
        time_to_live,
    })
}
