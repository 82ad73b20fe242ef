//! JSON values are returned equal or rejected.

use serde_json::{Value, json};

use crate::support::{Api, Reply, ask};

async fn put(api: &Api, id: &str, body: &str) -> Reply {
    api.send(
        ask("PUT", &format!("/state/{id}"))
            .by("alice")
            .create()
            .body("application/json", body),
    )
    .await
}

#[tokio::test]
async fn values_are_returned_unchanged() {
    let api = Api::start().await;
    let values = [
        "null",
        "true",
        "0",
        "-1",
        "1.5",
        "18446744073709551615",
        "-9223372036854775808",
        "5e-324",
        "1e22",
        "0.1",
        "\"\"",
        "[]",
        "{}",
        r#""\u0000\u001f\"\\/\u2028 é 𝄞""#,
        r#"{"":{"a b":[null,{"~/":1}]}}"#,
        r#"[[],[[]],{}]"#,
        r#"{"__proto__":1,"constructor":{"prototype":2}}"#,
    ];
    for (n, text) in values.into_iter().enumerate() {
        let id = format!("v{n}");
        let created = put(&api, &id, &format!(r#"{{"value": {text}}}"#))
            .await
            .expect(201);
        let got = api
            .send(ask("GET", &format!("/state/{id}")).by("alice"))
            .await
            .expect(200);
        let expected: Value = serde_json::from_str(text).unwrap();
        assert_eq!(
            (&created.body["value"], &got.body["value"]),
            (&expected, &expected),
            "{text}"
        );
    }
    // Compared as strings, because `serde_json` itself would treat these specially.
    let private = r#"{"$serde_json::private::RawValue":"1"}"#;
    let created = put(&api, "private", &format!(r#"{{"value": {private}}}"#)).await;
    let got = api.send(ask("GET", "/state/private").by("alice")).await;
    for reply in [created.expect(201), got.expect(200)] {
        assert!(
            reply.text.contains(&format!(r#""value":{private},"#)),
            "{}",
            reply.text
        );
    }
    let nested = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let got = put(&api, "nested", &format!(r#"{{"value": {nested}}}"#))
        .await
        .expect(201);
    assert_eq!(got.body["value"].to_string(), nested);
}

#[tokio::test]
async fn values_that_would_change_are_rejected() {
    let api = Api::start().await;
    let check = async |body: &str, status: u16, pointer: &str| {
        let reply = put(&api, "never", body).await.expect(status);
        assert_eq!(reply.pointers(), [pointer], "{body}");
    };
    check(r#"{"value": 12345678901234567890123}"#, 422, "#/value").await;
    check(
        r#"{"value": [1, 0.12345678901234567890123]}"#,
        422,
        "#/value/1",
    )
    .await;
    check(r#"{"value": {"a": 1, "a": 2}}"#, 422, "#/value/a").await;
    check(r#"{"value": 1, "value": 2}"#, 422, "#/value").await;
    check(r#"{"value": 1e999}"#, 400, "#/value").await;
    check(r#"{"value": "\ud800"}"#, 400, "#/value").await;
    check(
        &format!(r#"{{"value": {}1{}}}"#, "[".repeat(200), "]".repeat(200)),
        422,
        &format!("#/value{}", "/0".repeat(100)),
    )
    .await;
    check("", 400, "#").await;
    check("{", 400, "#").await;
    check("[1]", 422, "#").await;
    check("{}", 422, "#/value").await;
    check(r#"{"value": 1, "visibility": null}"#, 422, "#/visibility").await;
    check(
        r#"{"value": 1, "visibility": "group:"}"#,
        422,
        "#/visibility",
    )
    .await;
    check(r#"{"value": 1, "owner": "bob"}"#, 422, "#/owner").await;
    check(r#"{"value": 1, "a/~b": 1}"#, 422, "#/a~1~0b").await;
    let reply = put(&api, "never", r#"{"visibility": "all", "id": "x"}"#)
        .await
        .expect(422);
    assert_eq!(reply.pointers(), ["#/value", "#/visibility", "#/id"]);
    api.send(ask("GET", "/state/never").by("alice"))
        .await
        .expect(404);
}

#[tokio::test]
async fn a_value_has_at_most_256_kib() {
    let api = Api::start().await;
    let largest = "x".repeat(256 * 1024 - 2);
    let created = api.put("alice", "a", &json!({"value": largest})).await;
    assert_eq!(created.body["value"], largest);
    assert_eq!(
        api.send(ask("GET", "/state/a").by("alice")).await.body["value"],
        largest
    );
    assert_eq!(
        put(&api, "b", &json!({"value": largest + "x"}).to_string())
            .await
            .expect(413)
            .body["status"],
        413
    );
    // The limit applies to the value as it is returned, not as it was sent.
    let numbers = |count: usize| format!(r#"{{"value": [{}]}}"#, vec!["1e9"; count].join(","));
    put(&api, "n", &numbers(20_164)).await.expect(201);
    let reply = put(&api, "m", &numbers(20_165)).await.expect(413);
    let detail = reply.body["detail"].as_str().unwrap();
    assert!(
        detail.contains("262144") && detail.contains("1e9"),
        "{detail}"
    );
    let spaced = format!(r#"{{"value": [{}1]}}"#, " ".repeat(300 * 1024));
    put(&api, "c", &spaced).await.expect(201);
    let escaped = format!(r#"{{"value": "{}"}}"#, r"\u0041".repeat(80_000));
    put(&api, "d", &escaped).await.expect(201);
    let sized = |bytes: usize| {
        let body = r#"{"value": 1}"#;
        format!("{body}{}", " ".repeat(bytes - body.len()))
    };
    put(&api, "e", &sized(512 * 1024)).await.expect(201);
    let reply = put(&api, "f", &sized(512 * 1024 + 1)).await.expect(413);
    assert!(reply.body["detail"].as_str().unwrap().contains("body"));
}
