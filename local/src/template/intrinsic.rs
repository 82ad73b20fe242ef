//! CloudFormation's intrinsic functions, evaluated lazily: a branch that is not taken is never evaluated.

mod condition;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, Value};

use super::error::{DefinitionError, TemplateError, quoted};
use super::yaml;
use crate::aws;
use crate::text_file;

/// The maximum depth of references. A greater depth is treated as a cycle.
const MAX_DEPTH: usize = 64;

/// The values of a template's names.
#[derive(Debug)]
pub(super) struct Scope {
    /// The value of each parameter; none if the value is stored in AWS.
    pub(super) parameters: BTreeMap<String, Option<Value>>,
    /// The section `Conditions`, unresolved.
    pub(super) conditions: Map<String, Value>,
    pub(super) mappings: Map<String, Value>,
    /// Values that other stacks export, by name.
    pub(super) imports: BTreeMap<String, String>,
    /// The values of `Ref` and `Fn::GetAtt` for each resource.
    pub(super) resources: BTreeMap<String, Names>,
    pub(super) region: String,
    /// The folder of the template, for files that it includes.
    pub(super) folder: PathBuf,
}

/// The names of a resource: the values of `Ref` and of each attribute for `Fn::GetAtt`.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The resource's type, for messages.
    pub(super) kind: String,
    /// The value of `Ref`.
    pub(super) reference: String,
    /// The values of `Fn::GetAtt`, by attribute.
    pub(super) attributes: BTreeMap<&'static str, String>,
}

impl Scope {
    /// The value with every intrinsic function resolved; none for `AWS::NoValue`.
    pub(super) fn resolve(&self, value: &Value) -> Result<Option<Value>, TemplateError> {
        let resolved = self.value(value, 0)?;
        if let Some(resolved) = &resolved {
            refuse_dynamic_references(resolved)?;
        }
        Ok(resolved)
    }

    /// Whether the named condition holds.
    pub(super) fn condition(&self, name: &str) -> Result<bool, TemplateError> {
        self.named_condition(name, 0)
    }

