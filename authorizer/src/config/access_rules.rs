//! The access rules, and that no policy from them can outgrow API Gateway.

use serde_json::{Map, Value};

use super::reader::Reader;
use crate::access::{AccessRule, AccessRules, Condition, Methods, Verb};
use crate::method_arn::MethodArn;
use crate::path_pattern::PathPattern;
use crate::policy::{MAX_POLICY_BYTES, MAX_RESOURCE_CHARS, PolicyDocument};
use crate::strict_json;

/// The longest beginning that a resource can have: a partition and region longer than any there are, and a stage of
/// the 128 characters that API Gateway allows.
fn longest_arn() -> Option<MethodArn> {
    let stage = "s".repeat(128);
    MethodArn::parse(&format!(
        "arn:aws-iso-ff:execute-api:xx-isofff-northeast-1:111122223333:a1b2c3d4e5/{stage}/GET/"
    ))
    .ok()
}

pub(super) fn read(reader: &mut Reader<'_>, policy_expiry: bool) -> AccessRules {
    const NAME: &str = "ACCESS_RULES";
    const FILE: &str = "ACCESS_RULES_FILE";
    if reader.is_set_blank(NAME) && reader.text(FILE).is_none() {
        reader.fault(
            NAME,
            "a JSON array of rules; to let every valid token call everything, leave it unset",
        );
    }
    let (name, json) = match (reader.text(NAME), reader.text(FILE)) {
        (Some(_), Some(_)) => {
            reader.fault(FILE, "to be unset, as ACCESS_RULES is set: one of the two");
            return AccessRules::new(Vec::new());
        }
        (Some(json), None) => (NAME, json.into_bytes()),
        (None, Some(_)) => match reader.file(FILE, "access rules") {
            Some(file) => (FILE, file.bytes),
            None => return AccessRules::new(Vec::new()),
        },
        (None, None) => {
            return PathPattern::parse("/*")
                .map_or_else(|_| AccessRules::new(Vec::new()), AccessRules::everything);
        }
    };
    match parse(&json).and_then(|rules| check_size(&rules, policy_expiry).map(|()| rules)) {
        Ok(rules) => rules,
        Err(problems) => {
            for problem in problems {
                reader.fault(name, problem);
            }
            AccessRules::new(Vec::new())
        }
    }
}

/// Reads rules from JSON.
///
/// # Errors
///
/// Everything that was expected and is not so, each with the place.
pub fn parse(json: &[u8]) -> Result<AccessRules, Vec<String>> {
    let entries = match strict_json::parse_value(json) {
        Ok(Value::Array(entries)) => entries,
        Ok(_) => return Err(vec!["a JSON array of rules".to_owned()]),
        Err(fault) => return Err(vec![format!("a JSON array of rules; it is {fault}")]),
    };
    let mut problems = Vec::new();
    let mut rules = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let mut problem =
            |text: String| problems.push(format!("in rule {} of the array {text}", index + 1));
        match entry {
            Value::Object(members) => rules.extend(rule(members, &mut problem)),
            other => problem(format!("an object, not {other}")),
        }
    }
    if problems.is_empty() {
        Ok(AccessRules::new(rules))
    } else {
        Err(problems)
    }
}

fn rule(mut members: Map<String, Value>, problem: &mut dyn FnMut(String)) -> Option<AccessRule> {
    let methods = methods(members.remove("methods"), problem);
    let path = path(members.remove("path"), problem);
    let scopes = texts("scopes", members.remove("scopes"), problem);
    let groups = texts("groups", members.remove("groups"), problem);
    let anonymous = match members.remove("anonymous") {
        None => Some(false),
        Some(Value::Bool(anonymous)) => Some(anonymous),
        Some(other) => {
            problem(format!("`anonymous` to be true or false, not {other}"));
            None
        }
    };
    for name in members.keys() {
        problem(format!(
            "only methods, path, scopes, groups, anonymous, and not {name:?}"
        ));
    }
    let (scopes, groups, anonymous) = (scopes?, groups?, anonymous?);
    if anonymous && !(scopes.is_empty() && groups.is_empty()) {
        problem("no scopes or groups beside `\"anonymous\": true`, which serves callers without a token".to_owned());
    }
    let condition = if anonymous {
        Condition::Anonymous
    } else {
        Condition::SignedIn { scopes, groups }
    };
    Some(AccessRule {
        methods: methods?,
        path: path?,
        condition,
    })
}

