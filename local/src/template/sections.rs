//! The sections of a template.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::error::{DefinitionError, TemplateError};
use super::given::Given;
use super::intrinsic::Scope;
use super::part::{Part, unexpected};
use super::{parameter, yaml};

/// The sections of a template in CloudFormation and SAM.
const SECTIONS: [&str; 11] = [
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Globals",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
];

/// The transforms that are applied here. The only supported function of the second is `Fn::ToJsonString`; its other
/// functions are errors.
const TRANSFORMS: [&str; 2] = ["AWS::Serverless-2016-10-31", "AWS::LanguageExtensions"];

/// A template whose sections have been checked.
pub(super) struct Sections(Part);

impl Sections {
    /// Reads a template and checks the names of its sections, because the content of a misspelt `Globals` would be lost.
    pub(super) fn read(text: &str) -> Result<Self, TemplateError> {
        let document = Part::open("", yaml::read(text)?)?;
        if let Some(unknown) = document.names().find(|name| !SECTIONS.contains(name)) {
            let what = "section of a template".to_owned();
            let expected = SECTIONS.join(", ");
            return Err(TemplateError::at(
                unknown,
                DefinitionError::Unknown { what, expected },
            ));
        }
        let transforms = document.value("Transform");
        let each = match transforms {
            Some(Value::Array(transforms)) => transforms.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        let applied = |transform: &Value| TRANSFORMS.iter().any(|applied| transform == applied);
        if let Some(other) = each.iter().find(|transform| !applied(transform)) {
            let expected = TRANSFORMS.join(" or ");
            let why = format!("the transform {other} changes the template; expected {expected}");
            return Err(TemplateError::at(
                "Transform",
                DefinitionError::NotSupported(why),
            ));
        }
        Ok(Self(document))
    }

    /// A section, which is a map. It is empty if it is missing.
    pub(super) fn section(&self, name: &str) -> Result<Map<String, Value>, TemplateError> {
        match self.0.value(name) {
            None => Ok(Map::new()),
            Some(Value::Object(members)) => Ok(members.clone()),
            Some(other) => Err(TemplateError::at(name, unexpected("a map", other))),
        }
    }

    /// The values of the template's names, without those of its resources.
    pub(super) fn scope(&self, given: &Given) -> Result<Scope, TemplateError> {
        Ok(Scope {
            parameters: parameter::read(&self.section("Parameters")?, given)?,
            conditions: self.section("Conditions")?,
            mappings: self.section("Mappings")?,
            imports: given.imports.clone(),
            resources: BTreeMap::new(),
            region: given.region.clone(),
            folder: given.folder.clone(),
        })
    }
}
