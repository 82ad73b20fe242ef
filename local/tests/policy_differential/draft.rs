//! A policy and a request under construction.

use serde_json::{Map, Value, json};
use testkit::seeded::Seeded;

pub(crate) const ARN: &str =
    "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/GET/state/a";

/// A policy and a request under construction.
pub(crate) struct Draft {
    pub(crate) policy: Value,
    pub(crate) statements: Vec<Value>,
    pub(crate) arn: String,
    pub(crate) facts: Map<String, Value>,
}

impl Draft {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Seeded::new(seed);
        let facts = json!({
            "aws:CurrentTime": "2001-09-09T01:46:40Z", "aws:EpochTime": "1000000000", "aws:SourceIp": "127.0.0.1",
            "aws:UserAgent": "curl/8", "aws:SecureTransport": "true",
        });
        let matching = if random.one_in(2) { "*" } else { ARN };
        let statements = match random.below(3) {
            0 => vec![statement("Allow", matching)],
            1 => vec![statement("Allow", "*"), statement("Deny", matching)],
            _ => vec![
                statement("Deny", "arn:aws:s3:::bucket/*"),
                statement("Allow", matching),
            ],
        };
        Self {
            policy: json!({"Version": "2012-10-17"}),
            statements,
            arn: ARN.to_owned(),
            facts: facts.as_object().unwrap().clone(),
        }
    }

    pub(crate) fn finish(mut self) -> Value {
        if let Value::Object(members) = &mut self.policy {
            members
                .entry("Statement")
                .or_insert_with(|| json!(self.statements));
        }
        json!({"policy": self.policy, "arn": self.arn, "facts": self.facts})
    }

    /// Sets a member of the last statement.
    pub(crate) fn set(&mut self, member: &str, value: Value) {
        if let Some(Value::Object(statement)) = self.statements.last_mut() {
            statement.insert(member.to_owned(), value);
        }
    }

    pub(crate) fn remove(&mut self, member: &str) {
        if let Some(Value::Object(statement)) = self.statements.last_mut() {
            statement.remove(member);
        }
    }
}

pub(crate) fn statement(effect: &str, resource: &str) -> Value {
    json!({"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource})
}

/// Values that no member may have.
pub(crate) fn odd_values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(""),
        json!("x"),
        json!([]),
        json!(["x"]),
        json!([null]),
        json!([1]),
        json!({}),
        json!([[]]),
        json!({"x": 1}),
    ]
}
