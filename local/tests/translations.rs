//! What the gateway reads in a template, compared with what AWS's own translator makes of it.
//!
//! The JSON files are the translator's: `python3 .ci/sam_translations.py --write` makes them, and CI checks that they are current.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use local::template::api::{
    Api, Identity, IdentitySource, Integration, Kind, PayloadFormat, Route, TemplateAuthorizer,
};
use local::template::gateway_response::{CustomResponse, HeaderSource};
use local::template::{Given, Template};
use serde_json::{Map, Value, json};

#[test]
fn templates_are_read_as_sam_translates_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/translations");
    let mut compared = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let name = path.display();
        let given = Given {
            region: "us-east-1".to_owned(),
            ..Given::default()
        };
        let text = fs::read_to_string(&path).unwrap();
        let template = Template::read(&text, &given);
        let template = template.unwrap_or_else(|error| panic!("{name}: {error}"));
        let translated = fs::read_to_string(path.with_extension("json")).unwrap();
        let translated: Value = serde_json::from_str(&translated).unwrap();
        assert_eq!(summary(&template.api), translated, "{name}");
        compared += 1;
    }
    assert!(compared >= 16, "only {compared} templates");
}

fn summary(api: &Api) -> Value {
    let mut routes: Vec<_> = api.routes.iter().map(|each| route(api, each)).collect();
    routes.sort_by_key(|route| route.get("key").unwrap().to_string());
    let authorizers: Map<_, _> = api
        .authorizers
        .iter()
        .map(|(name, each)| (name.clone(), authorizer(each)))
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

fn route(api: &Api, route: &Route) -> Value {
    let mut read = json!({
        "key": route.key(),
        "authorizer": route.authorizer.as_deref().unwrap_or("NONE"),
        "scopes": route.scopes,
    });
    let members = read.as_object_mut().unwrap();
    let mut set = |name: &str, value: Value| members.insert(name.to_owned(), value);
    match &route.integration {
        Integration::Function { payload, .. } => {
            set("kind", "function".into());
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

fn authorizer(authorizer: &TemplateAuthorizer) -> Value {
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
    let all = |sources: &[IdentitySource]| sources.iter().map(source).collect::<Vec<_>>();
    match &lambda.identity {
        Identity::Token { header, validation } => {
            let anchored = validation.as_ref().map(regex_text);
            json!({"type": "token", "sources": [format!("header {header}")], "validation": anchored, "ttl": ttl})
        }
        Identity::Request { sources } => {
            json!({"type": "request", "sources": all(sources), "ttl": ttl})
        }
        Identity::Http {
            sources,
            payload,
            simple,
        } => {
            json!({"type": "request", "sources": all(sources), "payload": version(*payload), "simple": simple, "ttl": ttl})
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
