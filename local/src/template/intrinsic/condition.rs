//! Conditions: `Fn::Equals`, `Fn::And`, `Fn::Or`, `Fn::Not`, and other conditions by name.

use serde_json::Value;

use super::{MAX_DEPTH, Scope, only_member};
use crate::template::error::{TemplateError, quoted};

impl Scope {
    pub(super) fn boolean(
        &self,
        name: &str,
        argument: &Value,
        depth: usize,
    ) -> Result<bool, TemplateError> {
        let wrong = || TemplateError::intrinsic(format!("`{name}` does not accept {argument}"));
        let parts = argument.as_array().ok_or_else(wrong)?;
        match (name, parts.as_slice()) {
            ("Fn::Equals", [one, other]) => Ok(self.text(one, depth)? == self.text(other, depth)?),
            ("Fn::Not", [one]) => Ok(!self.truth(one, depth)?),
            ("Fn::And", parts) => parts
                .iter()
                .try_fold(true, |all, part| Ok(self.truth(part, depth)? && all)),
            ("Fn::Or", parts) => parts
                .iter()
                .try_fold(false, |any, part| Ok(self.truth(part, depth)? || any)),
            _ => Err(wrong()),
        }
    }

    /// One part of a condition: another condition by name, or a boolean function.
    fn truth(&self, part: &Value, depth: usize) -> Result<bool, TemplateError> {
        let wrong =
            || TemplateError::intrinsic(format!("expected a condition, found {}", quoted(part)));
        if depth > MAX_DEPTH {
            return Err(TemplateError::intrinsic(
                "conditions refer to each other in a cycle",
            ));
        }
        let (name, argument) = part.as_object().and_then(only_member).ok_or_else(wrong)?;
        match (name, argument) {
            ("Condition", Value::String(name)) => self.named_condition(name, depth + 1),
            ("Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not", _) => {
                self.boolean(name, argument, depth + 1)
            }
            _ => Err(wrong()),
        }
    }

    pub(super) fn named_condition(&self, name: &str, depth: usize) -> Result<bool, TemplateError> {
        let condition = self.conditions.get(name).ok_or_else(|| {
            TemplateError::intrinsic(format!("the template has no condition `{name}`"))
        })?;
        self.truth(condition, depth + 1)
    }
}
