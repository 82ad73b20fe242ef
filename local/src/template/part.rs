//! One part of a template whose names have been checked, read property by property.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use serde_json::{Map, Value};

use super::error::{DefinitionError, TemplateError, quoted};
use super::intrinsic::scalar;

/// A resolved map of a template, and its place.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    place: String,
    members: Map<String, Value>,
}

impl Part {
    /// The value at `place`; a missing or null value is empty.
    pub(super) fn open(place: impl Into<String>, value: Value) -> Result<Self, TemplateError> {
        let place = place.into();
        match value {
            Value::Null => Ok(Self {
                place,
                members: Map::new(),
            }),
            Value::Object(members) => Ok(Self { place, members }),
            other => Err(TemplateError::at(place, unexpected("a map", &other))),
        }
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// A fault of the property `name`.
    pub(super) fn error(&self, name: &str, fault: DefinitionError) -> TemplateError {
        TemplateError::at(format!("{}/{name}", self.place), fault)
    }

    /// A fault of the part as a whole.
    pub(super) fn fault(&self, fault: DefinitionError) -> TemplateError {
        TemplateError::at(&self.place, fault)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// A string. In a template numbers and booleans are strings too.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, TemplateError> {
        self.value(name)
            .map(scalar)
            .transpose()
            .map_err(|error| error.inside(name).inside(&self.place))
    }

    /// A string that must be present.
    pub(super) fn required_text(&self, name: &'static str) -> Result<String, TemplateError> {
        let text = self.text(name)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| self.fault(DefinitionError::Missing(name)))
    }

    /// A value of a type that is written as a string, a number or a boolean.
    pub(super) fn parsed<T: FromStr>(
        &self,
        name: &str,
        expected: impl Display,
    ) -> Result<Option<T>, TemplateError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let wrong = |_| {
            let fault = DefinitionError::Unexpected {
                expected: expected.to_string(),
                found: format!("`{text}`"),
            };
            self.error(name, fault)
        };
        text.parse().map(Some).map_err(wrong)
    }

    pub(super) fn boolean(&self, name: &str) -> Result<Option<bool>, TemplateError> {
        self.parsed(name, "true or false")
    }

    /// A list of strings; one string is a list of one.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, TemplateError> {
        let texts = match self.value(name) {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) => items.iter().map(scalar).collect(),
            Some(one) => scalar(one).map(|text| vec![text]),
        };
        texts.map_err(|error| error.inside(name).inside(&self.place))
    }

    /// A map from names to strings.
    pub(super) fn text_map(&self, name: &str) -> Result<BTreeMap<String, String>, TemplateError> {
        let map = self.part(name)?;
        let names = map.members.keys();
        names
            .filter_map(|name| Some((name, map.text(name).transpose()?)))
            .map(|(name, text)| Ok((name.clone(), text?)))
            .collect()
    }

    /// A part of this part, which is empty if it is missing.
    pub(super) fn part(&self, name: &str) -> Result<Self, TemplateError> {
        let value = self.members.get(name).cloned().unwrap_or_default();
        Self::open(format!("{}/{name}", self.place), value)
    }

    /// The parts of this part whose names are wanted.
    pub(super) fn parts_where(
        &self,
        wanted: fn(&str) -> bool,
    ) -> Result<Vec<(String, Self)>, TemplateError> {
        self.names()
            .filter(|name| wanted(name) && self.value(name).is_some())
            .map(|name| Ok((name.to_owned(), self.part(name)?)))
            .collect()
    }

    /// The parts of a map from names to parts.
    pub(super) fn parts(&self, name: &str) -> Result<Vec<(String, Self)>, TemplateError> {
        let map = self.part(name)?;
        map.members
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, _)| Ok((name.clone(), map.part(name)?)))
            .collect()
    }
}

/// A value of another form than the expected one.
pub(super) fn unexpected(expected: impl Into<String>, found: &Value) -> DefinitionError {
    DefinitionError::Unexpected {
        expected: expected.into(),
        found: quoted(found),
    }
}
