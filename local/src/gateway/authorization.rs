//! Asking a Lambda authorizer, and keeping what it answered.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::call::Call;
use super::malformed::Malformed;
use super::policy::Policy;
use super::response::Context;
use crate::template::api::{Authorizer, Identity, IdentitySource};

/// AWS's quota "AWS Lambda authorizer result size".
const MAX_ANSWER: usize = 8 * 1024;

/// A valid answer of an authorizer, as far as the gateway uses it. All of it is kept, never a verdict: the policy is
/// weighed for each method anew.
#[derive(Clone, Debug)]
pub struct Authorization {
    /// The policy.
    pub policy: Policy,
    /// What the integration finds under `requestContext.authorizer`: the context as text, and `principalId`.
    pub context: Map<String, Value>,
}

impl Authorization {
    /// Reads an authorizer's answer.
    ///
    /// # Errors
    /// When API Gateway would not take it, and answer 500.
    pub fn read(payload: &[u8]) -> Result<Self, Malformed> {
        if payload.len() > MAX_ANSWER {
            return Err(Malformed::TooLarge {
                bytes: payload.len(),
                limit: MAX_ANSWER,
            });
        }
        let answer: Value =
            serde_json::from_slice(payload).map_err(|error| Malformed::Json(error.to_string()))?;
        let answer = answer
            .as_object()
            .ok_or_else(|| Malformed::member("the answer", "an object"))?;
        let principal = answer
            .get("principalId")
            .and_then(Value::as_str)
            .ok_or_else(|| Malformed::member("principalId", "a string"))?;
        let policy = Policy::read(answer.get("policyDocument").unwrap_or(&Value::Null))?;
        let mut context = Map::new();
        match answer.get("context") {
            None | Some(Value::Null) => {}
            Some(Value::Object(members)) => {
                for (name, value) in members {
                    let text = match value {
                        Value::String(text) => text.clone(),
                        Value::Bool(_) | Value::Number(_) => value.to_string(),
                        Value::Null | Value::Array(_) | Value::Object(_) => {
                            let expected = "a string, a number or a boolean";
                            return Err(Malformed::member(format!("context: {name}"), expected));
                        }
                    };
                    context.insert(name.clone(), text.into());
                }
            }
            Some(_) => return Err(Malformed::member("context", "an object")),
        }
        if !matches!(
            answer.get("usageIdentifierKey"),
            None | Some(Value::Null | Value::String(_))
        ) {
            return Err(Malformed::member("usageIdentifierKey", "a string"));
        }
        context.insert("principalId".to_owned(), principal.into());
        Ok(Self { policy, context })
    }

    /// The context with the time that asking took, as the integration finds it.
    #[must_use]
    pub fn context_after(&self, asked: Duration) -> Map<String, Value> {
        let mut context = self.context.clone();
        context.insert(
            "integrationLatency".to_owned(),
            json!(u64::try_from(asked.as_millis()).unwrap_or(u64::MAX)),
        );
        context
    }
}

/// The values that identify a caller.
#[derive(Debug, PartialEq, Eq)]
pub enum Identified {
    /// All that the authorizer wants are there.
    By(Vec<String>),
    /// One is missing, empty, or not as the authorizer's expression wants it: 401, and the function is not asked.
    Refused,
}

/// Takes an authorizer's identity sources from a request.
#[must_use]
pub fn identify(authorizer: &Authorizer, call: &Call, context: &Context<'_>) -> Identified {
    match &authorizer.identity {
        Identity::Token { header, validation } => {
            let value = call.header_values(header).join(",");
            let fits = validation
                .as_ref()
                .is_none_or(|whole| whole.is_match(&value));
            if value.is_empty() || !fits {
                Identified::Refused
            } else {
                Identified::By(vec![value])
            }
        }
        // Without caching "API Gateway directly passes the request to the Lambda function".
        Identity::Request { .. } if authorizer.ttl.is_zero() => Identified::By(Vec::new()),
        Identity::Request { sources } => {
            let values: Option<Vec<_>> = sources
                .iter()
                .map(|source| {
                    let value = match source {
                        IdentitySource::Header(name) => call.header(name).map(str::to_owned),
                        IdentitySource::QueryString(name) => {
                            call.query_parameter(name).map(str::to_owned)
                        }
                        IdentitySource::StageVariable(name) => context.variables.get(name).cloned(),
                        IdentitySource::Context(name) => context.variable(name),
                    };
                    value.filter(|value| !value.is_empty())
                })
                .collect();
            values.map_or(Identified::Refused, Identified::By)
        }
    }
}

