//! The access rules, and that no policy from them can outgrow API Gateway.

use http::Method;
use lambda_support::settings::Reader;
use serde_json::{Map, Value};

use super::lints;
use crate::access::{AccessRule, AccessRules, Condition, Methods, VERBS};
use crate::answer::json_bytes;
use crate::method_arn::MethodArn;
use crate::path_pattern::PathPattern;
use crate::policy::{MAX_POLICY_BYTES, MAX_RESOURCE_CHARS, PolicyDocument};
use crate::strict_json;

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
            Some(file) => (FILE, file),
            None => return AccessRules::new(Vec::new()),
        },
        (None, None) => {
            return PathPattern::parse("/*")
                .map_or_else(|_| AccessRules::new(Vec::new()), AccessRules::everything);
        }
    };
    let problems = match parse(&json) {
        Ok(rules) => match check_size(&rules, policy_expiry) {
            Ok(()) => {
                for warning in lints::of_rules(name, &rules) {
                    reader.warn(warning);
                }
                return rules;
            }
            Err(problems) => problems,
        },
        Err(problems) => problems,
    };
    for Problem {
        place,
        value,
        expected,
    } in problems
    {
        if place.is_empty() {
            reader.fault(name, expected);
        } else {
            reader.fault_at(
                format!("{name}{place}"),
                value.map(|value| value.to_string()),
                expected,
            );
        }
    }
    AccessRules::new(Vec::new())
}

/// What is wrong with rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// Where, such as `[0].path`; empty for the whole.
    pub place: String,
    /// What stands there.
    pub value: Option<Value>,
    /// What was expected.
    pub expected: String,
}

/// Reads rules from JSON.
///
/// # Errors
///
/// Everything that is wrong with them.
pub fn parse(json: &[u8]) -> Result<AccessRules, Vec<Problem>> {
    let whole = |expected| {
        vec![Problem {
            place: String::new(),
            value: None,
            expected,
        }]
    };
    let entries = match strict_json::parse_value(json) {
        Ok(Value::Array(entries)) => entries,
        Ok(_) => return Err(whole("a JSON array of rules".to_owned())),
        Err(fault) => return Err(whole(format!("a JSON array of rules; it is {fault}"))),
    };
    let mut problems = Vec::new();
    let mut rules = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        match entry {
            Value::Object(members) => {
                rules.extend(
                    Entry {
                        place: format!("[{index}]"),
                        members,
                        problems: &mut problems,
                    }
                    .read(),
                );
            }
            other => problems.push(Problem {
                place: format!("[{index}]"),
                value: Some(other),
                expected: "an object".to_owned(),
            }),
        }
    }
    if problems.is_empty() {
        Ok(AccessRules::new(rules))
    } else {
        Err(problems)
    }
}

/// One rule; its members are taken out as they are read, so that what is left over is unknown.
struct Entry<'p> {
    place: String,
    members: Map<String, Value>,
    problems: &'p mut Vec<Problem>,
}

impl Entry<'_> {
    fn read(mut self) -> Option<AccessRule> {
        let methods = self.methods();
        let path = self.path();
        let scopes = self.texts("scopes");
        let groups = self.texts("groups");
        let anonymous = self.anonymous();
        for (name, value) in std::mem::take(&mut self.members) {
            self.problem(
                &name,
                Some(value),
                "only methods, path, scopes, groups, anonymous",
            );
        }
        let (scopes, groups, anonymous) = (scopes?, groups?, anonymous?);
        if anonymous && !(scopes.is_empty() && groups.is_empty()) {
            let expected =
                "no scopes or groups beside it, for it also serves callers without a token";
            self.problem("anonymous", Some(true.into()), expected);
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

    fn methods(&mut self) -> Option<Methods> {
        let value = self.members.remove("methods");
        let names = value
            .as_ref()
            .and_then(Value::as_array)
            .filter(|names| !names.is_empty());
        let methods = names.and_then(|names| {
            let verbs = names
                .iter()
                .filter(|name| *name != "*")
                .map(|name| VERBS.into_iter().find(|verb| name == verb.as_str()));
            let verbs: Vec<Method> = verbs.collect::<Option<_>>()?;
            Some(if names.iter().any(|name| name == "*") {
                Methods::Any
            } else {
                Methods::Only(verbs)
            })
        });
        if methods.is_none() {
            let expected =
                "an array with some of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, or \"*\"";
            self.problem("methods", value, expected);
        }
        methods
    }

    fn path(&mut self) -> Option<PathPattern> {
        let value = self.members.remove("path");
        let Some(Value::String(path)) = &value else {
            self.problem("path", value, "text that begins with `/`");
            return None;
        };
        PathPattern::parse(path)
            .map_err(|error| self.problem("path", value.clone(), &format!("a path: {error}")))
            .ok()
    }

    fn anonymous(&mut self) -> Option<bool> {
        match self.members.remove("anonymous") {
            None => Some(false),
            Some(Value::Bool(anonymous)) => Some(anonymous),
            other => {
                self.problem("anonymous", other, "true or false");
                None
            }
        }
    }

    /// An array of texts; empty if the member is not there. An empty array is refused, because it could be meant as
    /// everybody or as nobody.
    fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        let Some(value) = self.members.remove(name) else {
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
            self.problem(
                name,
                Some(value),
                "an array of at least one text, none empty; leave it out to ask for none",
            );
        }
        texts
    }

    fn problem(&mut self, member: &str, value: Option<Value>, expected: &str) {
        let place = format!("{}.{member}", self.place);
        self.problems.push(Problem {
            place,
            value,
            expected: expected.to_owned(),
        });
    }
}

/// Holds the largest policy there can be, for a caller who meets every rule, against API Gateway's limits.
fn check_size(rules: &AccessRules, policy_expiry: bool) -> Result<(), Vec<Problem>> {
    let policy = PolicyDocument::new(
        &Ok(rules.largest_permit()),
        &MethodArn::longest(),
        policy_expiry.then_some(0),
    );
    let mut problems = Vec::new();
    let mut problem = |expected| {
        problems.push(Problem {
            place: String::new(),
            value: None,
            expected,
        })
    };
    if let Some(longest) = policy
        .resources()
        .iter()
        .map(String::len)
        .max()
        .filter(|max| *max > MAX_RESOURCE_CHARS)
    {
        problem(format!(
            "shorter paths: a resource in a policy has at most {MAX_RESOURCE_CHARS} characters, and with the longest \
             stage name one would have {longest}"
        ));
    }
    let bytes = json_bytes(&policy);
    if bytes > MAX_POLICY_BYTES {
        problem(format!(
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
