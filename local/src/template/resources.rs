//! The resources of a template: those that exist, those that run, and their names.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::error::{DefinitionError, TemplateError};
use super::function;
use super::globals::Globals;
use super::intrinsic::{Names, Scope, scalar};
use super::part::unexpected;
use super::warnings::Warnings;
use crate::aws;

/// Kinds of resource that change no answer of the API.
const BESIDE: [&str; 17] = [
    "AWS::ApiGateway::Account",
    "AWS::ApiGateway::ApiKey",
    "AWS::ApiGateway::BasePathMapping",
    "AWS::ApiGateway::DomainName",
    "AWS::ApiGateway::UsagePlan",
    "AWS::ApiGatewayV2::ApiMapping",
    "AWS::ApiGatewayV2::DomainName",
    "AWS::Budgets::",
    "AWS::CloudFront::",
    "AWS::CloudWatch::",
    "AWS::IAM::",
    "AWS::KMS::",
    "AWS::Lambda::Permission",
    "AWS::Logs::",
    "AWS::Route53::",
    "AWS::S3::",
    "AWS::SNS::",
];

/// Kinds of resource that are an API, or change one, and are not supported.
const REFUSED: [&str; 4] = [
    "AWS::ApiGateway::",
    "AWS::ApiGatewayV2::",
    "AWS::Serverless::GraphQLApi",
    "AWS::Serverless::WebSocketApi",
];

/// Kinds of resource that are run here.
pub(super) const FUNCTION: &str = "AWS::Serverless::Function";
pub(super) const REST_API: &str = "AWS::Serverless::Api";
pub(super) const HTTP_API: &str = "AWS::Serverless::HttpApi";
const TABLE: &str = "AWS::DynamoDB::Table";

/// A resource whose condition holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resource<'a> {
    pub(super) id: &'a str,
    pub(super) kind: &'a str,
    /// The whole resource, unresolved.
    pub(super) value: &'a Value,
}

impl Resource<'_> {
    pub(super) fn place(&self) -> String {
        format!("Resources/{}", self.id)
    }

    /// Its properties, not resolved.
    pub(super) fn properties(&self) -> &Value {
        self.value.get("Properties").unwrap_or(&Value::Null)
    }

    pub(super) fn is_function(&self) -> bool {
        self.kind == FUNCTION
    }

    pub(super) fn is_table(&self) -> bool {
        self.kind == TABLE
    }
}

/// The resources whose condition holds.
pub(super) fn present<'a>(
    all: &'a Map<String, Value>,
    scope: &Scope,
) -> Result<Vec<Resource<'a>>, TemplateError> {
    let mut present = Vec::new();
    for (id, value) in all {
        let place = format!("Resources/{id}");
        if !value.is_object() {
            // `Fn::ForEach`, for example, would create more resources.
            return Err(TemplateError::at(place, unexpected("a resource", value)));
        }
        let Some(kind) = value.get("Type").and_then(Value::as_str) else {
            return Err(TemplateError::at(place, DefinitionError::Missing("Type")));
        };
        let condition = value.get("Condition").and_then(Value::as_str);
        let holds = condition.map_or(Ok(true), |condition| scope.condition(condition));
        if holds.map_err(|error| error.inside(place))? {
            present.push(Resource { id, kind, value });
        }
    }
    Ok(present)
}

/// The functions whose condition does not hold.
pub(super) fn absent_functions<'a>(
    all: &'a Map<String, Value>,
    present: &[Resource<'_>],
) -> Vec<&'a Value> {
    all.iter()
        .filter(|(id, _)| present.iter().all(|resource| resource.id != id.as_str()))
        .map(|(_, value)| value)
        .filter(|value| value.get("Type").is_some_and(|kind| kind == FUNCTION))
        .collect()
}

