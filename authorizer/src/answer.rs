//! The answer to API Gateway.

pub mod context;
pub mod policy;

use lambda_support::json_len;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::answer::policy::PolicyDocument;
use crate::answer_size::MAX_ANSWER_BYTES;

/// The context values that are never left out. With the largest policy and the longest principal they fit.
const ALWAYS_KEPT: [&str; 3] = ["signedIn", "principal", "exp"];

/// An answer in one of two forms. The types of `aws_lambda_events` are not used, because they write nulls.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum AuthorizerResponse {
    /// A policy: for REST and WebSocket APIs and HTTP API payload 1.0, and for 2.0 if so set.
    #[serde(rename_all = "camelCase")]
    Policy {
        principal_id: String,
        /// The routes that the principal may call.
        policy_document: PolicyDocument,
        context: Map<String, Value>,
    },
    /// Yes or no for the route of the event: the simple response of HTTP API payload 2.0.
    #[serde(rename_all = "camelCase")]
    Simple {
        /// Whether the call is allowed.
        is_authorized: bool,
        /// The context; empty if the token is bad.
        #[serde(skip_serializing_if = "Option::is_none")]
        context: Option<Map<String, Value>>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseForm {
    /// [`AuthorizerResponse::Policy`].
    Policy,
    /// [`AuthorizerResponse::Simple`].
    Simple,
}

impl AuthorizerResponse {
    /// Leaves out the largest context value while the answer is too large. Returns the names of those left out.
    pub fn fit(&mut self) -> Vec<String> {
        let mut left_out = Vec::new();
        if self.max_bytes() <= MAX_ANSWER_BYTES {
            return left_out;
        }
        while json_len(self) > MAX_ANSWER_BYTES {
            let Some(name) = self.context_mut().and_then(take_largest) else {
                break;
            };
            left_out.push(name);
        }
        left_out
    }

    /// A bound on the size as JSON, found without writing it: most answers are far below the limit.
    fn max_bytes(&self) -> usize {
        /// The names and the punctuation of an answer.
        const FRAME: usize = 512;
        let (principal, resources, context) = match self {
            Self::Policy {
                principal_id,
                policy_document,
                context,
            } => (
                principal_id.as_str(),
                policy_document.resources(),
                Some(context),
            ),
            Self::Simple { context, .. } => ("", &[][..], context.as_ref()),
        };
        let members = context.into_iter().flatten();
        FRAME
            + max_string_bytes(principal)
            + resources
                .iter()
                .map(|one| max_string_bytes(one))
                .sum::<usize>()
            + members
                .map(|(name, value)| max_string_bytes(name) + max_value_bytes(value))
                .sum::<usize>()
    }

    const fn context_mut(&mut self) -> Option<&mut Map<String, Value>> {
        match self {
            Self::Policy { context, .. } => Some(context),
            Self::Simple { context, .. } => context.as_mut(),
        }
    }
}

/// Two quotes, a comma or colon, and at most six bytes (`\u001f`) for each one.
const fn max_string_bytes(text: &str) -> usize {
    text.len().saturating_mul(6).saturating_add(3)
}

fn max_value_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 32,
        Value::String(text) => max_string_bytes(text),
        Value::Array(_) | Value::Object(_) => json_len(value) + 1,
    }
}

/// Removes the largest value of a context, of equal ones the last by name, and returns its name.
fn take_largest(context: &mut Map<String, Value>) -> Option<String> {
    let (name, _) = context
        .iter()
        .filter(|(name, _)| !ALWAYS_KEPT.contains(&name.as_str()))
        .max_by_key(|(_, value)| json_len(value))?;
    let name = name.clone();
    context.remove(&name);
    Some(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::access::{AccessRule, Permit};
    use crate::answer_size::{MAX_POLICY_BYTES, MAX_PRINCIPAL_BYTES};
    use crate::target::Target;

    fn simple(context: &Value) -> AuthorizerResponse {
        AuthorizerResponse::Simple {
            is_authorized: true,
            context: context.as_object().cloned(),
        }
    }

    /// The answer around one value `a` is `bytes` long.
    fn of_size(bytes: usize) -> AuthorizerResponse {
        let frame = json_len(&simple(&json!({"a": "", "exp": 1})));
        simple(&json!({"a": "x".repeat(bytes - frame), "exp": 1}))
    }

    #[test]
    fn an_answer_keeps_everything_up_to_its_limit() {
        let mut largest = of_size(MAX_ANSWER_BYTES);
        assert_eq!(largest.fit(), Vec::<String>::new());
        assert_eq!(largest, of_size(MAX_ANSWER_BYTES));
        let mut larger = of_size(MAX_ANSWER_BYTES + 1);
        assert_eq!(larger.fit(), ["a"]);
        assert_eq!(larger, simple(&json!({"exp": 1})));
    }

    #[test]
    fn the_largest_policy_and_the_longest_principal_fit_together() {
        let rules = [AccessRule::everything()];
        let permit = Ok(Permit::of_all(&rules));
        let policy = PolicyDocument::new(&permit, &Target::longest(), None);
        let policy_bytes = json_len(&policy);
        let principal = "p".repeat(MAX_PRINCIPAL_BYTES - 2);
        let context = json!({"signedIn": true, "principal": principal, "exp": 1_u64 << 53});
        let answer = AuthorizerResponse::Policy {
            principal_id: principal,
            policy_document: policy,
            context: context.as_object().cloned().unwrap(),
        };
        let rest = json_len(&answer) - policy_bytes;
        assert!(rest + MAX_POLICY_BYTES <= MAX_ANSWER_BYTES, "{rest}");
    }

    #[test]
    fn the_largest_values_are_left_out_first_and_three_are_always_kept() {
        let text = |bytes: usize| "\u{e9}".repeat(bytes / 2);
        let mut answer = simple(&json!({
            "signedIn": true, "principal": text(600), "exp": 1,
            "small": text(10), "middle": text(4_000), "large": text(5_000), "quotes": "\"".repeat(3_000),
        }));
        assert_eq!(answer.fit(), ["quotes", "large"]);
        let mut all = simple(&json!({
            "signedIn": true, "principal": text(8_200), "exp": 1, "a": text(300), "b": text(100),
        }));
        assert_eq!(all.fit(), ["a", "b"]);
    }
}
