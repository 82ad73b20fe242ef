use serde_json::{Value, json};

use super::*;
use crate::routes::Route;

fn read(event: &Value) -> Result<Request, EventError> {
    Request::from_event(&event.to_string())
}

/// A REST event.
fn rest(resource: &str, path: &str, outer: &str) -> Value {
    json!({
        "httpMethod": "GET", "resource": resource, "path": path,
        "headers": {"Host": "api.example.com", "X-Forwarded-Proto": "https"},
        "requestContext": {"stage": "prod", "path": outer, "domainName": "api.example.com", "requestId": "r"}
    })
}

fn http(route: &str, stage: &str, raw_path: &str) -> Value {
    json!({
        "version": "2.0", "routeKey": route, "rawPath": raw_path, "rawQueryString": "",
        "headers": {"host": "api.example.com"},
        "requestContext": {"stage": stage, "requestId": "r", "http": {"method": "GET", "path": raw_path}}
    })
}

#[test]
fn stages_and_base_paths_are_removed_from_the_path() {
    let check = |event: Value, path: &str, base: &str| {
        let request = read(&event).unwrap();
        assert_eq!(
            (request.path.as_str(), request.base_url.as_str()),
            (path, base),
            "{event}"
        );
    };
    check(
        rest("/state/{id}", "/state/a", "/prod/state/a"),
        "/state/a",
        "https://api.example.com/prod",
    );
    check(
        rest("/state/{id}", "/v1/state/a", "/v1/state/a"),
        "/state/a",
        "https://api.example.com/v1",
    );
    check(
        rest("/state/{id}", "/state/state", "/prod/state/state"),
        "/state/state",
        "https://api.example.com/prod",
    );
    check(
        rest("/state/{id}", "/state/prod", "/prod/state/prod"),
        "/state/prod",
        "https://api.example.com/prod",
    );
    check(
        rest("/state", "/state/", "/prod/state/"),
        "/state",
        "https://api.example.com/prod",
    );
    check(
        rest("/state", "/state", "/state"),
        "/state",
        "https://api.example.com",
    );
    check(
        rest("/{proxy+}", "/x/state/a", "/prod/x/state/a"),
        "/x/state/a",
        "https://api.example.com/prod",
    );
    check(
        http("GET /state/{id}", "$default", "/state/a"),
        "/state/a",
        "https://api.example.com",
    );
    check(
        http("GET /state/{id}", "prod", "/prod/state/a"),
        "/state/a",
        "https://api.example.com/prod",
    );
    check(
        http("$default", "prod", "/prod/state/a"),
        "/state/a",
        "https://api.example.com/prod",
    );
    check(
        http("$default", "prod", "/production/a"),
        "/production/a",
        "https://api.example.com",
    );
    check(
        http("$default", "$default", "/state/a"),
        "/state/a",
        "https://api.example.com",
    );
    check(
        http("ANY /{proxy+}", "prod", "/prod/x"),
        "/x",
        "https://api.example.com/prod",
    );
}

/// `rawPath` is decoded, so only the parameters show which slashes and percent signs belong to an id.
#[test]
fn an_id_of_an_http_api_is_one_segment_and_decoded_once() {
    let check = |stage: &str, raw_path: &str, id: &str, base: &str| {
        let mut event = http("GET /state/{id}", stage, raw_path);
        event["pathParameters"] = json!({ "id": id });
        let request = read(&event).unwrap();
        assert_eq!(Route::of(&request.path), Route::State(id.to_owned()));
        assert_eq!(request.base_url, base, "{raw_path}");
    };
    let base = "https://api.example.com";
    check("$default", "/state/a", "a", base);
    check("$default", "/state/a/", "a", base);
    check(
        "$default",
        "/state/public-x/state/secret",
        "public-x/state/secret",
        base,
    );
    check("$default", "/state/50%25", "50%25", base);
    check("$default", "/state/é b", "é b", base);
    check(
        "prod",
        "/prod/state/a/b",
        "a/b",
        "https://api.example.com/prod",
    );
    check("$default", "/v1/state/a", "a", "https://api.example.com/v1");
    // Tools that do not decode `rawPath`.
    check(
        "$default",
        "/v1/state/a%20b",
        "a b",
        "https://api.example.com/v1",
    );
    check("$default", "/state/a%2Fstate%2Fb", "a/state/b", base);
}

#[test]
fn an_invalid_host_is_ignored() {
    let base = |host: &str, proto: &str| {
        let mut event = rest("/state", "/state", "/prod/state");
        event["headers"] = json!({"Host": host, "X-Forwarded-Proto": proto});
        read(&event).unwrap().base_url
    };
    assert_eq!(base("127.0.0.1:3000", "http"), "http://127.0.0.1:3000/prod");
    assert_eq!(
        base("evil>; rel=\"x\"", "https"),
        "https://api.example.com/prod"
    );
    assert_eq!(base("", "javascript"), "https://api.example.com/prod");
}

