//! YAML text as JSON, with CloudFormation's tags in their long form: `!Ref X` is `{"Ref": "X"}`.

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::{Map, Value, json};

use super::TemplateError;

/// Reads one YAML document.
pub(super) fn read(text: &str) -> Result<Value, TemplateError> {
    let documents =
        Yaml::load_from_str(text).map_err(|error| TemplateError::Yaml(error.to_string()))?;
    match documents.as_slice() {
        [document] => value(document, ""),
        _ => Err(TemplateError::Yaml(format!(
            "expected one document, found {}",
            documents.len()
        ))),
    }
}

fn value(node: &Yaml<'_>, at: &str) -> Result<Value, TemplateError> {
    match node {
        Yaml::Value(scalar) => Ok(match scalar {
            Scalar::Null => Value::Null,
            Scalar::Boolean(boolean) => json!(boolean),
            Scalar::Integer(integer) => json!(integer),
            Scalar::FloatingPoint(float) => json!(float.into_inner()),
            Scalar::String(text) => json!(text),
        }),
        Yaml::Sequence(items) => items.iter().map(|item| value(item, at)).collect(),
        Yaml::Mapping(members) => {
            let mut map = Map::new();
            for (name, member) in members {
                let Some(name) = member_name(name) else {
                    return Err(TemplateError::Yaml(format!(
                        "at `{at}`: a member's name must be text"
                    )));
                };
                let member = value(member, &format!("{at}/{name}"))?;
                map.insert(name, member);
            }
            Ok(Value::Object(map))
        }
        Yaml::Tagged(tag, inner) => {
            let inner = value(inner, at)?;
            if tag.handle != "!" {
                return Ok(inner);
            }
            Ok(intrinsic(&tag.suffix, inner))
        }
        Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => Err(TemplateError::Yaml(
            format!("at `{at}`: a value that cannot be read"),
        )),
    }
}

fn member_name(name: &Yaml<'_>) -> Option<String> {
    match name {
        Yaml::Value(Scalar::String(text)) => Some(text.clone().into_owned()),
        Yaml::Value(Scalar::Integer(integer)) => Some(integer.to_string()),
        _ => None,
    }
}

/// The long form of a tag. `!GetAtt A.B` alone also changes its argument, into a list.
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
    fn what_is_no_yaml_is_an_error() {
        assert!(read("a: [").is_err());
        assert!(read("a: 1\n---\nb: 2").is_err());
    }
}
