//! YAML text as JSON, with CloudFormation's tags in their long form: `!Ref X` is `{"Ref": "X"}`.

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::{Map, Value, json};

use super::error::{Fault, TemplateError};

/// The merge key of YAML 1.1, as AWS's tools read it.
const MERGE: &str = "<<";

/// Reads one YAML document.
pub(super) fn read(text: &str) -> Result<Value, TemplateError> {
    let documents = Yaml::load_from_str(text).map_err(|error| Fault::Yaml(error.to_string()))?;
    match documents.as_slice() {
        [document] => value(document),
        _ => {
            let found = documents.len();
            Err(Fault::Yaml(format!("expected one document, found {found}")).into())
        }
    }
}

fn value(node: &Yaml<'_>) -> Result<Value, TemplateError> {
    match node {
        Yaml::Value(scalar) => Ok(match scalar {
            Scalar::Null => Value::Null,
            Scalar::Boolean(boolean) => json!(boolean),
            Scalar::Integer(integer) => json!(integer),
            Scalar::FloatingPoint(float) => json!(float.into_inner()),
            Scalar::String(text) => json!(text),
        }),
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
                    let found = format!("expected a name that is a string, found {name:?}");
                    return Err(Fault::Yaml(found).into());
                };
                let member = value(member).map_err(|error| error.inside(&name))?;
                if name == MERGE {
                    merged = merge(member).map_err(|error| error.inside(MERGE))?;
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
        Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => {
            Err(Fault::Yaml("a value that cannot be read".to_owned()).into())
        }
    }
}

/// The members that a merge key adds: those of one map, or of several, of which the first wins.
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
                let found = format!("a merge key expects a map or a list of maps, found {other}");
                return Err(Fault::Yaml(found).into());
            }
        }
    }
    Ok(merged)
}

fn member_name(name: &Yaml<'_>) -> Option<String> {
    match name {
        Yaml::Value(Scalar::String(text)) => Some(text.clone().into_owned()),
        Yaml::Value(Scalar::Integer(integer)) => Some(integer.to_string()),
        _ => None,
    }
}

/// The long form of a tag. Only `!GetAtt A.B` also changes its argument, into a list.
fn intrinsic(tag: &str, argument: Value) -> Value {
    let (name, argument) = match (tag, argument) {
        ("Ref" | "Condition", argument) => (tag.to_owned(), argument),
        ("GetAtt", Value::String(text)) => {
            let (resource, attribute) = text.split_once('.').unwrap_or((&text, ""));
            ("Fn::GetAtt".to_owned(), json!([resource, attribute]))
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
        assert!(read("a: [").is_err());
        assert!(read("a: 1\n---\nb: 2").is_err());
    }
}