    fn value(&self, value: &Value, depth: usize) -> Result<Option<Value>, TemplateError> {
        if depth > MAX_DEPTH {
            return Err(TemplateError::intrinsic(
                "values refer to each other in a cycle",
            ));
        }
        match value {
            Value::Array(items) => {
                let mut resolved = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    let item = self.value(item, depth + 1);
                    resolved.extend(item.map_err(|error| error.inside(index))?);
                }
                Ok(Some(Value::Array(resolved)))
            }
            Value::Object(members) => {
                if let Some((name, argument)) = only_member(members)
                    && (name == "Ref" || name.starts_with("Fn::"))
                {
                    return self.function(name, argument, depth + 1);
                }
                let mut resolved = Map::new();
                for (name, member) in members {
                    let member = self.value(member, depth + 1);
                    if let Some(member) = member.map_err(|error| error.inside(name))? {
                        resolved.insert(name.clone(), member);
                    }
                }
                Ok(Some(Value::Object(resolved)))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                Ok(Some(value.clone()))
            }
        }
    }

    fn function(
        &self,
        name: &str,
        argument: &Value,
        depth: usize,
    ) -> Result<Option<Value>, TemplateError> {
        let wrong = || {
            let Some(expected) = argument_of(name) else {
                return TemplateError::intrinsic(format!(
                    "`{name}` is not supported here; expected Ref, GetAtt, Sub, Join, Split, Select, FindInMap, ImportValue, If, Equals, And, Or, Not or ToJsonString"
                ));
            };
            let found = quoted(argument);
            TemplateError::intrinsic(format!("`{name}` expects {expected}, found {found}"))
        };
        let text = |value: &Value| self.text(value, depth);
        Ok(Some(match (name, argument) {
            ("Ref", Value::String(to)) if to == "AWS::NoValue" => return Ok(None),
            ("Ref", Value::String(to)) => self.reference(to)?,
            ("Fn::GetAtt", Value::Array(path)) => match path.as_slice() {
                [Value::String(resource), Value::String(attribute)] => {
                    self.attribute(resource, attribute)?.into()
                }
                _ => return Err(wrong()),
            },
            ("Fn::GetAtt", Value::String(path)) => {
                let (resource, attribute) = path.split_once('.').ok_or_else(wrong)?;
                self.attribute(resource, attribute)?.into()
            }
            ("Fn::Sub", Value::String(pattern)) => {
                self.substitute(pattern, &Map::new(), depth)?.into()
            }
            ("Fn::Sub", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(pattern), Value::Object(names)] => {
                    self.substitute(pattern, names, depth)?.into()
                }
                _ => return Err(wrong()),
            },
            ("Fn::Join" | "Fn::Split" | "Fn::Select", Value::Array(parts)) => {
                self.list_function(name, parts, depth)?
            }
            ("Fn::FindInMap", Value::Array(keys)) => match keys.as_slice() {
                [map, first, second] => self
                    .mappings
                    .get(&text(map)?)
                    .and_then(|map| map.get(text(first).ok()?))
                    .and_then(|map| map.get(text(second).ok()?))
                    .cloned()
                    .ok_or_else(wrong)?,
                _ => return Err(wrong()),
            },
            ("Fn::If", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(condition), yes, no] => {
                    let branch = if self.named_condition(condition, depth)? {
                        yes
                    } else {
                        no
                    };
                    return self.value(branch, depth);
                }
                _ => return Err(wrong()),
            },
            ("Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not", _) => {
                self.boolean(name, argument, depth)?.into()
            }
            ("Fn::ToJsonString", Value::Array(_) | Value::Object(_)) => {
                let resolved = self.value(argument, depth)?.unwrap_or_default();
                resolved.to_string().into()
            }
            ("Fn::ImportValue", _) => {
                let name = text(argument)?;
                let value = self.imports.get(&name).cloned();
                value.ok_or(DefinitionError::NoImport(name))?.into()
            }
            ("Fn::Transform", Value::Object(transform)) => {
                return self.include(transform, depth);
            }
            _ => return Err(wrong()),
        }))
    }

    /// `Fn::Join`, `Fn::Split` and `Fn::Select`.
    fn list_function(
        &self,
        name: &str,
        parts: &[Value],
        depth: usize,
    ) -> Result<Value, TemplateError> {
        let wrong = |expected: &str| {
            let found = quoted(&Value::from(parts.to_vec()));
            TemplateError::intrinsic(format!("`{name}` expects {expected}, found {found}"))
        };
        let list = |value: &Value, expected: &str| match self.value(value, depth)? {
            Some(Value::Array(items)) => Ok(items),
            _ => Err(wrong(expected)),
        };
        match (name, parts) {
            ("Fn::Join", [Value::String(between), items]) => {
                let items = list(items, "a list to join")?;
                let items = items.iter().map(|item| self.text(item, depth));
                let joined = items.collect::<Result<Vec<_>, _>>()?.join(between);
                Ok(joined.into())
            }
            ("Fn::Join", _) => Err(wrong("a separator and a list")),
            ("Fn::Split", [Value::String(between), whole]) => {
                let whole = self.text(whole, depth)?;
                Ok(whole.split(between.as_str()).collect())
            }
            ("Fn::Split", _) => Err(wrong("a separator and a string")),
            (_, [index, items]) => {
                let index = self.text(index, depth)?;
                let index = index.parse::<usize>();
                let index = index.map_err(|_| wrong("an index and a list"))?;
                let found = list(items, "an index and a list")?.into_iter().nth(index);
                found.ok_or_else(|| wrong("an index inside the list"))
            }
            _ => Err(wrong("an index and a list")),
        }
    }

    /// `AWS::Include` of a file beside the template.
    fn include(
        &self,
        transform: &Map<String, Value>,
        depth: usize,
    ) -> Result<Option<Value>, TemplateError> {
        match transform.get("Name") {
            Some(Value::String(name)) if name == "AWS::Include" => {}
            None => return Err(DefinitionError::Missing("Name").into()),
            Some(other) => {
                let found = quoted(other);
                let why = format!("the transform {found}; expected \"AWS::Include\"");
                return Err(DefinitionError::NotSupported(why).into());
            }
        }
        let parameters = transform.get("Parameters").and_then(Value::as_object);
        let location = parameters.and_then(|parameters| parameters.get("Location"));
        let location = location.ok_or(DefinitionError::Missing("Location"))?;
        let location = self.text(location, depth)?;
        if location.contains("://") {
            let why = format!("the file {location}; expected one beside the template");
            return Err(DefinitionError::NotSupported(why).into());
        }
        let path = self.folder.join(&location);
        let text =
            text_file::read(&path).map_err(|error| DefinitionError::Include(error.to_string()))?;
        let value = yaml::read(&text).map_err(|error| error.inside(&location))?;
        let resolved = self.value(&value, depth + 1);
        resolved.map_err(|error| error.inside(location))
    }

    fn reference(&self, name: &str) -> Result<Value, TemplateError> {
        let pseudo = match name {
            "AWS::Region" => Some(self.region.as_str()),
            "AWS::AccountId" => Some(aws::ACCOUNT),
            "AWS::Partition" => Some(aws::PARTITION),
            "AWS::StackName" => Some("local"),
            "AWS::StackId" => Some("arn:aws:cloudformation:local:123456789012:stack/local/0"),
            "AWS::URLSuffix" => Some("amazonaws.com"),
            _ => None,
        };
        if let Some(pseudo) = pseudo {
            return Ok(pseudo.into());
        }
        if let Some(value) = self.parameters.get(name) {
            let parameter = name.to_owned();
            let stored = || TemplateError::new(DefinitionError::StoredValue { parameter });
            return value.clone().ok_or_else(stored);
        }
        if let Some(resource) = self.resources.get(name) {
            return Ok(resource.reference.clone().into());
        }
        // SAM's own form for a function's published version and its alias: `!Ref Function.Alias`.
        if let Some((resource, attribute @ ("Alias" | "Version"))) = name.rsplit_once('.') {
            return Ok(self.attribute(resource, attribute)?.into());
        }
        Err(TemplateError::intrinsic(format!(
            "`{name}` is neither a parameter nor a resource of the template"
        )))
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Result<String, TemplateError> {
        let names = self.resources.get(resource).ok_or_else(|| {
            TemplateError::intrinsic(format!("the template has no resource `{resource}`"))
        })?;
        names.attributes.get(attribute).cloned().ok_or_else(|| {
            TemplateError::intrinsic(format!(
                "the attribute `{attribute}` of `{resource}` ({}) has no value on one machine",
                names.kind
            ))
        })
    }

    /// `Fn::Sub`: `${Name}`, `${Resource.Attribute}`, and `${!literal}` for a `${literal}` that stays.
    fn substitute(
        &self,
        pattern: &str,
        names: &Map<String, Value>,
        depth: usize,
    ) -> Result<String, TemplateError> {
        let mut text = String::with_capacity(pattern.len());
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').ok_or_else(|| {
                TemplateError::intrinsic(format!("`Fn::Sub`: a `}}` is missing in `{pattern}`"))
            })?;
            text.push_str(before);
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                text.push_str("${");
                text.push_str(literal);
                text.push('}');
            } else if let Some(value) = names.get(name) {
                text.push_str(&self.text(value, depth)?);
            } else if let Some((resource, attribute)) = name.split_once('.') {
                text.push_str(&self.attribute(resource, attribute)?);
            } else {
                text.push_str(&scalar(&self.reference(name)?)?);
            }
        }
        text.push_str(rest);
        Ok(text)
    }

    fn text(&self, value: &Value, depth: usize) -> Result<String, TemplateError> {
        let resolved = self.value(value, depth + 1)?;
        scalar(&resolved.unwrap_or_default())
    }
}