#[test]
fn a_repeated_header_keeps_both_values() {
    let mut event = rest("/state", "/state", "/prod/state");
    event["multiValueHeaders"] =
        json!({"If-Match": ["\"a\"", "\"b\""], "bad name": ["x"], "Good": null});
    let request = read(&event).unwrap();
    assert_eq!(request.headers.get_all("if-match").iter().count(), 2);
    assert_eq!(request.headers.len(), 2);
    assert_eq!(request.bad_headers, [""; 0]);
}

#[test]
fn more_headers_than_a_map_holds_are_an_error() {
    for name in ["headers", "multiValueHeaders"] {
        let value = if name == "headers" {
            json!("x")
        } else {
            json!(["x"])
        };
        let many = (0..40_000).map(|n| (format!("h{n}"), value.clone()));
        let mut event = rest("/state", "/state", "/prod/state");
        event[name] = Value::Object(many.collect());
        assert!(
            matches!(read(&event), Err(EventError::Headers(_))),
            "{name}"
        );
    }
}

#[test]
fn a_header_with_an_invalid_value_is_reported() {
    let check = |value: &str, good: bool| {
        for name in ["headers", "multiValueHeaders"] {
            let mut event = rest("/state", "/state", "/prod/state");
            event[name] = if name == "headers" {
                json!({"If-Match": value})
            } else {
                json!({"If-Match": [value]})
            };
            let request = read(&event).unwrap();
            assert_eq!(request.headers.contains_key("if-match"), good, "{value:?}");
            assert_eq!(request.bad_headers.is_empty(), good, "{value:?}");
        }
    };
    check("\"a\"", true);
    check("\"\u{e9}\"", true);
    check("\ta", true);
    check("\"\u{7f}\"", false);
    check("\"\u{1}\"", false);
    check("a\r\nb", false);
    check("\u{0}", false);
}

#[test]
fn queries_are_decoded_once() {
    let mut event = rest("/state", "/state", "/prod/state");
    event["multiValueQueryStringParameters"] = json!({"owner": ["a%20b", "c"], "x": null});
    let request = read(&event).unwrap();
    assert_eq!(
        request.query,
        [
            ("owner".into(), "a%20b".into()),
            ("owner".into(), "c".into())
        ]
    );

    let mut event = http("GET /state", "$default", "/state");
    event["rawQueryString"] = "owner=a%20b+c&&limit&x=%3D=%ff".into();
    let request = read(&event).unwrap();
    let expected = [("owner", "a b c"), ("limit", ""), ("x", "==\u{fffd}")]
        .map(|(n, v)| (n.to_owned(), v.to_owned()));
    assert_eq!(request.query, expected);
}

#[test]
fn the_context_is_read_from_each_kind_of_api() {
    let check = |mut event: Value, authorizer: Value, expected: Option<Value>| {
        event["requestContext"]["authorizer"] = authorizer;
        let expected = expected.map_or(AuthorizerContext::Anonymous, |context| {
            AuthorizerContext::parse(&context)
        });
        assert_eq!(read(&event).unwrap().authorizer, expected);
    };
    let flat = json!({"signedIn": "true", "principal": "alice", "exp": "1767225600"});
    check(
        rest("/state", "/state", "/state"),
        flat.clone(),
        Some(flat.clone()),
    );
    check(
        http("$default", "$default", "/state"),
        json!({"lambda": flat}),
        Some(flat.clone()),
    );
    check(http("$default", "$default", "/state"), flat, None);
    check(
        http("$default", "$default", "/state"),
        json!({"lambda": null}),
        None,
    );
    check(http("$default", "$default", "/state"), json!("odd"), None);
    check(rest("/state", "/state", "/state"), Value::Null, None);
}

#[test]
fn bodies_are_strings_or_base64() {
    let mut event = rest("/state", "/state", "/state");
    event["body"] = "eyJ9".into();
    assert_eq!(read(&event).unwrap().body, "eyJ9");
    event["isBase64Encoded"] = true.into();
    assert_eq!(read(&event).unwrap().body, "{\"}");
    event["body"] = "?".into();
    assert!(matches!(read(&event), Err(EventError::Body(_))));
}

#[test]
fn an_event_of_another_kind_is_an_error() {
    for event in [
        json!({}),
        json!([]),
        json!("x"),
        json!({"Records": []}),
        json!({"version": "2.0", "httpMethod": "GET"}),
        json!({"httpMethod": "G T"}),
    ] {
        assert!(read(&event).is_err(), "{event}");
    }
}

#[test]
fn names_of_library_internals_are_treated_as_data() {
    for name in ["RawValue", "Number"] {
        let name = format!("$serde_json::private::{name}");
        let mut event = rest("/state", "/state", "/state");
        event["queryStringParameters"] = json!({name.as_str(): "x"});
        event["multiValueQueryStringParameters"] = json!({name.as_str(): ["x", "y"]});
        let request = read(&event).unwrap();
        let expected = ["x", "y"].map(|value| (name.clone(), value.to_owned()));
        assert_eq!(request.query, expected);
    }
}
