//! Checks that the OpenAPI document and the API agree.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Api, Ask, Reply, ask};

async fn document(api: &Api) -> Value {
    api.send(ask("GET", "/openapi.json")).await.expect(200).body
}

/// Checks the status, media type, headers and members of an answer against the document.
fn check(document: &Value, template: &str, method: &str, reply: &Reply) {
    let responses = &document["paths"][template][method]["responses"];
    let response = &responses[reply.status.to_string()];
    let name = format!("{method} {template} {}", reply.status);
    assert!(response.is_object(), "{name} is not documented");
    for header in response["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.to_ascii_lowercase())
    {
        assert!(
            header == "link" || reply.headers.contains_key(&header),
            "{name} lacks {header}"
        );
    }
    if reply.text.is_empty() {
        return;
    }
    let media_type = &reply.headers["content-type"];
    let schema = &response["content"][media_type]["schema"];
    assert!(schema.is_object(), "{name}: {media_type} is not documented");
    conforms(document, schema, &reply.body, &name);
}

/// Validates a value with the part of JSON Schema that the document uses.
fn conforms(document: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        return conforms(
            document,
            document.pointer(reference.trim_start_matches("#")).unwrap(),
            value,
            at,
        );
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    match &schema["type"] {
        Value::String(expected) => assert_eq!(kind, expected, "{at}"),
        Value::Array(expected) => assert!(expected.contains(&json!(kind)), "{at}"),
        _ => return,
    }
    if let Some(members) = value
        .as_object()
        .filter(|_| schema["properties"].is_object())
    {
        for (name, member) in members {
            let property = &schema["properties"][name];
            assert!(property.is_object(), "{at}: {name} is not documented");
            conforms(document, property, member, &format!("{at}/{name}"));
        }
        for name in schema["required"].as_array().into_iter().flatten() {
            assert!(
                members.contains_key(name.as_str().unwrap()),
                "{at}: {name} is missing"
            );
        }
    }
    for item in value.as_array().into_iter().flatten() {
        conforms(document, &schema["items"], item, at);
    }
}

const ITEM: &str = "/state/{id}";

/// Sends requests, checks that every answer is documented, and remembers which answers occurred.
struct Exchanges {
    api: Api,
    document: Value,
    seen: BTreeSet<String>,
}

impl Exchanges {
    async fn send(&mut self, template: &str, request: Ask, status: u16) {
        let method = request.method().to_ascii_lowercase();
        let reply = self.api.send(request).await.expect(status);
        check(&self.document, template, &method, &reply);
        self.seen.insert(format!("{method} {template} {status}"));
    }

    /// Checks that every documented answer occurred, except those that all operations share.
    fn assert_complete(&self) {
        let common = ["401", "403", "406", "429", "500", "503"];
        for (template, item) in self.document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                for status in operation["responses"]
                    .as_object()
                    .unwrap()
                    .keys()
                    .filter(|status| !common.contains(&status.as_str()))
                {
                    assert!(
                        self.seen.contains(&format!("{method} {template} {status}")),
                        "{method} {template} never answered {status}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn every_answer_is_documented() {
    let api = Api::with(&[("AUTHORIZATION_SERVERS", "https://issuer.example.com")]).await;
    let document = document(&api).await;
    let mut exchanges = Exchanges {
        api,
        document,
        seen: BTreeSet::new(),
    };
    for session in [ask("GET", "/session"), ask("GET", "/session").by("alice")] {
        exchanges.send("/session", session, 200).await;
    }
    put_answers(&mut exchanges).await;
    get_answers(&mut exchanges).await;
    patch_answers(&mut exchanges).await;
    delete_answers(&mut exchanges).await;
    let open = ask("GET", "/openapi.json");
    exchanges.send("/openapi.json", open, 200).await;
    let metadata = "/.well-known/oauth-protected-resource";
    exchanges.send(metadata, ask("GET", metadata), 200).await;
    exchanges.api = Api::start().await;
    exchanges.send(metadata, ask("GET", metadata), 404).await;
    exchanges.assert_complete();
}

fn large() -> Value {
    json!({"value": "x".repeat(256 * 1024)})
}

async fn put_answers(exchanges: &mut Exchanges) {
    let put = |body: Value| ask("PUT", "/state/a").by("alice").json(&body);
    exchanges
        .send(ITEM, put(json!({"value": {"n": 1}})).create(), 201)
        .await;
    exchanges
        .send(ITEM, put(json!({"value": 1})).create(), 412)
        .await;
    exchanges.send(ITEM, put(json!({"value": 1})), 428).await;
    exchanges
        .send(ITEM, put(json!({"value": 1})).if_match("x"), 400)
        .await;
    exchanges.send(ITEM, put(json!({})).create(), 422).await;
    exchanges.send(ITEM, put(large()).create(), 413).await;
    exchanges
        .send(
            ITEM,
            ask("PUT", "/state/a")
                .by("alice")
                .create()
                .body("text/plain", "1"),
            415,
        )
        .await;
    exchanges
        .send(
            ITEM,
            ask("PUT", "/state/a").json(&json!({"value": 1})).create(),
            401,
        )
        .await;
    exchanges
        .send(
            ITEM,
            put(json!({"value": {"n": 1}, "visibility": "public"})).if_match("*"),
            200,
        )
        .await;
    exchanges
        .send(ITEM, put(json!({"value": 1})).by("bob").if_match("*"), 403)
        .await;
}

async fn get_answers(exchanges: &mut Exchanges) {
    for method in ["GET", "HEAD"] {
        exchanges.send(ITEM, ask(method, "/state/a"), 200).await;
        exchanges
            .send(
                ITEM,
                ask(method, "/state/a").header("If-None-Match", "*"),
                304,
            )
            .await;
        exchanges
            .send(ITEM, ask(method, "/state/a").if_match("\"x\""), 412)
            .await;
        exchanges
            .send(ITEM, ask(method, "/state/a").if_match("x"), 400)
            .await;
        exchanges.send(ITEM, ask(method, "/state/none"), 404).await;
        exchanges
            .send(
                ITEM,
                ask(method, "/state/a").header("Accept", "text/html"),
                406,
            )
            .await;
    }
    exchanges.send("/state", ask("GET", "/state"), 200).await;
    exchanges
        .send("/state", ask("GET", "/state?limit=0"), 400)
        .await;
    exchanges
        .send("/state", ask("GET", "/state?owner=me"), 401)
        .await;
    exchanges
        .send("/state", ask("GET", "/state?owner=bob").by("alice"), 403)
        .await;
}

async fn patch_answers(exchanges: &mut Exchanges) {
    let merge = |text: &str| {
        ask("PATCH", "/state/a")
            .by("alice")
            .body("application/merge-patch+json", text)
    };
    let steps = |text: &str| {
        ask("PATCH", "/state/a")
            .by("alice")
            .if_match("*")
            .body("application/json-patch+json", text)
    };
    exchanges
        .send(ITEM, merge(r#"{"value": {"n": 2}}"#).if_match("*"), 200)
        .await;
    exchanges.send(ITEM, merge("{").if_match("*"), 400).await;
    exchanges.send(ITEM, merge("{}"), 428).await;
    exchanges
        .send(ITEM, merge("{}").if_match("\"x\""), 412)
        .await;
    exchanges
        .send(ITEM, merge("{}").if_match("*").by("bob"), 403)
        .await;
    exchanges
        .send(ITEM, merge("{}").if_match("*").to("/state/none"), 404)
        .await;
    exchanges
        .send(ITEM, merge(&large().to_string()).if_match("*"), 413)
        .await;
    exchanges
        .send(
            ITEM,
            steps(r#"[{"op": "test", "path": "/value", "value": 1}]"#),
            409,
        )
        .await;
    exchanges
        .send(ITEM, steps(r#"[{"op": "remove", "path": "/value"}]"#), 422)
        .await;
    exchanges
        .send(
            ITEM,
            ask("PATCH", "/state/a")
                .by("alice")
                .if_match("*")
                .json(&json!({})),
            415,
        )
        .await;
}

async fn delete_answers(exchanges: &mut Exchanges) {
    let delete = || ask("DELETE", "/state/a").by("alice");
    exchanges.send(ITEM, delete(), 428).await;
    exchanges.send(ITEM, delete().if_match("\"x\""), 412).await;
    exchanges.send(ITEM, delete().if_match("x"), 400).await;
    exchanges
        .send(ITEM, delete().if_match("*").by("bob"), 403)
        .await;
    exchanges.send(ITEM, delete().if_match("*"), 204).await;
    exchanges.send(ITEM, delete().if_match("*"), 404).await;
}

#[tokio::test]
async fn the_document_lists_the_routes_of_the_template_and_their_url() {
    let api = Api::start().await;
    let document = document(&api).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    assert_eq!(
        document["servers"],
        json!([{"url": "https://api.example.com/prod"}])
    );
    assert_eq!(
        document["components"]["securitySchemes"]["accessToken"]["scheme"],
        "bearer"
    );
    let documented: BTreeSet<String> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            item.as_object()
                .unwrap()
                .keys()
                .map(move |method| format!("{} {path}", method.to_ascii_uppercase()))
        })
        .collect();
    assert_eq!(documented, crate::support::template_routes());
}

#[tokio::test]
async fn the_examples_of_the_document_are_accepted() {
    let api = Api::start().await;
    let document = document(&api).await;
    let example = |name: &str| document["components"]["schemas"][name]["example"].clone();
    api.put("alice", "a", &example("StateDocument")).await;
    let patch = |kind: &str, body: Value| {
        ask("PATCH", "/state/a")
            .by("alice")
            .if_match("*")
            .body(kind, &body.to_string())
    };
    let patched = api
        .send(patch("application/json-patch+json", example("JsonPatch")))
        .await
        .expect(200);
    assert_eq!(patched.body["value"]["done"], json!([1, 2, 3]));
    api.send(patch("application/merge-patch+json", example("MergePatch")))
        .await
        .expect(200);
}

/// Collects every `$ref` in a part of the document.
fn references<'d>(part: &'d Value, found: &mut BTreeSet<&'d str>) {
    match part {
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_str() {
                    Some(reference) if name == "$ref" => {
                        found.insert(reference);
                    }
                    _ => references(member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_reference_resolves() {
    let api = Api::start().await;
    let document = document(&api).await;
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() >= 3, "{found:?}");
    for reference in found {
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}