/// Refuses strings of the form `{{resolve:…}}`, because CloudFormation looks them up when it deploys the stack.
fn refuse_dynamic_references(value: &Value) -> Result<(), TemplateError> {
    match value {
        Value::String(text) => match text.split_once("{{resolve:") {
            Some((_, rest)) => {
                let name = rest.split_once("}}").map_or(rest, |(name, _)| name);
                let reference = format!("{{{{resolve:{name}}}}}");
                Err(TemplateError::new(DefinitionError::DynamicReference(
                    reference,
                )))
            }
            None => Ok(()),
        },
        Value::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| {
            refuse_dynamic_references(item).map_err(|error| error.inside(index))
        }),
        Value::Object(members) => members.iter().try_for_each(|(name, member)| {
            refuse_dynamic_references(member).map_err(|error| error.inside(name))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

/// Whether SAM treats the map as an intrinsic function, which is one value.
pub(super) fn is_intrinsic(members: &Map<String, Value>) -> bool {
    only_member(members)
        .is_some_and(|(name, _)| name == "Ref" || name == "Condition" || name.starts_with("Fn::"))
}

/// The argument that a supported function takes.
fn argument_of(function: &str) -> Option<&'static str> {
    Some(match function {
        "Ref" => "a name",
        "Fn::GetAtt" => "`Resource.Attribute`, or a list of a resource and an attribute",
        "Fn::Sub" => "a string, or a list of a string and a map of names",
        "Fn::Join" | "Fn::Split" | "Fn::Select" => "a list",
        "Fn::FindInMap" => "the name of a map and two of its keys",
        "Fn::If" => "a condition's name and two values",
        "Fn::ToJsonString" => "a list or a map",
        "Fn::Transform" => "a map",
        _ => return None,
    })
}

fn only_member(members: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut all = members.iter();
    let (name, argument) = all.next()?;
    all.next().is_none().then_some((name.as_str(), argument))
}

/// A scalar as a string, because CloudFormation treats all scalars as strings.
pub(super) fn scalar(value: &Value) -> Result<String, TemplateError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(boolean) => Ok(boolean.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(TemplateError::intrinsic(format!(
            "expected a string, found {}",
            quoted(value)
        ))),
    }
}
