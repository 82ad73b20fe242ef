//! Conditions of a policy's statements, evaluated with the facts that API Gateway knows about a request.
//!
//! AWS does not document which keys have a value for an authorizer's policy. Here the keys in AWS's own samples have one,
//! if they make sense on one machine. A condition on any other key does not hold, and a warning says so.

mod operator;

use std::net::IpAddr;

use lambda_support::clock::Timestamp;
use serde_json::{Map, Value};
use time::format_description::well_known::Rfc3339;

use self::operator::{ConditionError, Operator, Set, Test, boolean};
use super::malformed::AnswerError;
use super::pattern::texts;

/// The facts of a request that conditions can test.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// `aws:CurrentTime` and `aws:EpochTime`.
    pub now: Timestamp,
    /// `aws:SourceIp`.
    pub source_ip: IpAddr,
    /// `aws:UserAgent`.
    pub user_agent: Option<&'a str>,
    /// `aws:Referer`.
    pub referer: Option<&'a str>,
}

impl Facts<'_> {
    #[cfg(test)]
    pub(super) fn for_test(now: u64) -> Self {
        Self {
            now: Timestamp::from_secs(now),
            source_ip: IpAddr::from([127, 0, 0, 1]),
            user_agent: Some("curl/8"),
            referer: None,
        }
    }

    /// A key's value; none for a key without one, an error for an unknown key.
    fn value(&self, key: &str) -> Result<Option<String>, ConditionError> {
        Ok(match key.to_ascii_lowercase().as_str() {
            "aws:currenttime" => self.now.utc().and_then(|now| now.format(&Rfc3339).ok()),
            "aws:epochtime" => Some(self.now.as_secs().to_string()),
            "aws:sourceip" => Some(self.source_ip.to_string()),
            "aws:useragent" => self.user_agent.map(str::to_owned),
            "aws:referer" => self.referer.map(str::to_owned),
            // API Gateway accepts only TLS; this machine has none.
            "aws:securetransport" => Some("true".to_owned()),
            _ => return Err(ConditionError::Key),
        })
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Conditions(Vec<KeyCondition>);

#[derive(Clone, Debug)]
struct KeyCondition {
    /// The operator and the key, for messages.
    name: String,
    operator: Operator,
    key: String,
    wanted: Vec<String>,
}

impl Conditions {
    /// Reads the member `Condition` of a statement.
    pub(super) fn read(conditions: &Map<String, Value>) -> Result<Self, AnswerError> {
        let mut read = Vec::new();
        for (operator, keys) in conditions {
            let parsed = Operator::parse(operator)
                .ok_or_else(|| AnswerError::UnknownOperator(operator.clone()))?;
            let place = format!("policyDocument: Condition: {operator}");
            let keys = keys
                .as_object()
                .ok_or_else(|| AnswerError::member(&place, "an object"))?;
            for (key, wanted) in keys {
                let wanted = match wanted {
                    Value::Bool(boolean) => vec![boolean.to_string()],
                    Value::Number(number) => vec![number.to_string()],
                    other => texts(other).ok_or_else(|| {
                        AnswerError::member(
                            format!("{place}: {key}"),
                            "a string or a list of strings",
                        )
                    })?,
                };
                read.push(KeyCondition {
                    name: format!("{operator} on `{key}`"),
                    operator: parsed,
                    key: key.clone(),
                    wanted,
                });
            }
        }
        Ok(Self(read))
    }

    /// Whether all conditions hold. A condition that cannot be evaluated does not hold, and `warn` receives the reason.
    pub(super) fn hold(&self, facts: &Facts<'_>, warn: &mut dyn FnMut(String)) -> bool {
        self.0.iter().all(|condition| {
            condition.holds(facts).unwrap_or_else(|problem| {
                let name = &condition.name;
                warn(format!("the condition {name} does not hold: {problem}"));
                false
            })
        })
    }
}

impl KeyCondition {
    fn holds(&self, facts: &Facts<'_>) -> Result<bool, ConditionError> {
        let value = facts.value(&self.key)?;
        let (compare, negated) = match self.operator.test {
            Test::Null => {
                let mut wanted = self.wanted.iter().map(|wanted| boolean(wanted));
                return Ok(wanted.any(|wanted| wanted == Some(value.is_none())));
            }
            Test::Compare { compare, negated } => (compare, negated),
        };
        match value {
            // A missing value equals nothing, so negated operators hold; `ForAllValues` holds for no values,
            // `ForAnyValue` does not.
            None => Ok(match self.operator.set {
                Some(Set::All) => true,
                Some(Set::Any) => false,
                None => self.operator.if_exists || negated,
            }),
            Some(value) => {
                let mut problem = None;
                for wanted in &self.wanted {
                    match compare(&value, wanted) {
                        Ok(true) => return Ok(!negated),
                        Ok(false) => {}
                        Err(error) => problem = Some(error),
                    }
                }
                problem.map_or(Ok(negated), Err)
            }
        }
    }
}

#[cfg(test)]
mod tests;
