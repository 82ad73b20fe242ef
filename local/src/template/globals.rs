//! `Globals`, merged into the resources as SAM does, before any value is resolved.

use serde_json::{Map, Value};

use super::error::{DefinitionError, TemplateError};
use super::intrinsic::{Scope, is_intrinsic};
use super::properties::{API, FUNCTION, HTTP_API, Section};
use super::warnings::Warnings;

/// The sections that SAM knows, with the tables of resources that are run here.
const SECTIONS: [(&str, Option<&Section>); 8] = [
    ("Api", Some(&API)),
    ("CapacityProvider", None),
    ("Function", Some(&FUNCTION)),
    ("HttpApi", Some(&HTTP_API)),
    ("LayerVersion", None),
    ("SimpleTable", None),
    ("StateMachine", None),
    ("WebSocketApi", None),
];

#[derive(Debug, Default)]
pub(super) struct Globals(Map<String, Value>);

impl Globals {
    /// The section, not yet checked.
    pub(super) const fn new(section: Map<String, Value>) -> Self {
        Self(section)
    }

    /// Checks every name in the section.
    pub(super) fn check(
        &self,
        scope: &Scope,
        warnings: &mut Warnings,
    ) -> Result<(), TemplateError> {
        for (name, value) in &self.0 {
            let place = format!("Globals/{name}");
            let Some((_, table)) = SECTIONS.iter().find(|(known, _)| known == name) else {
                let expected = SECTIONS.map(|(name, _)| name).join(", ");
                let what = "section of Globals".to_owned();
                return Err(TemplateError::at(
                    place,
                    DefinitionError::Unknown { what, expected },
                ));
            };
            if let Some(table) = table {
                let resolved = table.resolve(value, scope, &place)?;
                table.check_globals(&place, &resolved, warnings)?;
            }
        }
        Ok(())
    }

    /// The properties of a resource with those of its section merged in, not yet resolved.
    pub(super) fn merged(
        &self,
        section: &str,
        place: &str,
        resource: &Value,
    ) -> Result<Value, TemplateError> {
        let own = resource
            .get("Properties")
            .cloned()
            .unwrap_or_else(|| Value::Object(Map::new()));
        let Some(globals) = self.0.get(section) else {
            return Ok(own);
        };
        let mut globals = globals.clone();
        let ignore = format!("{place}/IgnoreGlobals");
        match resource.get("IgnoreGlobals") {
            None | Some(Value::Null) => {}
            Some(Value::String(all)) if all == "*" => return Ok(own),
            Some(Value::Array(names)) => {
                for name in names {
                    let removed = name
                        .as_str()
                        .and_then(|name| globals.as_object_mut()?.remove(name));
                    if removed.is_none() {
                        let expected = format!("the name of a property in Globals/{section}");
                        let found = name.to_string();
                        return Err(TemplateError::at(
                            ignore,
                            DefinitionError::Unexpected { expected, found },
                        ));
                    }
                }
            }
            Some(other) => {
                let expected = "\"*\" or a list of names".to_owned();
                let found = other.to_string();
                return Err(TemplateError::at(
                    ignore,
                    DefinitionError::Unexpected { expected, found },
                ));
            }
        }
        Ok(merge(globals, own))
    }
}

/// Maps are merged and lists are joined. For any other value, also null, the resource's own value wins. An intrinsic
/// function is one value.
fn merge(global: Value, own: Value) -> Value {
    match (global, own) {
        (Value::Object(mut global), Value::Object(own))
            if !is_intrinsic(&global) && !is_intrinsic(&own) =>
        {
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
        (_, own) => own,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_merge_as_in_sam() {
        fn check(global: Value, own: Value, expected: &Value) {
            let context = format!("{global} {own}");
            assert_eq!(&merge(global, own), expected, "{context}");
        }
        check(
            json!({"a": 1, "b": 1}),
            json!({"b": 2, "c": 2}),
            &json!({"a": 1, "b": 2, "c": 2}),
        );
        check(
            json!({"a": {"x": 1}}),
            json!({"a": {"y": 2}}),
            &json!({"a": {"x": 1, "y": 2}}),
        );
        check(
            json!({"a": [1]}),
            json!({"a": [1, 2]}),
            &json!({"a": [1, 1, 2]}),
        );
        check(
            json!({"a": [1]}),
            json!({"a": {"x": 1}}),
            &json!({"a": {"x": 1}}),
        );
        check(
            json!({"a": {"x": 1}}),
            json!({"a": null}),
            &json!({"a": null}),
        );
        check(
            json!({"a": {"x": 1}}),
            json!({"a": {"Ref": "P"}}),
            &json!({"a": {"Ref": "P"}}),
        );
        check(
            json!({"a": {"Fn::If": []}}),
            json!({"a": {"x": 1}}),
            &json!({"a": {"x": 1}}),
        );
    }
}
