//! Reads the access rules, and checks that no policy built from them exceeds API Gateway's limits.

mod claims;
mod rule;

use lambda_support::json_len;
use lambda_support::settings::Reader;
use serde_json::Value;

use self::rule::RuleReader;
use super::lints;
use crate::access::{AccessRule, AccessRules, Permit};
use crate::answer::policy::{MAX_RESOURCE_CHARS, PolicyDocument, PolicyResource};
use crate::answer_size::MAX_POLICY_BYTES;
use crate::strict_json;
use crate::target::Target;
use crate::verifier::Requirements;

/// Reads `ACCESS_RULES` or `ACCESS_RULES_FILE`. `trusted` has the issuers that rules may name.
pub(super) fn read(
    reader: &mut Reader<'_>,
    trusted: &[&str],
    requirements: &Requirements,
) -> AccessRules {
    let rules = read_rules(reader, trusted, requirements);
    AccessRules::new(rules.unwrap_or_default(), requirements.leeway)
}

/// `None` if the rules are invalid. The faults are recorded.
fn read_rules(
    reader: &mut Reader<'_>,
    trusted: &[&str],
    requirements: &Requirements,
) -> Option<Vec<AccessRule>> {
    const NAME: &str = "ACCESS_RULES";
    const FILE: &str = "ACCESS_RULES_FILE";
    if reader.is_set_blank(NAME) && reader.text(FILE).is_none() {
        reader.fault(
            NAME,
            "a JSON array of rules; to allow every valid token on every route, leave it unset",
        );
    }
    let (name, json) = match (reader.text(NAME), reader.text(FILE)) {
        (Some(_), Some(_)) => {
            reader.fault(FILE, "to be unset, because ACCESS_RULES is set");
            return None;
        }
        (Some(json), None) => (NAME, json.into_bytes()),
        (None, Some(_)) => (FILE, reader.file(FILE, "access rules")?),
        (None, None) => return Some(vec![AccessRule::everything()]),
    };
    let faults = match parse(&json, trusted) {
        Ok(rules) => match check_size(&rules, requirements.policy_expiry) {
            Ok(()) => {
                for warning in lints::of_rules(name, &rules, requirements.token_use) {
                    reader.warn(warning);
                }
                return Some(rules);
            }
            Err(faults) => faults,
        },
        Err(faults) => faults,
    };
    for RuleFault {
        pointer,
        value,
        expected,
    } in faults
    {
        if pointer.is_empty() {
            reader.fault(name, expected);
        } else {
            let value = value.map(|value| value.to_string());
            reader.fault_at(format!("{name}{pointer}"), value, expected);
        }
    }
    None
}

/// One fault of the rules.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleFault {
    /// The place, as a JSON pointer (RFC 6901) such as `/0/path`; empty for the whole document.
    pub(crate) pointer: String,
    pub(crate) value: Option<Value>,
    pub(crate) expected: String,
}

/// Parses rules. `trusted` has the issuers that they may name. The error has every fault of the rules.
pub fn parse(json: &[u8], trusted: &[&str]) -> Result<Vec<AccessRule>, Vec<RuleFault>> {
    let whole = |expected| vec![RuleFault::of_the_whole(expected)];
    let entries = match strict_json::parse_value(json) {
        Ok(Value::Array(entries)) => entries,
        Ok(_) => return Err(whole("a JSON array of rules".to_owned())),
        Err(fault) => return Err(whole(format!("a JSON array of rules; it is {fault}"))),
    };
    let mut faults = Vec::new();
    let mut rules = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let pointer = format!("/{index}");
        match entry {
            Value::Object(members) => {
                rules.extend(RuleReader::new(pointer, members, trusted, &mut faults).read());
            }
            other => faults.push(RuleFault {
                pointer,
                value: Some(other),
                expected: "an object".to_owned(),
            }),
        }
    }
    if faults.is_empty() {
        Ok(rules)
    } else {
        Err(faults)
    }
}

impl RuleFault {
    const fn of_the_whole(expected: String) -> Self {
        Self {
            pointer: String::new(),
            value: None,
            expected,
        }
    }
}

/// Checks the largest possible policy against API Gateway's limits: the policy of a caller who meets every rule.
fn check_size(rules: &[AccessRule], policy_expiry: bool) -> Result<(), Vec<RuleFault>> {
    let target = Target::longest();
    let policy = PolicyDocument::new(
        &Ok(Permit::of_all(rules)),
        &target,
        policy_expiry.then_some(0),
    );
    let mut faults = Vec::new();
    let mut fault = |expected| faults.push(RuleFault::of_the_whole(expected));
    if let Some(longest) = policy
        .resources()
        .iter()
        .map(PolicyResource::len)
        .max()
        .filter(|max| *max > MAX_RESOURCE_CHARS)
    {
        fault(format!(
            "shorter paths: a resource in a policy may have {MAX_RESOURCE_CHARS} characters, and with the longest \
             stage name one of these has {longest}"
        ));
    }
    let bytes = json_len(&policy);
    if bytes > MAX_POLICY_BYTES {
        fault(format!(
            "fewer or shorter rules: a policy may have {MAX_POLICY_BYTES} bytes, and the policy of a caller who meets \
             every rule, with the longest stage name, has {bytes}; a `*` in a path covers several routes"
        ));
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults)
    }
}

#[cfg(test)]
mod tests;
