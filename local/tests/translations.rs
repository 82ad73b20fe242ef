//! What the gateway reads in a template, compared with what AWS's own translator makes of it.
//!
//! The JSON files are the translator's: `python3 .ci/sam_translations.py --write` makes them, and CI checks that they are current.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use local::template::api::{
    Api, Identity, IdentitySource, Integration, Kind, PayloadFormat, Route, TemplateAuthorizer,
};
use local::template::gateway_response::{CustomResponse, HeaderSource};
use local::template::{FunctionDefinition, Given, Template};
use serde_json::{Map, Value, json};

#[test]
fn templates_are_read_as_sam_translates_them() {
    let mut compared = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            check(&path, &BTreeMap::new(), &path.with_extension("json"));
            compared += 1;
        }
    }
    assert!(compared >= 30, "only {compared} templates");
}

#[test]
fn the_templates_of_the_project_are_read_as_sam_translates_them() {
    let folder = folder().join("project");
    let cases = fs::read_to_string(folder.join("cases.json")).unwrap();
    let cases: Map<String, Value> = serde_json::from_str(&cases).unwrap();
    for (name, case) in &cases {
        let template = case["template"].as_str().unwrap();
        let parameters = serde_json::from_value(case["parameters"].clone()).unwrap();
        let translated = folder.join(name).with_extension("json");
        check(&root().join(template), &parameters, &translated);
    }
}

/// Every template of the examples is compared, or is one that the gateway refuses.
#[test]
fn the_examples_that_are_not_compared_are_refused() {
    let cases = fs::read_to_string(folder().join("project/cases.json")).unwrap();
    for (template, parameters, expected) in REFUSED {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        let parameters = parameters.iter().map(owned).collect();
        let error = read(&root().join(template), &parameters, None);
        assert_eq!(error.unwrap_err(), *expected, "{template}");
    }
    for example in fs::read_dir(root().join("examples")).unwrap() {
        let example = example.unwrap().path();
        if !example.is_dir() {
            continue;
        }
        for file in fs::read_dir(example).unwrap() {
            let path = file.unwrap().path();
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap();
            let known = cases.contains(name) || REFUSED.iter().any(|(known, ..)| *known == name);
            assert!(known || !name.ends_with(".yaml"), "{name} is not compared");
        }
    }
}

type Parameters = &'static [(&'static str, &'static str)];

const ISSUER: (&str, &str) = ("Issuer", "https://example.okta.com/oauth2/default");

/// What the gateway refuses, with the parameters that have no default, and why.
const REFUSED: &[(&str, Parameters, &str)] = &[
    (
        "examples/cloudformation/template.yaml",
        &[
            ISSUER,
            ("BackendUrl", "https://example.com"),
            ("CodeBucket", "bucket"),
            ("CodeKey", "key"),
        ],
        "Resources/Api: not supported on one machine: a resource of type AWS::ApiGateway::RestApi",
    ),
    (
        "examples/shared/api.yaml",
        &[],
        "Resources/Api/Properties/Auth/Authorizers/Shared/FunctionArn: the export `authorizer-Arn` of another stack has no value on one machine: pass `--import authorizer-Arn=VALUE`",
    ),
    (
        "examples/shared/api-of-another-account.yaml",
        &[(
            "AuthorizerArn",
            "arn:aws:lambda:eu-west-1:111122223333:function:authorizer",
        )],
        "Resources/Api/Properties/Auth/Authorizers/Shared/FunctionArn: no function of the template is named `authorizer`; `cargo local --function authorizer=COMMAND` runs one of another stack",
    ),
    (
        "examples/shared/api-with-rules.yaml",
        &[ISSUER],
        "Resources/Api/Properties/Auth/Authorizers/Own/FunctionArn: the attribute `Outputs.AuthorizerArn` of `Authorizer` (AWS::Serverless::Application) has no value on one machine",
    ),
    (
        "examples/websocket/template.yaml",
        &[ISSUER],
        "Resources/Api: not supported on one machine: a resource of type AWS::ApiGatewayV2::Api",
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn folder() -> PathBuf {
    root().join("local/tests/translations")
}

fn read(
    path: &Path,
    parameters: &BTreeMap<String, String>,
    api: Option<&str>,
) -> Result<Template, String> {
    let given = Given {
        parameters: parameters.clone(),
        api: api.map(str::to_owned),
        runs_nothing: true,
        region: "us-east-1".to_owned(),
        folder: path.parent().unwrap().to_owned(),
        ..Given::default()
    };
    Template::read(&fs::read_to_string(path).unwrap(), &given).map_err(|error| error.to_string())
}

/// Compares each API of a template with its translation.
fn check(path: &Path, parameters: &BTreeMap<String, String>, translated: &Path) {
    let translated = fs::read_to_string(translated).unwrap();
    let translated: Value = serde_json::from_str(&translated).unwrap();
    let name = path.display();
    let Value::Object(apis) = translated else {
        assert!(
            read(path, parameters, None).is_err(),
            "{name}: {translated}"
        );
        return;
    };
    for (api, expected) in &apis {
        let template = read(path, parameters, Some(api));
        let found = template.map(|template| summary(&template.api, &template.functions));
        assert_eq!(found.as_ref(), Ok(expected), "{api} of {name}");
    }
}

fn summary(api: &Api, functions: &[FunctionDefinition]) -> Value {
    let routes = api.routes.iter();
    let mut routes: Vec<_> = routes.map(|each| route(api, each, functions)).collect();
    routes.sort_by_key(|route| route.get("key").unwrap().to_string());
    let authorizers: Map<_, _> = api
        .authorizers
        .iter()
        .map(|(name, each)| (name.clone(), authorizer(each, functions)))
        .collect();
    let mut summary = json!({"routes": routes, "authorizers": authorizers});
    let (member, value) = match &api.kind {
        Kind::Rest { responses, .. } => {
            let responses = responses.iter();
            let responses = responses.map(|(name, each)| (name.clone(), response(each)));
            ("responses", Value::Object(responses.collect()))
        }
        Kind::Http { cors } => {
            let cors = cors.as_ref().map(|cors| {
                let mut members = json!({
                    "allowOrigins": cors.origins,
                    "allowMethods": cors.methods,
                    "allowHeaders": cors.headers,
                    "exposeHeaders": cors.exposed,
                    "maxAge": cors.max_age,
                    "allowCredentials": cors.credentials.then_some(true),
                });
                // The translator leaves out what the template does not have.
                let members = members.as_object_mut().unwrap();
                members.retain(|_, value| !value.is_null() && *value != json!([]));
                members.clone()
            });
            ("cors", json!(cors))
        }
    };
    let members = summary.as_object_mut().unwrap();
    members.insert(member.to_owned(), value);
    summary
}

fn route(api: &Api, route: &Route, functions: &[FunctionDefinition]) -> Value {
    let mut read = json!({
        "key": route.key(),
        "authorizer": route.authorizer.as_deref().unwrap_or("NONE"),
        "scopes": route.scopes,
    });
    let members = read.as_object_mut().unwrap();
    let mut set = |name: &str, value: Value| members.insert(name.to_owned(), value);
    match &route.integration {
        Integration::Function { name, payload, .. } => {
            set("kind", "function".into());
            set("function", logical_id(name, functions).into());
            set("payload", version(*payload).into());
        }
        Integration::Preflight(headers) => {
            assert!(matches!(api.kind, Kind::Rest { .. }));
            set("kind", "preflight".into());
            let headers = headers.iter();
            let headers = headers
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned().into()));
            set("headers", Value::Object(headers.collect()));
        }
    }
    read
}

