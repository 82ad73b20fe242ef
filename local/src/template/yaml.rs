//! YAML text as JSON, with CloudFormation's tags in their long form: `!Ref X` is `{"Ref": "X"}`.

use std::borrow::Cow;

use saphyr::{Scalar, ScalarStyle, Tag, Yaml, YamlLoader};
use saphyr_parser::Parser;
use serde_json::{Map, Value, json};

use super::error::{DefinitionError, TemplateError, quoted};

/// The merge key of YAML 1.1, as AWS's tools read it.
const MERGE: &str = "<<";

pub(super) fn read(text: &str) -> Result<Value, TemplateError> {
    // The loader parses scalars as in YAML 1.2, AWS as in YAML 1.1.
    let mut loader = YamlLoader::<Yaml<'_>>::default();
    loader.early_parse(false);
    let loaded = Parser::new_from_str(text).load(&mut loader, true);
    if let Some(error) = loaded.err().as_ref().or(loader.error()) {
        return Err(DefinitionError::Yaml(error.to_string()).into());
    }
    let documents = loader.into_documents();
    match documents.as_slice() {
        [document] => value(document),
        _ => {
            let found = documents.len();
            Err(DefinitionError::Yaml(format!("expected one document, found {found}")).into())
        }
    }
}

fn value(node: &Yaml<'_>) -> Result<Value, TemplateError> {
    match node {
        Yaml::Value(scalar) => Ok(json_of(scalar)),
        Yaml::Representation(text, style, tag) => scalar(text, *style, tag.as_ref()),
        Yaml::Sequence(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| value(item).map_err(|error| error.inside(index)))
            .collect(),
        Yaml::Mapping(members) => {
            let mut own = Map::new();
            let mut merged = Map::new();
            for (name, member) in members {
                let Some(name) = member_name(name) else {
                    let found = kind(name);
                    let problem = format!("expected a name that is a string, found {found}");
                    return Err(DefinitionError::Yaml(problem).into());
                };
                let member = value(member).map_err(|error| error.inside(&name))?;
                if name == MERGE {
                    merged = merge(member).map_err(|error| error.inside(MERGE))?;
                } else if own.contains_key(&name) {
                    return Err(
                        DefinitionError::Yaml(format!("the name {name} appears twice")).into(),
                    );
                } else {
                    own.insert(name, member);
                }
            }
            merged.extend(own);
            Ok(Value::Object(merged))
        }
        Yaml::Tagged(tag, inner) => {
            let inner = value(inner)?;
            if tag.handle != "!" {
                return Ok(inner);
            }
            Ok(intrinsic(&tag.suffix, inner))
        }
        Yaml::Alias(_) | Yaml::BadValue => Err(unreadable()),
    }
}

fn unreadable() -> TemplateError {
    DefinitionError::Yaml("a value that cannot be read".to_owned()).into()
}

/// Converts a scalar with its tag. An unquoted scalar without a tag is a boolean by the rules of YAML 1.1.
fn scalar(
    text: &str,
    style: ScalarStyle,
    tag: Option<&Cow<'_, Tag>>,
) -> Result<Value, TemplateError> {
    if let Some(tag) = tag.filter(|tag| tag.handle == "!") {
        let untagged = scalar(text, style, None)?;
        return Ok(intrinsic(&tag.suffix, untagged));
    }
    if style == ScalarStyle::Plain && tag.is_none() {
        match text {
            "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return Ok(json!(true)),
            "no" | "No" | "NO" | "off" | "Off" | "OFF" => return Ok(json!(false)),
            _ => {}
        }
    }
    let read = Scalar::parse_from_cow_and_metadata(text.into(), style, tag);
    read.as_ref().map(json_of).ok_or_else(unreadable)
}

fn json_of(scalar: &Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(boolean) => json!(boolean),
        Scalar::Integer(integer) => json!(integer),
        Scalar::FloatingPoint(float) => json!(float.into_inner()),
        Scalar::String(text) => json!(text),
    }
}

/// The members that a merge key adds, from one map or from several. The first map with a member wins.
fn merge(value: Value) -> Result<Map<String, Value>, TemplateError> {
    let maps = match value {
        Value::Array(maps) => maps,
        one => vec![one],
    };
    let mut merged = Map::new();
    for map in maps.into_iter().rev() {
        match map {
            Value::Object(members) => merged.extend(members),
            other => {
                let found = format!(
                    "a merge key expects a map or a list of maps, found {}",
                    quoted(&other)
                );
                return Err(DefinitionError::Yaml(found).into());
            }
        }
    }
    Ok(merged)
}

fn member_name(name: &Yaml<'_>) -> Option<String> {
    match name {
        Yaml::Representation(text, ..) => Some(text.clone().into_owned()),
        _ => None,
    }
}

