//! The authorizer's contexts, as a REST API passes them to the handler.

use serde_json::{Value, json};

/// The context of a caller with a token that expires at `exp`.
pub fn signed_in(principal: &str, groups: &[&str], exp: u64) -> Value {
    json!({
        "principalId": principal,
        "signedIn": "true",
        "principal": principal,
        "sub": format!("{principal}@example.com"),
        "iss": "https://issuer.example.com",
        "clientId": "web",
        "scope": "openid state:write",
        "groups": json!(groups).to_string(),
        "exp": exp.to_string(),
        "jti": "AT.1",
        "integrationLatency": 12,
    })
}

/// The context of an anonymous caller.
pub fn anonymous() -> Value {
    json!({"principalId": "anonymous", "signedIn": "false", "integrationLatency": 3})
}

/// Values of the event's `authorizer` member that are not a valid context.
pub fn malformed() -> [Value; 5] {
    [
        json!(null),
        json!([]),
        json!("alice"),
        json!({}),
        json!(true),
    ]
}
