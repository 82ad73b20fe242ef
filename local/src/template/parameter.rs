//! The parameters of a template: the passed values or else the defaults, checked against the template's constraints.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::{Map, Value};

use super::error::{DefinitionError, TemplateError};
use super::given::Given;
use super::part::Part;

/// The properties of a parameter in CloudFormation.
const PROPERTIES: [&str; 11] = [
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "Default",
    "Description",
    "MaxLength",
    "MaxValue",
    "MinLength",
    "MinValue",
    "NoEcho",
    "Type",
];

/// The value of each parameter in the section `Parameters`; none if the value is stored in AWS.
pub(super) fn read(
    section: &Map<String, Value>,
    given: &Given,
) -> Result<BTreeMap<String, Option<Value>>, TemplateError> {
    let passed = given.parameters.keys();
    if let Some(unknown) = passed.into_iter().find(|name| !section.contains_key(*name)) {
        let (what, name) = ("parameter of the template", unknown.clone());
        return Err(TemplateError::at(
            "Parameters",
            DefinitionError::NoSuch { what, name },
        ));
    }
    section
        .iter()
        .map(|(name, parameter)| {
            let part = Part::open(format!("Parameters/{name}"), parameter.clone())?;
            let passed = given.parameters.get(name).or_else(|| given.known.get(name));
            Ok((name.clone(), value(name, &part, passed)?))
        })
        .collect()
}

fn value(name: &str, part: &Part, passed: Option<&String>) -> Result<Option<Value>, TemplateError> {
    if let Some(unknown) = part.names().find(|name| !PROPERTIES.contains(name)) {
        let what = "property of a parameter".to_owned();
        let expected = PROPERTIES.join(", ");
        return Err(part.error(unknown, DefinitionError::Unknown { what, expected }));
    }
    let kind = part.required_text("Type")?;
    let text = match (passed, part.text("Default")?) {
        (Some(passed), _) => passed.clone(),
        // The default is a name in Systems Manager, not a value.
        (None, _) if kind.starts_with("AWS::SSM::Parameter::Value<") => return Ok(None),
        (None, Some(default)) => default,
        (None, None) => return Err(part.fault(DefinitionError::NoValue(name.to_owned()))),
    };
    if let Some(rule) = broken_rule(part, &kind, &text)? {
        let expected = part.text("ConstraintDescription")?.unwrap_or(rule);
        let value = if part.boolean("NoEcho")? == Some(true) {
            "the value".to_owned()
        } else {
            format!("`{text}`")
        };
        return Err(part.fault(DefinitionError::NotAllowed { value, expected }));
    }
    if kind == "CommaDelimitedList" || kind.contains("List<") {
        return Ok(Some(
            text.split(',')
                .map(|item| Value::from(item.trim()))
                .collect(),
        ));
    }
    Ok(Some(Value::String(text)))
}

