//! The method of an event that is a route.

use super::error::DefinitionError;

/// The methods that API Gateway knows.
const METHODS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
/// The name in a document of the method for every verb.
pub(super) const ANY: &str = "x-amazon-apigateway-any-method";

/// The verb of a method, written in any case; none for a method that takes every verb.
pub(super) fn verb(method: &str) -> Result<Option<String>, DefinitionError> {
    if is_any(method) {
        return Ok(None);
    }
    let verb = method.to_ascii_uppercase();
    if METHODS.contains(&verb.as_str()) {
        return Ok(Some(verb));
    }
    Err(DefinitionError::Unexpected {
        expected: format!("ANY, {}", METHODS.join(", ")),
        found: format!("`{method}`"),
    })
}

pub(super) fn is_any(method: &str) -> bool {
    method.eq_ignore_ascii_case("any") || method.eq_ignore_ascii_case(ANY)
}
