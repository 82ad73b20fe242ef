//! The parameters of a template: what `cargo local` gives, else their defaults, held to what the template allows.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::TemplateError;
use super::intrinsic::scalar;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    #[serde(rename = "Type")]
    kind: String,
    default: Option<Value>,
    allowed_pattern: Option<String>,
    allowed_values: Option<Vec<Value>>,
    constraint_description: Option<String>,
}

/// The value of each parameter in the section `Parameters`.
pub(super) fn read(
    section: &Map<String, Value>,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Value>, TemplateError> {
    if let Some(unknown) = given.keys().find(|name| !section.contains_key(*name)) {
        return Err(TemplateError::at(
            format!("Parameters/{unknown}"),
            "the template has no such parameter",
        ));
    }
    section
        .iter()
        .map(|(name, parameter)| Ok((name.clone(), value(name, parameter, given.get(name))?)))
        .collect()
}

fn value(name: &str, parameter: &Value, given: Option<&String>) -> Result<Value, TemplateError> {
    let at = || format!("Parameters/{name}");
    let parameter: Parameter = super::typed(at, parameter.clone())?;
    let text = match (given, &parameter.default) {
        (Some(given), _) => given.clone(),
        (None, Some(default)) => scalar(default)?,
        (None, None) => {
            return Err(TemplateError::at(
                at(),
                "has no default, and no value is given",
            ));
        }
    };
    let refuse = |rule: String| {
        let wanted = parameter.constraint_description.clone().unwrap_or(rule);
        TemplateError::at(at(), format!("`{text}` is not allowed: expected {wanted}"))
    };
    if let Some(pattern) = &parameter.allowed_pattern {
        let whole = Regex::new(&format!("^(?:{pattern})$"))
            .map_err(|error| TemplateError::at(at(), error.to_string()))?;
        if !whole.is_match(&text) {
            return Err(refuse(format!("text like `{pattern}`")));
        }
    }
    if let Some(allowed) = &parameter.allowed_values {
        let allowed = allowed.iter().map(scalar).collect::<Result<Vec<_>, _>>()?;
        if !allowed.contains(&text) {
            return Err(refuse(format!("one of {}", allowed.join(", "))));
        }
    }
    if parameter.kind == "CommaDelimitedList" || parameter.kind.starts_with("List<") {
        return Ok(text
            .split(',')
            .map(|item| Value::from(item.trim()))
            .collect());
    }
    Ok(Value::String(text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_and_refusals() {
        fn check(parameter: &Value, given: Option<&str>, expected: Result<Value, &str>) {
            let section = Map::from_iter([("P".to_owned(), parameter.clone())]);
            let given = given
                .map(|given| ("P".to_owned(), given.to_owned()))
                .into_iter()
                .collect();
            match (read(&section, &given), expected) {
                (Ok(values), Ok(expected)) => assert_eq!(values["P"], expected, "{parameter}"),
                (Err(error), Err(expected)) => {
                    assert!(error.to_string().contains(expected), "{parameter}: {error}")
                }
                (found, expected) => panic!("{parameter}: found {found:?}, expected {expected:?}"),
            }
        }
        let text = json!({"Type": "String", "Default": "a"});
        check(&text, None, Ok(json!("a")));
        check(&text, Some("b"), Ok(json!("b")));
        check(
            &json!({"Type": "Number", "Default": 5}),
            None,
            Ok(json!("5")),
        );
        check(
            &json!({"Type": "CommaDelimitedList", "Default": "a, b"}),
            None,
            Ok(json!(["a", "b"])),
        );
        check(&json!({"Type": "String"}), None, Err("has no default"));
        let pattern =
            json!({"Type": "String", "AllowedPattern": "a+", "ConstraintDescription": "only a"});
        check(&pattern, Some("aa"), Ok(json!("aa")));
        check(
            &pattern,
            Some("ab"),
            Err("`ab` is not allowed: expected only a"),
        );
        check(
            &json!({"Type": "String", "AllowedValues": ["x", "y"]}),
            Some("z"),
            Err("expected one of x, y"),
        );
    }

    #[test]
    fn a_parameter_that_the_template_lacks_is_refused() {
        let given = BTreeMap::from([("Nowhere".to_owned(), String::new())]);
        assert!(
            read(&Map::new(), &given)
                .unwrap_err()
                .to_string()
                .contains("no such parameter")
        );
    }
}
