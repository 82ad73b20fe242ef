//! The fuzz targets of templates.

#![expect(
    clippy::unwrap_used,
    reason = "a target panics when its property does not hold"
)]

use std::path::PathBuf;

use serde_json::{Value, json};

use super::open_api::is_verb;
use super::{Given, Template, TemplateError, yaml};

/// The maximum length of an error, without the text that it quotes.
const MAX_MESSAGE_BYTES: usize = 2000;

/// An accepted template has the same meaning after it is written as JSON, and each authorizer that a route names exists.
pub(crate) fn template(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else {
        return;
    };
    let found = read(text);
    if let Err(error) = &found {
        let message = error.to_string();
        assert!(message.len() <= MAX_MESSAGE_BYTES + 8 * text.len());
    }
    let _names = Template::parameters(text).map(|names| names.len());
    let Ok(document) = yaml::read(text) else {
        assert!(found.is_err(), "accepted, and not YAML");
        return;
    };
    // JSON has no NaN, and its numbers may be parsed as others.
    if !has_float(&document) {
        assert_eq!(
            summary(&read(&document.to_string())),
            summary(&found),
            "{document}"
        );
    }
    if let Ok(found) = found {
        check(&found);
    }
}

/// The body of an OpenAPI document, in a REST API and in an HTTP API. An accepted one has an authorizer for each operation
/// with a security requirement, except for the requirement `NONE`, which SAM uses for none.
pub(crate) fn open_api(input: &[u8]) {
    let Ok(body) = serde_json::from_slice::<Value>(input) else {
        return;
    };
    // Another function than this one may remove or replace an operation.
    let text = body.to_string().replace("\"Fn::Sub\"", "");
    let has_functions = text.contains("\"Fn::") || text.contains("\"Ref\"");
    if has_float(&body) {
        return;
    }
    for kind in ["Api", "HttpApi"] {
        let function = |binary: &str| {
            json!({
                "Type": "AWS::Serverless::Function",
                "Metadata": {"BuildProperties": {"Binary": binary}},
            })
        };
        let api = json!({
            "Type": format!("AWS::Serverless::{kind}"),
            "Properties": {"StageName": "prod", "DefinitionBody": body},
        });
        let resources = json!({"Api": api, "Function": function("f"), "Guard": function("g")});
        let document = json!({ "Resources": resources });
        let found = read(&document.to_string());
        let pretty = read(&serde_json::to_string_pretty(&document).unwrap());
        assert_eq!(
            summary(&pretty),
            summary(&found),
            "white space changes the result"
        );
        if let Ok(found) = found {
            check(&found);
            let guarded = found.api.routes.iter();
            let guarded = guarded.filter(|route| route.authorizer.is_some()).count();
            let expected = guarded_operations(&body);
            assert!(has_functions || guarded == expected, "{found:?}");
        }
    }
}

/// The number of operations with a security requirement.
fn guarded_operations(body: &Value) -> usize {
    let paths = body["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(_, item)| item.as_object().into_iter().flatten());
    let guarded = operations.filter(|(verb, operation)| {
        let mut requirements = operation["security"].as_array().into_iter().flatten();
        is_verb(verb) && requirements.any(|one| *one != json!({}) && one.get("NONE").is_none())
    });
    guarded.count()
}

fn read(text: &str) -> Result<Template, TemplateError> {
    let given = Given {
        region: "eu-west-1".to_owned(),
        folder: PathBuf::from("/nonexistent"),
        ..Given::default()
    };
    Template::read(text, &given)
}

/// The template that was read, if any. Errors are left out: they may quote the text.
fn summary(read: &Result<Template, TemplateError>) -> Option<String> {
    read.as_ref().ok().map(|template| format!("{template:?}"))
}

fn has_float(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(has_float),
        Value::Object(members) => members.values().any(has_float),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

fn check(template: &Template) {
    for route in &template.api.routes {
        if let Some(name) = &route.authorizer {
            let known = template.api.authorizers.contains_key(name);
            assert!(known, "a route without its authorizer {name}");
        }
    }
}
