//! Parses one access rule.

use std::collections::HashSet;
use std::time::Duration;

use http::Method;
use serde_json::{Map, Value};

use super::RuleFault;
use crate::access::path_pattern::PathPattern;
use crate::access::{AccessRule, Condition, Demand, ExactNumber, Methods, VERBS};
use crate::config::pointer_token;

/// The members that demand something of a token.
const DEMANDS: [&str; 8] = [
    "issuers",
    "clients",
    "scopes",
    "groups",
    "claims",
    "notClaims",
    "acr",
    "maxAgeSeconds",
];

/// Parses one rule. Each member is removed when it is read, so the members that remain are unknown.
pub(super) struct RuleReader<'p> {
    pointer: String,
    pub(super) members: Map<String, Value>,
    trusted: &'p [&'p str],
    faults: &'p mut Vec<RuleFault>,
}

impl<'p> RuleReader<'p> {
    pub(super) const fn new(
        pointer: String,
        members: Map<String, Value>,
        trusted: &'p [&'p str],
        faults: &'p mut Vec<RuleFault>,
    ) -> Self {
        Self {
            pointer,
            members,
            trusted,
            faults,
        }
    }

    /// `None` if the rule is invalid. The faults are recorded.
    pub(super) fn read(mut self) -> Option<AccessRule> {
        let before = self.faults.len();
        let methods = self.methods();
        let path = self.path();
        let anonymous = self.anonymous();
        let has_demands = DEMANDS.iter().any(|name| self.members.contains_key(*name));
        let demands = self.demands();
        if anonymous && has_demands {
            let expected = "no conditions in this rule, because `anonymous` also allows callers without a token";
            self.fault("/anonymous", Some(true.into()), expected);
        }
        for (name, value) in std::mem::take(&mut self.members) {
            let expected = format!("only methods, path, anonymous, {}", DEMANDS.join(", "));
            self.fault(
                &format!("/{}", pointer_token(&name)),
                Some(value),
                &expected,
            );
        }
        if self.faults.len() > before {
            return None;
        }
        Some(AccessRule {
            methods: methods?,
            path: path?,
            condition: if anonymous {
                Condition::Anonymous
            } else {
                Condition::SignedIn(demands)
            },
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
            let mut verbs: Vec<Method> = verbs.collect::<Option<_>>()?;
            let mut seen = HashSet::new();
            verbs.retain(|verb| seen.insert(verb.clone()));
            Some(if names.iter().any(|name| name == "*") {
                Methods::Any
            } else {
                Methods::Only(verbs)
            })
        });
        if methods.is_none() {
            let expected =
                "an array with some of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, or \"*\"";
            self.fault("/methods", value, expected);
        }
        methods
    }

    fn path(&mut self) -> Option<PathPattern> {
        let value = self.members.remove("path");
        let Some(Value::String(path)) = &value else {
            self.fault("/path", value, "a string that begins with `/`");
            return None;
        };
        PathPattern::parse(path)
            .map_err(|error| self.fault("/path", value.clone(), &format!("a path: {error}")))
            .ok()
    }

    fn anonymous(&mut self) -> bool {
        match self.members.remove("anonymous") {
            None => false,
            Some(Value::Bool(anonymous)) => anonymous,
            other => {
                self.fault("/anonymous", other, "true or false");
                false
            }
        }
    }

    fn demands(&mut self) -> Vec<Demand> {
        let mut demands = Vec::new();
        demands.extend(self.issuers());
        demands.extend(self.strings("clients").map(Demand::Clients));
        demands.extend(self.strings("scopes").map(Demand::Scopes));
        demands.extend(self.strings("groups").map(Demand::Groups));
        demands.extend(self.claim_tests("claims").into_iter().map(Demand::Claim));
        demands.extend(
            self.claim_tests("notClaims")
                .into_iter()
                .map(Demand::NotClaim),
        );
        demands.extend(self.acr().map(Demand::Acr));
        demands.extend(self.max_age().map(Demand::MaxAge));
        demands
    }

    /// With several trusted issuers a rule with demands must name its issuers.
    fn issuers(&mut self) -> Option<Demand> {
        if !self.members.contains_key("issuers") {
            let has_demands = DEMANDS.iter().any(|name| self.members.contains_key(*name));
            if has_demands && self.trusted.len() > 1 {
                let expected = "the issuers whose tokens can meet the rule, or [\"*\"] for all: two issuers can use \
                                the same group, scope or claim for different things";
                self.fault("/issuers", None, expected);
            }
            return None;
        }
        let issuers = self.strings("issuers")?;
        // An invalid issuer is already a fault.
        let trusted = Some(self.trusted).filter(|trusted| !trusted.contains(&""));
        for (index, issuer) in issuers.iter().enumerate() {
            if issuer != "*" && trusted.is_some_and(|trusted| !trusted.contains(&issuer.as_str())) {
                self.fault(
                    &format!("/issuers/{index}"),
                    Some(issuer.as_str().into()),
                    "a trusted issuer, exactly as in the settings, or \"*\" for all",
                );
            }
        }
        let is_any = issuers.iter().any(|issuer| issuer == "*");
        (!is_any).then_some(Demand::Issuers(issuers))
    }

    /// An authorization request lists the values separated by spaces, so a value cannot contain a space.
    fn acr(&mut self) -> Option<Vec<String>> {
        let acr = self.strings("acr")?;
        for (index, value) in acr.iter().enumerate() {
            if value.contains(' ') {
                let place = format!("/acr/{index}");
                let expected = "one `acr` value without spaces (RFC 9470): write each value as a separate string";
                self.fault(&place, Some(value.as_str().into()), expected);
            }
        }
        Some(acr)
    }

    fn max_age(&mut self) -> Option<Duration> {
        let value = self.members.remove("maxAgeSeconds")?;
        let number = value.as_number().and_then(ExactNumber::new);
        let seconds = match number {
            Some(ExactNumber::Integer(seconds)) => u64::try_from(seconds).ok(),
            Some(ExactNumber::Fraction(_)) | None => None,
        };
        let max_age = seconds
            .filter(|seconds| *seconds > 0)
            .map(Duration::from_secs);
        if max_age.is_none() {
            let expected = "a whole number of seconds, at least 1";
            self.fault("/maxAgeSeconds", Some(value), expected);
        }
        max_age
    }

    /// A non-empty array of strings; `None` if the member is missing or invalid. An empty array is refused, because it
    /// could be read as every caller or no caller.
    fn strings(&mut self, name: &str) -> Option<Vec<String>> {
        const EXPECTED: &str =
            "a non-empty array of non-empty strings; omit the member to demand none";
        let value = self.members.remove(name)?;
        let Some(array) = value.as_array().filter(|array| !array.is_empty()) else {
            self.fault(&format!("/{name}"), Some(value), EXPECTED);
            return None;
        };
        let mut strings = Vec::with_capacity(array.len());
        for (index, item) in array.iter().enumerate() {
            match item.as_str() {
                Some(string) if !string.is_empty() => strings.push(string.to_owned()),
                _ => {
                    let place = format!("/{name}/{index}");
                    self.fault(&place, Some(item.clone()), "a non-empty string");
                }
            }
        }
        Some(strings)
    }

    /// Records a fault at a place inside the rule.
    pub(super) fn fault(&mut self, place: &str, value: Option<Value>, expected: &str) {
        self.faults.push(RuleFault {
            pointer: format!("{}{place}", self.pointer),
            value,
            expected: expected.to_owned(),
        });
    }
}