fn methods(value: Option<Value>, problem: &mut dyn FnMut(String)) -> Option<Methods> {
    const EXPECTED: &str =
        "`methods` to be an array of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS or \"*\"";
    let Some(Value::Array(names)) = &value else {
        problem(format!("{EXPECTED}, {}", found(value.as_ref())));
        return None;
    };
    if names.is_empty() {
        problem(format!(
            "{EXPECTED}, not an empty one, which covers nothing"
        ));
        return None;
    }
    if names.iter().all(|name| name == "*") {
        return Some(Methods::Any);
    }
    let mut verbs = Vec::new();
    let mut any = false;
    for name in names {
        match Verb::ALL.into_iter().find(|verb| name == verb.name()) {
            Some(verb) if !verbs.contains(&verb) => verbs.push(verb),
            Some(_) => {}
            None if name == "*" => any = true,
            None => {
                problem(format!("{EXPECTED}, not {name}"));
                return None;
            }
        }
    }
    Some(if any {
        Methods::Any
    } else {
        Methods::Only(verbs)
    })
}

fn path(value: Option<Value>, problem: &mut dyn FnMut(String)) -> Option<PathPattern> {
    let Some(Value::String(path)) = &value else {
        problem(format!(
            "`path` to be text that begins with `/`, {}",
            found(value.as_ref())
        ));
        return None;
    };
    PathPattern::parse(path)
        .map_err(|error| problem(format!("another `path` than {path:?}: {error}")))
        .ok()
}

/// An array of texts; empty if the member is not there. An empty array is refused, because it could be meant as
/// everybody or as nobody.
fn texts(name: &str, value: Option<Value>, problem: &mut dyn FnMut(String)) -> Option<Vec<String>> {
    let Some(value) = value else {
        return Some(Vec::new());
    };
    let texts = value
        .as_array()
        .filter(|array| !array.is_empty())
        .and_then(|array| {
            let texts = array.iter().map(|item| {
                item.as_str()
                    .filter(|text| !text.is_empty())
                    .map(str::to_owned)
            });
            texts.collect()
        });
    if texts.is_none() {
        problem(format!(
            "`{name}` to be an array of at least one text, not {value}; leave it out to ask for none"
        ));
    }
    texts
}

fn found(value: Option<&Value>) -> String {
    value.map_or_else(
        || "and it is missing".to_owned(),
        |value| format!("not {value}"),
    )
}

/// Holds the largest policy there can be, for a caller who meets every rule, against API Gateway's limits.
fn check_size(rules: &AccessRules, policy_expiry: bool) -> Result<(), Vec<String>> {
    let Some(arn) = longest_arn() else {
        return Ok(());
    };
    let policy = PolicyDocument::new(
        &Ok(rules.largest_permit()),
        &arn,
        policy_expiry.then_some(0),
    );
    let mut problems = Vec::new();
    if let Some(longest) = policy
        .resources()
        .iter()
        .map(String::len)
        .max()
        .filter(|max| *max > MAX_RESOURCE_CHARS)
    {
        problems.push(format!(
            "shorter paths: a resource in a policy has at most {MAX_RESOURCE_CHARS} characters, and with the longest \
             stage name one would have {longest}"
        ));
    }
    let bytes = serde_json::to_vec(&policy).map_or(usize::MAX, |json| json.len());
    if bytes > MAX_POLICY_BYTES {
        problems.push(format!(
            "fewer or shorter rules: a policy has at most {MAX_POLICY_BYTES} bytes, and for a caller who meets every \
             rule, with the longest stage name, it would have {bytes}; `*` in a path covers several routes at once"
        ));
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

#[cfg(test)]
mod tests;