/// The kind of a node, for an error. A node can be too large to quote.
const fn kind(node: &Yaml<'_>) -> &'static str {
    match node {
        Yaml::Sequence(_) => "a list",
        Yaml::Mapping(_) => "a map",
        Yaml::Tagged(..) => "a value with a tag",
        _ => "another value",
    }
}

/// The long form of a tag. Only `!GetAtt A.B` also changes its argument, into a list.
fn intrinsic(tag: &str, argument: Value) -> Value {
    let (name, argument) = match (tag, argument) {
        ("Ref" | "Condition", argument) => (tag.to_owned(), argument),
        ("GetAtt", Value::String(text)) => {
            let argument = match text.split_once('.') {
                Some((resource, attribute)) => json!([resource, attribute]),
                None => json!(text),
            };
            ("Fn::GetAtt".to_owned(), argument)
        }
        (_, argument) => (format!("Fn::{tag}"), argument),
    };
    Value::Object(Map::from_iter([(name, argument)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_become_their_long_form() {
        fn check(text: &str, expected: &Value) {
            assert_eq!(&read(text).unwrap(), expected, "{text}");
        }
        check("!Ref Issuer", &json!({"Ref": "Issuer"}));
        check("!Sub \"${A}/v1\"", &json!({"Fn::Sub": "${A}/v1"}));
        check(
            "!GetAtt Table.Arn",
            &json!({"Fn::GetAtt": ["Table", "Arn"]}),
        );
        check(
            "!GetAtt [Table, Arn]",
            &json!({"Fn::GetAtt": ["Table", "Arn"]}),
        );
        check(
            "!If [Some, !Ref A, !Ref 'AWS::NoValue']",
            &json!({"Fn::If": ["Some", {"Ref": "A"}, {"Ref": "AWS::NoValue"}]}),
        );
        check("{Fn::Sub: x}", &json!({"Fn::Sub": "x"}));
        check(
            "a: '012'\nb: 12\nc: true\nd: 2012-10-17",
            &json!({"a": "012", "b": 12, "c": true, "d": "2012-10-17"}),
        );
    }

    #[test]
    fn booleans_are_those_of_yaml_1_1() {
        fn check(text: &str, expected: &Value) {
            assert_eq!(&read(text).unwrap(), expected, "{text}");
        }
        for text in ["true", "True", "yes", "Yes", "YES", "on", "On", "ON"] {
            check(text, &json!(true));
        }
        for text in ["false", "False", "no", "No", "NO", "off", "Off", "OFF"] {
            check(text, &json!(false));
        }
        check(
            "[\"no\", 'off', y, n, yES]",
            &json!(["no", "off", "y", "n", "yES"]),
        );
        check("!If [C, no, 'no']", &json!({"Fn::If": ["C", false, "no"]}));
        check("!Ref 'on'", &json!({"Ref": "on"}));
        check("{on: 1, \"off\": 2}", &json!({"on": 1, "off": 2}));
    }

    #[test]
    fn merge_keys_merge() {
        fn check(text: &str, expected: &Value) {
            assert_eq!(&read(text).unwrap()["c"], expected, "{text}");
        }
        let anchors = |rest: &str| format!("a: &a {{x: 1, y: 1}}\nb: &b {{y: 2, z: 2}}\nc: {rest}");
        check(&anchors("*a"), &json!({"x": 1, "y": 1}));
        check(&anchors("{<<: *a, y: 3}"), &json!({"x": 1, "y": 3}));
        check(&anchors("{y: 3, <<: *a}"), &json!({"x": 1, "y": 3}));
        check(&anchors("{<<: [*a, *b]}"), &json!({"x": 1, "y": 1, "z": 2}));
        check(
            &anchors("{<<: *a, x: {<<: *b}}"),
            &json!({"x": {"y": 2, "z": 2}, "y": 1}),
        );
        for wrong in ["{<<: 1}", "{<<: [1]}"] {
            let error = read(&anchors(wrong)).unwrap_err().to_string();
            assert!(
                error.starts_with("c/<<: cannot be read as YAML: a merge key expects"),
                "{error}"
            );
        }
    }

    #[test]
    fn malformed_yaml_is_an_error() {
        assert!(read("a: 1\na: 2").is_err());
        assert!(read("a: 1\n\"a\": 2").is_err());
        assert!(read("a: [").is_err());
        assert!(read("a: 1\n---\nb: 2").is_err());
    }

    #[test]
    fn a_name_that_is_no_string_is_an_error_with_its_kind() {
        for (text, found) in [
            ("a: {? {b: 1} : 2}", "a map"),
            ("a: {? [b] : 2}", "a list"),
            ("a: {? !Ref {b: 1} : 2}", "a value with a tag"),
        ] {
            let error = read(text).unwrap_err().to_string();
            let expected = format!(
                "a: cannot be read as YAML: expected a name that is a string, found {found}"
            );
            assert_eq!(error, expected, "{text}");
        }
    }
}