fn version(payload: PayloadFormat) -> &'static str {
    match payload {
        PayloadFormat::V1 => "1.0",
        PayloadFormat::V2 => "2.0",
    }
}

fn logical_id<'a>(name: &str, functions: &'a [FunctionDefinition]) -> &'a str {
    let mut functions = functions.iter();
    let function = functions.find(|function| function.is_named(name));
    &function.unwrap().logical_id
}

fn authorizer(authorizer: &TemplateAuthorizer, functions: &[FunctionDefinition]) -> Value {
    let lambda = match authorizer {
        TemplateAuthorizer::Jwt(jwt) => {
            return json!({
                "type": "jwt",
                "sources": [source(&jwt.source)],
                "issuer": jwt.issuer,
                "audience": jwt.audience,
            });
        }
        TemplateAuthorizer::Lambda(lambda) => lambda,
    };
    let ttl = lambda.ttl.as_secs();
    let function = logical_id(&lambda.function, functions);
    let all = |sources: &[IdentitySource]| sources.iter().map(source).collect::<Vec<_>>();
    match &lambda.identity {
        Identity::Token { header, validation } => {
            let anchored = validation.as_ref().map(regex_text);
            json!({"type": "token", "function": function, "sources": [format!("header {header}")], "validation": anchored, "ttl": ttl})
        }
        Identity::Request { sources } => {
            json!({"type": "request", "function": function, "sources": all(sources), "ttl": ttl})
        }
        Identity::Http {
            sources,
            payload,
            simple,
        } => {
            json!({"type": "request", "function": function, "sources": all(sources), "payload": version(*payload), "simple": simple, "ttl": ttl})
        }
    }
}

/// The expression as the template has it: the reader anchors it.
fn regex_text(expression: &impl ToString) -> String {
    let text = expression.to_string();
    let inner = text
        .strip_prefix("^(?:")
        .and_then(|text| text.strip_suffix(")$"));
    inner.unwrap().to_owned()
}

fn source(source: &IdentitySource) -> String {
    match source {
        IdentitySource::Header(name) => format!("header {name}"),
        IdentitySource::QueryString(name) => format!("query {name}"),
        IdentitySource::StageVariable(name) => format!("stage {name}"),
        IdentitySource::Context(name) => format!("context {name}"),
    }
}

fn response(response: &CustomResponse) -> Value {
    let headers = response.headers.iter().map(|(name, value)| {
        let value = match value {
            HeaderSource::Text(text) => format!("'{}'", text.to_str().unwrap()),
            HeaderSource::Header(name) => format!("method.request.header.{name}"),
            HeaderSource::QueryString(name) => format!("method.request.querystring.{name}"),
            HeaderSource::Context(name) => format!("context.{name}"),
        };
        (name.to_string(), value.into())
    });
    json!({
        "status": response.status.map(|status| status.as_u16()),
        "headers": headers.collect::<Map<_, _>>(),
        "templates": response.templates,
    })
}
