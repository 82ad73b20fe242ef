//! The policy of an authorizer's answer: its form, and its verdict for one method.
//!
//! IAM's rules: an explicit deny overrides every allow, and a method without an allow is denied. `*` in an ARN also matches
//! `/`.

use serde_json::{Map, Value};

use super::condition::{Conditions, Facts};
use super::malformed::AnswerError;
use super::pattern::{glob, texts};

/// The action of a call to a method.
const INVOKE: &str = "execute-api:Invoke";

#[derive(Clone, Debug)]
pub struct Policy(Vec<Statement>);

#[derive(Clone, Debug)]
struct Statement {
    allow: bool,
    actions: Selection,
    resources: Selection,
    conditions: Conditions,
}

/// Patterns that select, or that exclude (`NotAction`, `NotResource`).
#[derive(Clone, Debug)]
struct Selection {
    patterns: Vec<String>,
    inverted: bool,
}

/// The verdict of a policy for a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyVerdict {
    /// A statement allows it and none denies it.
    Allowed,
    /// No statement allows it.
    NotAllowed,
    /// A statement denies it.
    Denied,
}

impl Policy {
    /// Reads a policy document. Fails if it is malformed, which API Gateway answers with 500.
    pub fn read(document: &Value) -> Result<Self, AnswerError> {
        let document = document
            .as_object()
            .ok_or_else(|| AnswerError::member("policyDocument", "an object"))?;
        let mut members = document.keys().map(String::as_str);
        if let Some(other) = members.find(|name| !["Version", "Id", "Statement"].contains(name)) {
            return Err(AnswerError::Unknown(other.to_owned()));
        }
        check_string(document, "Id")?;
        match document.get("Version") {
            None => {}
            Some(Value::String(version)) if version == "2012-10-17" || version == "2008-10-17" => {}
            Some(other) => {
                let expected = format!("\"2012-10-17\", found {other}");
                return Err(wrong("Version", expected));
            }
        }
        let statements = match document.get("Statement") {
            Some(Value::Array(statements)) => {
                statements.iter().map(statement).collect::<Result<_, _>>()?
            }
            Some(one @ Value::Object(_)) => vec![statement(one)?],
            _ => return Err(wrong("Statement", "a list")),
        };
        Ok(Self(statements))
    }

    /// The verdict for invoking `method_arn`. `warn` receives the conditions that cannot be evaluated here.
    pub fn verdict(
        &self,
        method_arn: &str,
        facts: &Facts<'_>,
        warn: &mut dyn FnMut(String),
    ) -> PolicyVerdict {
        let mut verdict = PolicyVerdict::NotAllowed;
        for statement in &self.0 {
            let meant = statement.actions.selects(INVOKE, caseless_glob)
                && statement.resources.selects(method_arn, glob)
                && statement.conditions.hold(facts, warn);
            match (meant, statement.allow) {
                (true, false) => return PolicyVerdict::Denied,
                (true, true) => verdict = PolicyVerdict::Allowed,
                (false, _) => {}
            }
        }
        verdict
    }
}

/// Actions are case-insensitive, resources are not.
fn caseless_glob(pattern: &str, text: &str) -> bool {
    glob(&pattern.to_ascii_lowercase(), &text.to_ascii_lowercase())
}

impl Selection {
    fn selects(&self, text: &str, matches: fn(&str, &str) -> bool) -> bool {
        self.patterns.iter().any(|pattern| matches(pattern, text)) != self.inverted
    }
}

fn wrong(member: &str, expected: impl Into<String>) -> AnswerError {
    AnswerError::member(format!("policyDocument: {member}"), expected)
}

fn statement(value: &Value) -> Result<Statement, AnswerError> {
    let members = value
        .as_object()
        .ok_or_else(|| wrong("Statement", "objects"))?;
    for name in members.keys() {
        match name.as_str() {
            "Sid" | "Effect" | "Action" | "NotAction" | "Resource" | "NotResource"
            | "Condition" => {}
            other => return Err(AnswerError::Unknown(other.to_owned())),
        }
    }
    check_string(members, "Sid")?;
    let allow = match members.get("Effect") {
        Some(Value::String(effect)) if effect == "Allow" => true,
        Some(Value::String(effect)) if effect == "Deny" => false,
        other => {
            let found = other.map_or_else(|| "none".to_owned(), Value::to_string);
            let expected = format!("\"Allow\" or \"Deny\", found {found}");
            return Err(wrong("Effect", expected));
        }
    };
    let conditions = match members.get("Condition") {
        None => Conditions::default(),
        Some(Value::Object(conditions)) => Conditions::read(conditions)?,
        Some(other) => {
            let expected = format!("an object, found {other}");
            return Err(wrong("Condition", expected));
        }
    };
    Ok(Statement {
        allow,
        actions: selection(members, "Action", "NotAction")?,
        resources: selection(members, "Resource", "NotResource")?,
        conditions,
    })
}

/// Checks a member that may be missing.
fn check_string(members: &Map<String, Value>, name: &str) -> Result<(), AnswerError> {
    match members.get(name) {
        None | Some(Value::String(_)) => Ok(()),
        Some(_) => Err(wrong(name, "a string")),
    }
}