/// Refuses kinds that would change an answer, and warns of those that are not run.
pub(super) fn check_kinds(
    resources: &[Resource<'_>],
    warnings: &mut Warnings,
) -> Result<(), TemplateError> {
    for resource in resources {
        let is_one_of = |kinds: &[&str]| kinds.iter().any(|kind| resource.kind.starts_with(kind));
        let why = format!("a resource of type {}", resource.kind);
        if resource.is_function()
            || resource.is_table()
            || [REST_API, HTTP_API].contains(&resource.kind)
            || is_one_of(&BESIDE)
        {
            continue;
        }
        if is_one_of(&REFUSED) {
            return Err(TemplateError::at(
                resource.place(),
                DefinitionError::NotSupported(why),
            ));
        }
        warnings.add(
            &resource.place(),
            &format!("{why} is not run on one machine"),
        );
    }
    Ok(())
}

/// A function's name on this machine, and its binary if it has one.
pub(super) fn function_name<'a>(
    resource: &Resource<'a>,
    resources: &[Resource<'_>],
) -> (&'a str, Option<&'a str>) {
    let Some(binary) = function::binary(resource.value) else {
        return (resource.id, None);
    };
    let sharing = resources
        .iter()
        .filter(|other| other.is_function() && function::binary(other.value) == Some(binary));
    let name = if sharing.count() > 1 {
        resource.id
    } else {
        binary
    };
    (name, Some(binary))
}

/// Gives every resource its names, so that properties can refer to it. `api` is the id and the type of the served API.
pub(super) fn name_all(
    resources: &[Resource<'_>],
    api: (&str, &str),
    globals: &Globals,
    scope: &mut Scope,
) -> Result<(), TemplateError> {
    // A function's or a table's own name may come from a parameter, but not from another resource.
    for resource in resources {
        let names = match resource.kind {
            FUNCTION => function_names(resource, resources, scope)?,
            TABLE => table_names(resource, scope)?,
            _ => Names {
                kind: resource.kind.to_owned(),
                reference: resource.id.to_owned(),
                attributes: BTreeMap::new(),
            },
        };
        if let Some((alias, arn)) = alias(resource, &names, globals, scope)? {
            let kind = "AWS::Lambda::Alias".to_owned();
            let names = Names {
                kind,
                reference: arn,
                attributes: BTreeMap::new(),
            };
            scope.resources.insert(alias, names);
        }
        scope.resources.insert(resource.id.to_owned(), names);
    }
    let names = Names {
        kind: api.1.to_owned(),
        reference: aws::API_ID.to_owned(),
        attributes: BTreeMap::from([("RootResourceId", "root".to_owned())]),
    };
    scope.resources.insert(api.0.to_owned(), names);
    Ok(())
}

/// The name that a property gives the resource.
fn own_name(
    resource: &Resource<'_>,
    property: &str,
    scope: &Scope,
) -> Result<Option<String>, TemplateError> {
    let pointer = format!("/Properties/{property}");
    let Some(name) = resource.value.pointer(&pointer) else {
        return Ok(None);
    };
    let resolved = scope.resolve(name).and_then(|name| {
        let name = name.filter(|name| !name.is_null());
        name.as_ref().map(scalar).transpose()
    });
    resolved.map_err(|error| error.inside(format!("{}{pointer}", resource.place())))
}

fn function_names(
    resource: &Resource<'_>,
    resources: &[Resource<'_>],
    scope: &Scope,
) -> Result<Names, TemplateError> {
    let (name, _) = function_name(resource, resources);
    let name = own_name(resource, "FunctionName", scope)?.unwrap_or_else(|| name.to_owned());
    let arn = aws::function_arn(&scope.region, &name);
    let attributes = [
        ("Alias", format!("{arn}:live")),
        ("Version", format!("{arn}:1")),
        ("Arn", arn),
    ];
    Ok(Names {
        kind: resource.kind.to_owned(),
        reference: name,
        attributes: attributes.into(),
    })
}

/// The logical id and the ARN of the alias that SAM creates for `AutoPublishAlias`.
fn alias(
    resource: &Resource<'_>,
    names: &Names,
    globals: &Globals,
    scope: &Scope,
) -> Result<Option<(String, String)>, TemplateError> {
    let Some(arn) = names
        .attributes
        .get("Arn")
        .filter(|_| resource.is_function())
    else {
        return Ok(None);
    };
    let merged = globals.merged("Function", &resource.place(), resource.value)?;
    let value = &json!({"Properties": merged});
    let merged = Resource { value, ..*resource };
    let alias = own_name(&merged, "AutoPublishAlias", scope)?;
    Ok(alias.map(|alias| {
        let logical_id = format!("{}Alias{alias}", resource.id);
        (logical_id, format!("{arn}:{alias}"))
    }))
}

fn table_names(resource: &Resource<'_>, scope: &Scope) -> Result<Names, TemplateError> {
    let name = own_name(resource, "TableName", scope)?.unwrap_or_else(|| resource.id.to_owned());
    let (partition, region, account) = (aws::PARTITION, &scope.region, aws::ACCOUNT);
    let arn = format!("arn:{partition}:dynamodb:{region}:{account}:table/{name}");
    Ok(Names {
        kind: resource.kind.to_owned(),
        reference: name,
        attributes: BTreeMap::from([("Arn", arn)]),
    })
}
