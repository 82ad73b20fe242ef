//! SAM's properties of an API, an event, an authorizer and a function, and this gateway's treatment of each. The reader
//! uses these tables, and `docs/local-gateway.md` shows them.

mod api;
mod function;
mod http_api;
mod jwt_configuration;
mod open_api;

use super::error::{DefinitionError, TemplateError};
use super::intrinsic::{Scope, is_intrinsic, scalar};
use super::warnings::Warnings;
use serde_json::{Map, Value, json};

pub(super) use api::API;
pub(super) use function::{API_EVENT, FUNCTION, HTTP_API_EVENT};
pub(super) use http_api::HTTP_API;

/// Throttling depends on the load, and an account has a limit even if the template has none.
const THROTTLING: &str = "a limit for traffic that one machine does not have";

/// The reason in warnings about the API's own address.
const NO_OWN_ADDRESS: &str =
    "AWS serves the API only at its custom domain names; here it answers at its own address";

const ACCESS_LOG: &str = "this gateway always writes an access log, with members of its own";

/// The gateway's treatment of a property.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Treatment {
    Acts,
    /// It acts on the property, which has properties of its own.
    Nested(&'static Section),
    /// It acts on the property, a map from names to parts with properties of their own.
    Named(&'static Section),
    /// It acts on whether the property is set. The value may be one that only AWS knows.
    Presence,
    /// The property changes no answer; the reason says why.
    Ignored(
        #[cfg_attr(not(test), expect(dead_code, reason = "only the documentation has it"))]
        &'static str,
    ),
    /// The property has no effect here, and a warning says so.
    Warned(&'static str),
    /// The property has no effect here. A warning says so if the property, or one member of it, has a value that
    /// changes answers on AWS.
    WarnedWith {
        /// The member, if the property is a map.
        member: &'static str,
        value: &'static str,
        why: &'static str,
    },
    /// The property decides who may call or what is answered, so it is an error, unless it has the value `unless`.
    Refused {
        /// The reason: the property's effect on AWS.
        why: &'static str,
        /// The value with which the property has no effect.
        unless: &'static str,
    },
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Property {
    pub(crate) name: &'static str,
    /// Whether `Globals` may have it.
    pub(crate) global: bool,
    /// The gateway's treatment of it.
    pub(crate) treatment: Treatment,
}

/// A part of a template with a fixed set of properties.
#[derive(Debug)]
pub(crate) struct Section {
    /// Its name in messages, such as `an API`.
    pub(crate) what: &'static str,
    /// Its heading in the documentation.
    #[cfg_attr(not(test), expect(dead_code, reason = "only the documentation has it"))]
    pub(crate) title: &'static str,
    /// Whether it may have extensions (`x-…`) that are not API Gateway's, and that it does not read.
    pub(crate) extensible: bool,
    /// Its properties, in alphabetical order.
    pub(crate) properties: &'static [Property],
}

const fn property(name: &'static str, treatment: Treatment) -> Property {
    Property {
        name,
        global: false,
        treatment,
    }
}

const fn acts(name: &'static str) -> Property {
    property(name, Treatment::Acts)
}

const fn nested(name: &'static str, section: &'static Section) -> Property {
    property(name, Treatment::Nested(section))
}

const fn named(name: &'static str, section: &'static Section) -> Property {
    property(name, Treatment::Named(section))
}

const fn presence(name: &'static str) -> Property {
    property(name, Treatment::Presence)
}

const fn ignored(name: &'static str, why: &'static str) -> Property {
    property(name, Treatment::Ignored(why))
}

const fn warned(name: &'static str, why: &'static str) -> Property {
    property(name, Treatment::Warned(why))
}

const fn warned_with(
    name: &'static str,
    member: &'static str,
    value: &'static str,
    why: &'static str,
) -> Property {
    property(name, Treatment::WarnedWith { member, value, why })
}

const fn refused(name: &'static str, why: &'static str) -> Property {
    refused_unless(name, "false", why)
}

const fn refused_unless(name: &'static str, unless: &'static str, why: &'static str) -> Property {
    property(name, Treatment::Refused { why, unless })
}

impl Property {
    /// Marks a property that `Globals` may have too.
    const fn global(self) -> Self {
        Self {
            global: true,
            ..self
        }
    }
}

impl Section {
    /// Resolves the value of the section at a place, except for properties that have no effect here, because their values
    /// may refer to resources that one machine does not have. Their names are kept, so that they are checked.
    pub(super) fn resolve(
        &self,
        value: &Value,
        scope: &Scope,
        place: &str,
    ) -> Result<Value, TemplateError> {
        let resolved = scope.resolve(&self.without_ignored(value));
        let resolved = resolved.map_err(|error| error.inside(place))?;
        Ok(resolved.unwrap_or_default())
    }

    /// A value without the values that do not matter here.
    pub(super) fn without_ignored(&self, value: &Value) -> Value {
        let inner = |value: &Value| self.without_ignored(value);
        match value {
            Value::Array(items) => items.iter().map(inner).collect(),
            Value::Object(members) => match branches(members) {
                Some(branches) => json!({IF: branches.iter().map(inner).collect::<Vec<_>>()}),
                None => members
                    .iter()
                    .map(|(name, member)| (name.clone(), self.member_without_ignored(name, member)))
                    .collect(),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
        }
    }

    fn member_without_ignored(&self, name: &str, member: &Value) -> Value {
        let mut properties = self.properties.iter();
        let property = properties.find(|property| property.name == name);
        match property.map(|property| property.treatment) {
            Some(Treatment::Ignored(_)) if !member.is_null() => json!("ignored"),
            Some(Treatment::Presence | Treatment::Warned(_)) => without_value(member),
            Some(Treatment::WarnedWith { member: only, .. }) => match member {
                Value::Object(members) if !is_intrinsic(members) => members
                    .iter()
                    .filter(|(name, _)| *name == only)
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect(),
                other => other.clone(),
            },
            Some(Treatment::Nested(section)) => section.without_ignored(member),
            Some(Treatment::Named(section)) => match member {
                Value::Object(parts) if !is_intrinsic(parts) => parts
                    .iter()
                    .map(|(name, part)| (name.clone(), section.without_ignored(part)))
                    .collect(),
                other => other.clone(),
            },
            _ => member.clone(),
        }
    }

    /// Checks the names of a resolved value's properties, at any depth. `place` is the value's place in the template.
    pub(super) fn check(
        &self,
        place: &str,
        value: &Value,
        warnings: &mut Warnings,
    ) -> Result<(), TemplateError> {
        self.check_properties(place, value, false, warnings)
    }

    /// Checks names as [`Self::check`] does, for a section of `Globals`, which may have fewer properties.
    pub(super) fn check_globals(
        &self,
        place: &str,
        value: &Value,
        warnings: &mut Warnings,
    ) -> Result<(), TemplateError> {
        self.check_properties(place, value, true, warnings)
    }

    fn check_properties(
        &self,
        place: &str,
        value: &Value,
        globals: bool,
        warnings: &mut Warnings,
    ) -> Result<(), TemplateError> {
        match value {
            Value::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| {
                self.check_properties(&format!("{place}/{index}"), item, globals, warnings)
            }),
            Value::Object(members) => members
                .iter()
                .filter(|(name, member)| !member.is_null() && !self.is_foreign(name))
                .try_for_each(|(name, member)| {
                    let place = format!("{place}/{name}");
                    let property = self
                        .properties
                        .iter()
                        .find(|property| property.name == name && (property.global || !globals))
                        .ok_or_else(|| TemplateError::at(&place, self.unknown(globals)))?;
                    property.check(&place, member, warnings)
                }),
            // The reader reports the expected form.
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        }
    }

    /// Whether a name is an extension that API Gateway does not read.
    fn is_foreign(&self, name: &str) -> bool {
        self.extensible && name.starts_with("x-") && !name.starts_with("x-amazon-apigateway-")
    }

    fn unknown(&self, globals: bool) -> DefinitionError {
        let names: Vec<_> = self
            .properties
            .iter()
            .filter(|property| property.global || !globals)
            .map(|property| property.name)
            .collect();
        let within = if globals { " in Globals" } else { "" };
        DefinitionError::Unknown {
            what: format!("property of {}{within}", self.what),
            expected: names.join(", "),
        }
    }
}

/// Replaces a value of which only the presence matters. SAM's `NONE` is treated as absent.
fn without_value(value: &Value) -> Value {
    match value {
        Value::Object(members) => match branches(members).map(Vec::as_slice) {
            Some([condition, branches @ ..]) => {
                let branches = branches.iter().map(without_value);
                json!({IF: std::iter::once(condition.clone()).chain(branches).collect::<Vec<_>>()})
            }
            _ if members
                .get("Ref")
                .is_some_and(|name| name == "AWS::NoValue") =>
            {
                value.clone()
            }
            _ => json!("set"),
        },
        Value::String(text) if text != "NONE" => json!("set"),
        Value::Array(_) => json!("set"),
        _ => value.clone(),
    }
}

/// The intrinsic function whose arguments are values of the same kind.
const IF: &str = "Fn::If";

/// The arguments of an `Fn::If`: a condition's name and two values.
fn branches(members: &Map<String, Value>) -> Option<&Vec<Value>> {
    members.get(IF)?.as_array().filter(|_| members.len() == 1)
}

impl Property {
    fn check(
        &self,
        place: &str,
        value: &Value,
        warnings: &mut Warnings,
    ) -> Result<(), TemplateError> {
        match self.treatment {
            Treatment::Acts | Treatment::Presence | Treatment::Ignored(_) => Ok(()),
            Treatment::Nested(section) => section.check(place, value, warnings),
            Treatment::Named(section) => {
                let named = value.as_object().into_iter().flatten();
                named
                    .filter(|(_, part)| !part.is_null())
                    .try_for_each(|(name, part)| {
                        section.check(&format!("{place}/{name}"), part, warnings)
                    })
            }
            Treatment::Warned(why) => {
                warnings.add(place, why);
                Ok(())
            }
            Treatment::WarnedWith {
                member,
                value: changing,
                why,
            } => {
                let given = value.get(member).unwrap_or(value);
                if scalar(given).is_ok_and(|given| given == changing) {
                    warnings.add(place, why);
                }
                Ok(())
            }
            Treatment::Refused { why, unless } => {
                let harmless = match value {
                    Value::Bool(boolean) => boolean.to_string() == unless,
                    Value::String(text) => text == unless,
                    Value::Array(items) => items.is_empty(),
                    Value::Object(members) => members.is_empty(),
                    Value::Null => true,
                    Value::Number(_) => false,
                };
                if harmless {
                    Ok(())
                } else {
                    Err(TemplateError::at(
                        place,
                        DefinitionError::NotSupported(why.to_owned()),
                    ))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
