//! The gateway's reading of a template, compared with the output of AWS's own translator. `python3
//! .ci/sam_translations.py --write` writes the translator's output as JSON files, and CI checks that they are current.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use local::template::api::{
    Api, ApiKind, Identity, IdentitySource, Integration, PayloadFormat, TemplateAuthorizer,
    TemplateRoute,
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
            check(&path, &Case::default(), &path.with_extension("json"));
            compared += 1;
        }
    }
    assert!(compared >= 30, "only {compared} templates");
}

#[test]
fn the_templates_of_the_project_are_read_as_sam_translates_them() {
    let folder = folder().join("project");
    let cases = fs::read_to_string(folder.join("cases.json")).unwrap();
    let cases: BTreeMap<String, Case> = serde_json::from_str(&cases).unwrap();
    for (name, case) in &cases {
        let translated = folder.join(name).with_extension("json");
        check(&root().join(&case.template), case, &translated);
    }
}

/// The other templates of the repository have no API that the gateway can read. `.ci/sam_translations.py` checks that every
/// template is in one of the two lists.
#[test]
fn the_templates_that_are_not_compared_are_refused() {
    let refused = fs::read_to_string(folder().join("project/refused.json")).unwrap();
    let refused: BTreeMap<String, Case> = serde_json::from_str(&refused).unwrap();
    for (template, case) in &refused {
        let found = read(&root().join(template), case, None);
        assert_eq!(found.unwrap_err(), case.error, "{template}");
    }
}

/// The values that a template is read with.
#[derive(Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Case {
    template: String,
    /// The values of parameters that have no default.
    parameters: BTreeMap<String, String>,
    /// The exports of other stacks.
    imports: BTreeMap<String, String>,
    /// The functions of other stacks that a command runs.
    functions: BTreeSet<String>,
    /// The gateway's error if it refuses the template.
    error: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn folder() -> PathBuf {
    root().join("local/tests/translations")
}

fn read(path: &Path, case: &Case, api: Option<&str>) -> Result<Template, String> {
    let given = Given {
        parameters: case.parameters.clone(),
        imports: case.imports.clone(),
        commands: case.functions.clone(),
        api: api.map(str::to_owned),
        runs_nothing: true,
        region: "us-east-1".to_owned(),
        folder: path.parent().unwrap().to_owned(),
        ..Given::default()
    };
    Template::read(&fs::read_to_string(path).unwrap(), &given).map_err(|error| error.to_string())
}

/// Compares each API of a template with its translation.
fn check(path: &Path, case: &Case, translated: &Path) {
    let translated = fs::read_to_string(translated).unwrap();
    let translated: Value = serde_json::from_str(&translated).unwrap();
    let name = path.display();
    let Value::Object(apis) = translated else {
        assert!(read(path, case, None).is_err(), "{name}: {translated}");
        return;
    };
    for (api, expected) in &apis {
        let template = read(path, case, Some(api));
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
        ApiKind::Rest { responses, .. } => {
            let responses = responses.iter();
            let responses = responses.map(|(name, each)| (name.clone(), response(each)));
            ("responses", Value::Object(responses.collect()))
        }
        ApiKind::Http { cors } => {
            let cors = cors.as_ref().map(|cors| {
                let mut members = json!({
                    "allowOrigins": cors.origins,
                    "allowMethods": cors.methods,
                    "allowHeaders": cors.headers,
                    "exposeHeaders": cors.exposed,
                    "maxAge": cors.max_age,
                    "allowCredentials": cors.credentials.then_some(true),
                });
                // The translator leaves out members that the template does not have.
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

fn route(api: &Api, route: &TemplateRoute, functions: &[FunctionDefinition]) -> Value {
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
            assert!(matches!(api.kind, ApiKind::Rest { .. }));
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

/// The expression as in the template, without the anchors that the reader adds.
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
