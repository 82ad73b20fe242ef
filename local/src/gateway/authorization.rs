//! The answers of Lambda authorizers, and their cache.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest;
use lambda_support::clock::Timestamp;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::malformed::AnswerError;
use super::policy::Policy;
use super::response::ResponseVariables;
use crate::template::api::{Identity, IdentitySource, LambdaAuthorizer};

/// AWS's quota "AWS Lambda authorizer result size".
const MAX_ANSWER: usize = 8 * 1024;

/// A valid answer of an authorizer. The cache stores answers, not verdicts, because a policy is evaluated for each method.
#[derive(Clone, Debug)]
pub(crate) struct Authorization {
    pub(crate) decision: AuthorizerDecision,
    pub(crate) principal: Option<String>,
    /// The context for the integration.
    pub(crate) context: Map<String, Value>,
}

#[derive(Clone, Debug)]
pub(crate) enum AuthorizerDecision {
    /// A policy, for every method.
    Policy(Policy),
    /// A simple response, the same for every method.
    Simple(bool),
}

/// The form of answer that an authorizer is configured for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnswerForm {
    /// A policy for a REST API. Its context has only strings.
    Rest,
    /// A policy for an HTTP API.
    Policy,
    /// A simple response for an HTTP API.
    Simple,
}

impl Authorization {
    /// Reads an authorizer's answer. Fails if API Gateway would answer it with 500.
    pub(crate) fn read(payload: &[u8], form: AnswerForm) -> Result<Self, AnswerError> {
        if payload.len() > MAX_ANSWER {
            return Err(AnswerError::TooLarge {
                bytes: payload.len(),
                limit: MAX_ANSWER,
            });
        }
        let answer: Value = serde_json::from_slice(payload)
            .map_err(|error| AnswerError::Json(error.to_string()))?;
        let answer = answer
            .as_object()
            .ok_or_else(|| AnswerError::member("the answer", "an object"))?;
        let context = match answer.get("context") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(members)) => members.clone(),
            Some(_) => return Err(AnswerError::member("context", "an object")),
        };
        if form == AnswerForm::Simple {
            let allowed = answer
                .get("isAuthorized")
                .and_then(Value::as_bool)
                .ok_or_else(|| AnswerError::member("isAuthorized", "true or false"))?;
            return Ok(Self {
                decision: AuthorizerDecision::Simple(allowed),
                principal: None,
                context,
            });
        }
        let principal = answer
            .get("principalId")
            .and_then(Value::as_str)
            .ok_or_else(|| AnswerError::member("principalId", "a string"))?;
        let policy = Policy::read(answer.get("policyDocument").unwrap_or(&Value::Null))?;
        if !matches!(
            answer.get("usageIdentifierKey"),
            None | Some(Value::Null | Value::String(_))
        ) {
            return Err(AnswerError::member("usageIdentifierKey", "a string"));
        }
        Ok(Self {
            decision: AuthorizerDecision::Policy(policy),
            principal: Some(principal.to_owned()),
            context: match form {
                AnswerForm::Rest => strings(context)?,
                AnswerForm::Policy | AnswerForm::Simple => context,
            },
        })
    }

    /// The context and the principal, as in an event of payload format 1.0.
    pub(crate) fn flat_context(&self) -> Map<String, Value> {
        let mut context = self.context.clone();
        if let Some(principal) = &self.principal {
            context.insert("principalId".to_owned(), principal.as_str().into());
        }
        context
    }

    /// The same for a REST API, which adds the authorizer's latency.
    pub(crate) fn rest_context(&self, latency: Duration) -> Map<String, Value> {
        let mut context = self.flat_context();
        context.insert(
            "integrationLatency".to_owned(),
            json!(u64::try_from(latency.as_millis()).unwrap_or(u64::MAX)),
        );
        context
    }
}

