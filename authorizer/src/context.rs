//! What the API is told about the caller.

use serde_json::{Map, Value};

use crate::access::Caller;

/// The members that are always named so. `CONTEXT_CLAIMS` cannot put another value in their place.
pub const FIXED_NAMES: [&str; 9] = [
    "signedIn",
    "principal",
    "sub",
    "iss",
    "clientId",
    "scope",
    "groups",
    "exp",
    "jti",
];

/// Names that API Gateway keeps for itself in a request's context.
pub const RESERVED_NAMES: [&str; 5] = [
    "principalId",
    "integrationLatency",
    "claims",
    "scopes",
    "error",
];

/// The context of an answer: flat, of strings, numbers and booleans, and without nulls. API Gateway answers 500 to any
/// other value.
#[must_use]
pub fn context(caller: Caller<'_>) -> Map<String, Value> {
    let mut context = Map::new();
    let Caller::SignedIn(claims) = caller else {
        context.insert("signedIn".to_owned(), false.into());
        return context;
    };
    for (name, value) in claims.further() {
        match value {
            Value::Null => {}
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                context.insert(name.clone(), value.clone());
            }
            Value::Array(_) | Value::Object(_) => {
                context.insert(name.clone(), value.to_string().into());
            }
        }
    }
    let mut fixed = |name: &str, value: Value| context.insert(name.to_owned(), value);
    fixed("signedIn", true.into());
    fixed("principal", claims.principal().into());
    fixed("sub", claims.subject().into());
    fixed("iss", claims.issuer().into());
    fixed("exp", claims.expires_at_secs().into());
    if let Some(client_id) = claims.client_id() {
        fixed("clientId", client_id.into());
    }
    if let Some(scopes) = claims.scopes() {
        fixed("scope", scopes.join(" ").into());
    }
    if let Some(groups) = claims.groups() {
        fixed("groups", Value::from(groups).to_string().into());
    }
    if let Some(token_id) = claims.token_id() {
        fixed("jti", token_id.into());
    }
    context
}

/// The principal of an answer for someone without a token.
pub const ANONYMOUS: &str = "anonymous";

/// `principalId`.
#[must_use]
pub fn principal(caller: Caller<'_>) -> &str {
    match caller {
        Caller::Anonymous => ANONYMOUS,
        Caller::SignedIn(claims) => claims.principal(),
    }
}
