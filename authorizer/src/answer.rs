//! The answer to API Gateway.

pub(crate) mod context;
pub mod policy;

use std::borrow::Cow;

use lambda_support::json_len;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use self::context::written;
use crate::answer::policy::PolicyDocument;
use crate::answer_size::MAX_ANSWER_BYTES;

/// The context values that are never left out. They fit into an answer even with the largest policy and the longest
/// principal.
const ALWAYS_KEPT: [&str; 3] = ["signedIn", "principal", "exp"];

/// An answer in one of two forms. The types of `aws_lambda_events` are not used, because they serialise nulls, which
/// API Gateway may refuse.
#[derive(Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum AuthorizerResponse<'d> {
    /// A policy, for REST and WebSocket APIs and HTTP API payload 1.0. With `HTTP_API_RESPONSE=iam` also for 2.0.
    #[serde(rename_all = "camelCase")]
    Policy {
        principal_id: &'d str,
        /// The routes that the principal may call.
        policy_document: PolicyDocument<'d>,
        context: Cow<'d, RawValue>,
    },
    /// The simple response of HTTP API payload 2.0: whether the route of the event may be called.
    #[serde(rename_all = "camelCase")]
    Simple {
        is_authorized: bool,
        /// `None` if the token is refused.
        #[serde(skip_serializing_if = "Option::is_none")]
        context: Option<Cow<'d, RawValue>>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseForm {
    Policy,
    Simple,
}

impl<'d> AuthorizerResponse<'d> {
    /// Serialises the answer. While it is too large, the largest context value is left out. Also returns the names of
    /// the values that were left out.
    pub(crate) fn fit(mut self) -> (Box<RawValue>, Vec<String>) {
        let (mut json, mut left_out) = (written(&self), Vec::new());
        while json.get().len() > MAX_ANSWER_BYTES {
            let Some(name) = self.context_mut().and_then(take_largest) else {
                break;
            };
            left_out.push(name);
            json = written(&self);
        }
        (json, left_out)
    }

    const fn context_mut(&mut self) -> Option<&mut Cow<'d, RawValue>> {
        match self {
            Self::Policy { context, .. } => Some(context),
            Self::Simple { context, .. } => context.as_mut(),
        }
    }
}

/// Removes the largest value of a context and returns its name. Of values of equal size it removes the last by name.
fn take_largest(context: &mut Cow<'_, RawValue>) -> Option<String> {
    let mut members: Map<String, Value> = serde_json::from_str(context.get()).ok()?;
    let (name, _) = members
        .iter()
        .filter(|(name, _)| !ALWAYS_KEPT.contains(&name.as_str()))
        .max_by_key(|(_, value)| json_len(value))?;
    let name = name.clone();
    members.remove(&name);
    *context = Cow::Owned(written(&members));
    Some(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::access::{AccessRule, Permit};
    use crate::answer_size::{MAX_POLICY_BYTES, MAX_PRINCIPAL_BYTES};
    use crate::target::Target;

    fn simple(context: &Value) -> AuthorizerResponse<'static> {
        AuthorizerResponse::Simple {
            is_authorized: true,
            context: Some(Cow::Owned(written(context))),
        }
    }

    /// An answer of `bytes` bytes; its context value `a` fills it.
    fn of_size(bytes: usize) -> AuthorizerResponse<'static> {
        let frame = json_len(&simple(&json!({"a": "", "exp": 1})));
        simple(&json!({"a": "x".repeat(bytes - frame), "exp": 1}))
    }

    #[track_caller]
    fn check(answer: AuthorizerResponse<'_>, expected: &AuthorizerResponse<'_>, left_out: &[&str]) {
        let (json, names) = answer.fit();
        assert_eq!(json.get(), serde_json::to_string(expected).unwrap());
        assert_eq!(names, left_out);
    }

    #[test]
    fn an_answer_keeps_everything_up_to_its_limit() {
        let largest = of_size(MAX_ANSWER_BYTES);
        check(largest.clone(), &largest, &[]);
        let larger = of_size(MAX_ANSWER_BYTES + 1);
        check(larger, &simple(&json!({"exp": 1})), &["a"]);
    }

    #[test]
    fn the_largest_policy_and_the_longest_principal_fit_together() {
        let rules = [AccessRule::everything()];
        let (permit, target) = (Ok(Permit::of_all(&rules)), Target::longest());
        let policy = PolicyDocument::new(&permit, &target, None);
        let policy_bytes = json_len(&policy);
        let principal = "p".repeat(MAX_PRINCIPAL_BYTES - 2);
        let context = json!({"signedIn": true, "principal": principal, "exp": 1_u64 << 53});
        let answer = AuthorizerResponse::Policy {
            principal_id: &principal,
            policy_document: policy,
            context: Cow::Owned(written(&context)),
        };
        let rest = json_len(&answer) - policy_bytes;
        assert!(rest + MAX_POLICY_BYTES <= MAX_ANSWER_BYTES, "{rest}");
    }

    #[test]
    fn the_largest_values_are_left_out_first_and_three_are_always_kept() {
        let text = |bytes: usize| "\u{e9}".repeat(bytes / 2);
        let answer = simple(&json!({
            "signedIn": true, "principal": text(600), "exp": 1,
            "small": text(10), "middle": text(4_000), "large": text(5_000), "quotes": "\"".repeat(3_000),
        }));
        let rest = simple(&json!({
            "signedIn": true, "principal": text(600), "exp": 1, "small": text(10), "middle": text(4_000),
        }));
        check(answer, &rest, &["quotes", "large"]);
        let always = json!({"signedIn": true, "principal": text(8_200), "exp": 1});
        let mut all = always.clone();
        all["a"] = text(300).into();
        all["b"] = text(100).into();
        check(simple(&all), &simple(&always), &["a", "b"]);
    }
}