fn selection(
    members: &Map<String, Value>,
    name: &str,
    inverted: &str,
) -> Result<Selection, AnswerError> {
    let (value, is_inverted) = match (members.get(name), members.get(inverted)) {
        (Some(value), None) => (value, false),
        (None, Some(value)) => (value, true),
        _ => {
            let expected = format!("one of {name} and {inverted}");
            return Err(AnswerError::member("policyDocument", expected));
        }
    };
    let patterns = texts(value).ok_or_else(|| wrong(name, "a string or a list of strings"))?;
    Ok(Selection {
        patterns,
        inverted: is_inverted,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ARN: &str = "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/GET/state/a";

    fn verdict(statements: &Value) -> Result<PolicyVerdict, AnswerError> {
        let facts = Facts::for_test(1_000_000_000);
        Policy::read(&json!({"Version": "2012-10-17", "Statement": statements}))
            .map(|policy| policy.verdict(ARN, &facts, &mut |warning| panic!("{warning}")))
    }

    #[test]
    fn verdicts() {
        fn check(statements: &Value, expected: PolicyVerdict) {
            assert_eq!(verdict(statements), Ok(expected), "{statements}");
        }
        let allow = |resource: &str| json!({"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource});
        let deny = |resource: &str| json!({"Effect": "Deny", "Action": "execute-api:Invoke", "Resource": [resource]});
        check(&json!([allow(ARN)]), PolicyVerdict::Allowed);
        check(&allow(ARN), PolicyVerdict::Allowed);
        check(&json!([allow("*")]), PolicyVerdict::Allowed);
        check(
            &json!([allow("arn:aws:execute-api:*:*:*")]),
            PolicyVerdict::Allowed,
        );
        check(
            &json!([allow(
                "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/*"
            )]),
            PolicyVerdict::Allowed,
        );
        check(
            &json!([allow(
                "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/*/a"
            )]),
            PolicyVerdict::Allowed,
        );
        check(
            &json!([allow(
                "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/PUT/*"
            )]),
            PolicyVerdict::NotAllowed,
        );
        check(
            &json!([allow(
                "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/get/state/a"
            )]),
            PolicyVerdict::NotAllowed,
        );
        check(&json!([allow(ARN), deny("*")]), PolicyVerdict::Denied);
        check(&json!([deny("*"), allow(ARN)]), PolicyVerdict::Denied);
        check(
            &json!([allow(ARN), deny("arn:*/PUT/*")]),
            PolicyVerdict::Allowed,
        );
        check(&json!([deny("arn:*/PUT/*")]), PolicyVerdict::NotAllowed);
        check(&json!([]), PolicyVerdict::NotAllowed);
        check(
            &json!([{"Effect": "Allow", "Action": "execute-api:*", "Resource": "*"}]),
            PolicyVerdict::Allowed,
        );
        check(
            &json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}]),
            PolicyVerdict::Allowed,
        );
        check(
            &json!([{"Effect": "Allow", "Action": "EXECUTE-API:invoke", "Resource": "*"}]),
            PolicyVerdict::Allowed,
        );
        check(
            &json!([{"Effect": "Allow", "Action": ["execute-api:InvalidateCache"], "Resource": "*"}]),
            PolicyVerdict::NotAllowed,
        );
        check(
            &json!([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}]),
            PolicyVerdict::Allowed,
        );
        check(
            &json!([{"Effect": "Allow", "Action": "*", "NotResource": "arn:*/state/*"}]),
            PolicyVerdict::NotAllowed,
        );
        let dated = |date: &str| json!([{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"DateLessThan": {"aws:CurrentTime": date}}}]);
        check(&dated("2001-09-09T01:46:41Z"), PolicyVerdict::Allowed);
        check(&dated("2001-09-09T01:46:40Z"), PolicyVerdict::NotAllowed);
    }

    #[test]
    fn malformed_policies() {
        fn check(statements: &Value, expected: &str) {
            let error = verdict(statements).unwrap_err().to_string();
            assert!(error.contains(expected), "{statements}: {error}");
        }
        check(&json!("x"), "Statement: expected a list");
        check(
            &json!([{"Action": "*", "Resource": "*"}]),
            "Effect: expected \"Allow\" or \"Deny\", found none",
        );
        check(
            &json!([{"Effect": "allow", "Action": "*", "Resource": "*"}]),
            "Effect: expected \"Allow\" or \"Deny\", found \"allow\"",
        );
        check(
            &json!([{"Effect": "Allow", "Resource": "*"}]),
            "one of Action and NotAction",
        );
        check(
            &json!([{"Effect": "Allow", "Action": "*"}]),
            "one of Resource and NotResource",
        );
        check(
            &json!([{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": null}]),
            "Condition",
        );
        check(
            &json!([{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}]),
            "the member `Principal` is not allowed",
        );
        check(
            &json!([{"Effect": "Allow", "Action": "*", "Resource": [1]}]),
            "Resource: expected a string or a list of strings",
        );
        check(
            &json!([{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringMatches": {"aws:Referer": "x"}}}]),
            "the operator `StringMatches` is unknown",
        );
        let with_id =
            |id: &Value| json!([{"Sid": id, "Effect": "Allow", "Action": "*", "Resource": "*"}]);
        check(&with_id(&json!(null)), "Sid: expected a string");
        check(&with_id(&json!(["a"])), "Sid: expected a string");
        assert!(verdict(&with_id(&json!("a b"))).is_ok());
        for (member, value) in [("version", json!("2012-10-17")), ("Id", json!(1))] {
            let policy = json!({"Statement": [], member: value});
            assert!(Policy::read(&policy).is_err(), "{policy}");
        }
        assert!(Policy::read(&json!({"Id": "a", "Statement": []})).is_ok());
        assert!(Policy::read(&json!(null)).is_err());
        assert!(Policy::read(&json!({"Version": "2020-01-01", "Statement": []})).is_err());
    }
}