/// The constraint of the parameter that the value does not meet.
fn broken_rule(part: &Part, kind: &str, text: &str) -> Result<Option<String>, TemplateError> {
    if let Some(pattern) = part.text("AllowedPattern")? {
        let whole = Regex::new(&format!("^(?:{pattern})$")).map_err(|error| {
            let expected = "a regular expression".to_owned();
            let found = format!("`{pattern}`: {error}");
            part.error(
                "AllowedPattern",
                DefinitionError::Unexpected { expected, found },
            )
        })?;
        if !whole.is_match(text) {
            return Ok(Some(format!("a string that matches `{pattern}`")));
        }
    }
    let allowed = part.texts("AllowedValues")?;
    if !allowed.is_empty() && !allowed.iter().any(|value| value == text) {
        return Ok(Some(format!("one of {}", allowed.join(", "))));
    }
    let length = text.chars().count();
    let number = text.parse::<f64>().ok();
    if kind == "Number" && number.is_none() {
        return Ok(Some("a number".to_owned()));
    }
    let least = part.parsed::<usize>("MinLength", "a length")?;
    let most = part.parsed::<usize>("MaxLength", "a length")?;
    let lowest = part.parsed::<f64>("MinValue", "a number")?;
    let highest = part.parsed::<f64>("MaxValue", "a number")?;
    let below = |bound: Option<f64>| {
        number
            .zip(bound)
            .is_some_and(|(number, bound)| number < bound)
    };
    let above = |bound: Option<f64>| {
        number
            .zip(bound)
            .is_some_and(|(number, bound)| number > bound)
    };
    Ok(match (least, most, lowest, highest) {
        (Some(least), ..) if length < least => Some(format!("at least {least} characters")),
        (_, Some(most), ..) if length > most => Some(format!("at most {most} characters")),
        (_, _, Some(lowest), _) if below(Some(lowest)) => Some(format!("at least {lowest}")),
        (.., Some(highest)) if above(Some(highest)) => Some(format!("at most {highest}")),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn given(values: &[(&str, &str)]) -> Given {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        Given {
            parameters: values.iter().map(owned).collect(),
            ..Given::default()
        }
    }

    #[test]
    fn values_and_refusals() {
        fn check(parameter: &Value, passed: Option<&str>, expected: Result<Option<Value>, &str>) {
            let section = Map::from_iter([("P".to_owned(), parameter.clone())]);
            let passed: Vec<_> = passed.map(|value| ("P", value)).into_iter().collect();
            let found = read(&section, &given(&passed));
            let found = found.map(|values| values["P"].clone());
            let found = found.map_err(|error| error.to_string());
            let expected = expected.map_err(|error| format!("Parameters/P{error}"));
            assert_eq!(found, expected, "{parameter}");
        }
        let text = json!({"Type": "String", "Default": "a"});
        check(&text, None, Ok(Some(json!("a"))));
        check(&text, Some("b"), Ok(Some(json!("b"))));
        check(
            &json!({"Type": "Number", "Default": 5}),
            None,
            Ok(Some(json!("5"))),
        );
        let list = json!({"Type": "CommaDelimitedList", "Default": "a, b"});
        check(&list, None, Ok(Some(json!(["a", "b"]))));
        let no_value = ": the parameter has no value: pass `--parameter P=VALUE`";
        check(&json!({"Type": "String"}), None, Err(no_value));
        check(
            &json!({"Type": "String", "NoEcho": true}),
            None,
            Err(no_value),
        );
        let pattern =
            json!({"Type": "String", "AllowedPattern": "a+", "ConstraintDescription": "only a"});
        check(&pattern, Some("aa"), Ok(Some(json!("aa"))));
        check(
            &pattern,
            Some("ab"),
            Err(": `ab` is not allowed: expected only a"),
        );
        let one_of = json!({"Type": "String", "AllowedValues": ["x", "y"]});
        check(
            &one_of,
            Some("z"),
            Err(": `z` is not allowed: expected one of x, y"),
        );
        let secret = json!({"Type": "String", "NoEcho": true, "MinLength": 3});
        check(
            &secret,
            Some("ab"),
            Err(": the value is not allowed: expected at least 3 characters"),
        );
        let number = json!({"Type": "Number", "MinValue": 1, "MaxValue": 5});
        check(
            &number,
            Some("0.5"),
            Err(": `0.5` is not allowed: expected at least 1"),
        );
        check(
            &number,
            Some("6"),
            Err(": `6` is not allowed: expected at most 5"),
        );
        check(
            &number,
            Some("x"),
            Err(": `x` is not allowed: expected a number"),
        );
        let stored =
            json!({"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/okta/audience"});
        check(&stored, None, Ok(None));
        check(&stored, Some("api://x"), Ok(Some(json!("api://x"))));
        let typo = read(
            &Map::from_iter([("P".to_owned(), json!({"Type": "String", "Defualt": 1}))]),
            &Given::default(),
        );
        let typo = typo.unwrap_err().to_string();
        assert!(
            typo.starts_with("Parameters/P/Defualt: unknown property of a parameter"),
            "{typo}"
        );
    }

    #[test]
    fn only_passed_parameters_must_exist() {
        let section = Map::from_iter([("P".to_owned(), json!({"Type": "String", "Default": "d"}))]);
        let error = read(&section, &given(&[("Nowhere", "")])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "Parameters: no parameter of the template is named `Nowhere`"
        );
        let known = |name: &str| Given {
            known: BTreeMap::from([(name.to_owned(), "k".to_owned())]),
            ..Given::default()
        };
        assert_eq!(
            read(&section, &known("Issuer")).unwrap()["P"],
            Some(json!("d"))
        );
        assert_eq!(read(&section, &known("P")).unwrap()["P"], Some(json!("k")));
    }
}
