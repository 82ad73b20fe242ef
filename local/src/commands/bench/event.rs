//! The events for the measurements.

use bytes::Bytes;
use serde_json::{Value, json};

const ARN: &str = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/PUT/state/bench";

/// A REST TOKEN event for the authorizer.
pub(super) fn token(token: &str) -> Bytes {
    json!({"type": "TOKEN", "methodArn": ARN, "authorizationToken": format!("Bearer {token}")})
        .to_string()
        .into()
}

/// A REST proxy event for the handler, from a signed-in caller.
pub(super) fn rest(
    method: &str,
    resource: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Bytes {
    let headers: Vec<(&str, &str)> = [
        ("Accept", "application/json"),
        ("Content-Type", "application/json"),
        ("Host", "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"),
        ("User-Agent", "curl/8.5.0"),
    ]
    .iter()
    .chain(headers)
    .copied()
    .collect();
    let single: Value = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    let multiple: Value = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!([value])))
        .collect();
    let id = path.strip_prefix("/state/");
    json!({
        "resource": resource, "path": path, "httpMethod": method,
        "headers": single, "multiValueHeaders": multiple,
        "queryStringParameters": null, "multiValueQueryStringParameters": null,
        "pathParameters": id.map(|id| json!({"id": id})), "stageVariables": null,
        "requestContext": {
            "resourceId": "abc123", "resourcePath": resource, "httpMethod": method,
            "path": format!("/prod{path}"), "accountId": "123456789012", "apiId": "a1b2c3d4e5",
            "stage": "prod", "requestId": "00000000-0000-4000-8000-000000000001",
            "requestTimeEpoch": 1_767_225_600_000_i64, "protocol": "HTTP/1.1",
            "domainName": "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
            "identity": {"sourceIp": "203.0.113.9", "userAgent": "curl/8.5.0"},
            "authorizer": {
                "principalId": "00u1bench", "signedIn": "true", "principal": "00u1bench",
                "sub": "bench@example.com", "iss": "https://example.okta.com/oauth2/default",
                "clientId": "web", "scope": "openid state:read state:write",
                "groups": r#"["Everyone"]"#, "exp": "4102444800", "jti": "AT.bench",
            },
        },
        "body": body.map(Value::to_string), "isBase64Encoded": false,
    })
    .to_string()
    .into()
}