/// What an answer is kept under: the authorizer, and a digest of the identity values in their order, so that no token
/// lies about in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CacheKey([u8; 32]);

impl CacheKey {
    /// The key for these identity values at this authorizer.
    #[must_use]
    pub fn new(authorizer: &str, values: &[String]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        for text in std::iter::once(authorizer).chain(values.iter().map(String::as_str)) {
            context.update(&text.len().to_be_bytes());
            context.update(text.as_bytes());
        }
        let mut key = [0; 32];
        key.copy_from_slice(context.finish().as_ref());
        Self(key)
    }
}

/// Answers of authorizers, each kept for its authorizer's time to live.
#[derive(Debug, Default)]
pub struct Cache(Mutex<HashMap<CacheKey, (OffsetDateTime, Authorization)>>);

impl Cache {
    /// The answer that is kept under the key, if its time has not passed.
    pub fn find(&self, key: &CacheKey, now: OffsetDateTime) -> Option<Authorization> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(key)
            .filter(|(until, _)| now < *until)
            .map(|(_, authorization)| authorization.clone())
    }

    /// Keeps an answer, and forgets those whose time has passed.
    pub fn keep(
        &self,
        key: CacheKey,
        authorization: Authorization,
        ttl: Duration,
        now: OffsetDateTime,
    ) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, (until, _)| now < *until);
        kept.insert(key, (now + ttl, authorization));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_are_taken_and_refused() {
        fn check(answer: &Value, expected: Result<Value, &str>) {
            match (Authorization::read(answer.to_string().as_bytes()), expected) {
                (Ok(read), Ok(expected)) => {
                    assert_eq!(Value::Object(read.context), expected, "{answer}")
                }
                (Err(error), Err(expected)) => {
                    assert!(error.to_string().contains(expected), "{answer}: {error}")
                }
                (found, expected) => panic!("{answer}: found {found:?}, expected {expected:?}"),
            }
        }
        let policy = json!({"Version": "2012-10-17", "Statement": []});
        let with = |context: Value| json!({"principalId": "p", "policyDocument": policy, "context": context});
        check(
            &with(json!({"a": "x", "b": 1, "c": true, "d": 1.5})),
            Ok(json!({"principalId": "p", "a": "x", "b": "1", "c": "true", "d": "1.5"})),
        );
        check(
            &json!({"principalId": "p", "policyDocument": policy}),
            Ok(json!({"principalId": "p"})),
        );
        check(
            &with(json!({"a": null})),
            Err("context: a: expected a string"),
        );
        check(
            &with(json!({"a": []})),
            Err("context: a: expected a string"),
        );
        check(
            &with(json!({"a": {}})),
            Err("context: a: expected a string"),
        );
        check(&with(json!([])), Err("context: expected an object"));
        check(&json!({"policyDocument": policy}), Err("principalId"));
        check(
            &json!({"principalId": 1, "policyDocument": policy}),
            Err("principalId"),
        );
        check(&json!({"principalId": "p"}), Err("policyDocument"));
        check(&json!({"statusCode": 401}), Err("principalId"));
        check(
            &json!("Unauthorized"),
            Err("the answer: expected an object"),
        );
        check(&json!(null), Err("the answer: expected an object"));
        check(
            &with(json!({"a": "x".repeat(9000)})),
            Err("AWS accepts 8192"),
        );
    }

    #[test]
    fn keys_differ_by_authorizer_and_by_where_values_end() {
        let key = |authorizer: &str, values: &[&str]| {
            CacheKey::new(
                authorizer,
                &values
                    .iter()
                    .map(|&value| value.to_owned())
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(key("a", &["x", "y"]), key("a", &["x", "y"]));
        assert_ne!(key("a", &["x", "y"]), key("a", &["y", "x"]));
        assert_ne!(key("a", &["x", "y"]), key("a", &["xy"]));
        assert_ne!(key("a", &["x"]), key("b", &["x"]));
    }
}