/// The context of a REST API: every scalar as a string.
fn strings(context: Map<String, Value>) -> Result<Map<String, Value>, AnswerError> {
    let string = |(name, value): (String, Value)| {
        let text = match value {
            Value::String(text) => text,
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                let expected = "a string, a number or a boolean";
                return Err(AnswerError::member(format!("context: {name}"), expected));
            }
        };
        Ok((name, text.into()))
    };
    context.into_iter().map(string).collect()
}

/// The values that identify a caller.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Identified {
    /// Every value that the authorizer requires is present.
    By(Vec<String>),
    /// A value is missing, empty, or does not match the authorizer's expression: 401 without an invocation.
    Refused,
}

/// Takes an authorizer's identity sources from a request.
pub(crate) fn identify(
    authorizer: &LambdaAuthorizer,
    call: &Call,
    context: &ResponseVariables<'_>,
) -> Identified {
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
        Identity::Request { sources } => identified(sources, Repeated::Last, call, context),
        Identity::Http { sources, .. } => identified(sources, Repeated::Joined, call, context),
    }
}

fn identified(
    sources: &[IdentitySource],
    repeated: Repeated,
    call: &Call,
    context: &ResponseVariables<'_>,
) -> Identified {
    let values: Option<Vec<_>> = sources
        .iter()
        .map(|source| identity_value(source, repeated, call, context))
        .collect();
    values.map_or(Identified::Refused, Identified::By)
}

/// The value of a header or a parameter that was sent more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeated {
    Last,
    /// All values with commas, as the expressions of an HTTP API have them (`http-api-parameter-mapping`).
    Joined,
}

impl Repeated {
    fn of(self, values: &[&str]) -> Option<String> {
        match self {
            Self::Last => values.last().map(|&value| value.to_owned()),
            Self::Joined => (!values.is_empty()).then(|| values.join(",")),
        }
    }
}

/// The value of an identity source; an empty one is missing.
pub(crate) fn identity_value(
    source: &IdentitySource,
    repeated: Repeated,
    call: &Call,
    context: &ResponseVariables<'_>,
) -> Option<String> {
    let value = match source {
        IdentitySource::Header(name) => repeated.of(&call.header_values(name)),
        IdentitySource::QueryString(name) => repeated.of(&call.query_values(name)),
        IdentitySource::StageVariable(name) => context.variables.get(name).cloned(),
        IdentitySource::Context(name) => context.variable(name),
    };
    value.filter(|value| !value.is_empty())
}

/// The key of a cached answer: a digest of the authorizer and the identity values in order, so that the cache contains no
/// token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CacheKey([u8; 32]);

impl CacheKey {
    /// The key for these identity values at this authorizer.
    pub(crate) fn new(authorizer: &str, values: &[String]) -> Self {
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

/// Answers of authorizers, each cached for its authorizer's time to live.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<HashMap<CacheKey, (Timestamp, Authorization)>>);

impl Cache {
    /// The cached answer, unless it has expired.
    pub(crate) fn find(&self, key: &CacheKey, now: Timestamp) -> Option<Authorization> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(key)
            .filter(|(until, _)| now < *until)
            .map(|(_, authorization)| authorization.clone())
    }

    pub(crate) fn clear(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// Caches an answer, and removes expired ones.
    pub(crate) fn keep(
        &self,
        key: CacheKey,
        authorization: Authorization,
        ttl: Duration,
        now: Timestamp,
    ) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, (until, _)| now < *until);
        kept.insert(key, (now.plus(ttl), authorization));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_formed_and_malformed_answers() {
        fn check(answer: &Value, expected: Result<Value, &str>) {
            let payload = answer.to_string();
            match (
                Authorization::read(payload.as_bytes(), AnswerForm::Rest),
                expected,
            ) {
                (Ok(read), Ok(expected)) => {
                    assert_eq!(Value::Object(read.flat_context()), expected, "{answer}")
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
    fn keys_differ_by_authorizer_and_by_the_ends_of_values() {
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
