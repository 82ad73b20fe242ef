//! Warnings about valid settings that are most likely mistakes: common errors in an Okta setup, and rules that no
//! caller can meet.

use super::issuer_mistake::IssuerMistake;
use crate::access::{AccessRule, Condition, Demand};
use crate::claims::is_scope_token;

/// Warnings about an issuer, each with advice.
pub(super) fn of_issuer(issuer: &str) -> Vec<String> {
    let mistakes = IssuerMistake::all_in(issuer).into_iter();
    mistakes
        .map(|mistake| format!("the issuer {issuer:?} {mistake}"))
        .collect()
}

/// Warnings about the rules of a variable, each with advice.
pub(super) fn of_rules(name: &str, rules: &[AccessRule]) -> Vec<String> {
    if rules.is_empty() {
        return vec![format!(
            "{name} holds an empty array: every caller is denied; to allow every valid token on every route, leave it unset"
        )];
    }
    let warnings = rules.iter().enumerate().filter_map(|(index, rule)| {
        Some(format!(
            "{name}/{index}/scopes has {:?}, which is not a single scope (RFC 6749, section 3.3), so no caller can meet \
             this rule; write each scope as a separate string",
            impossible_scope(rule)?
        ))
    });
    warnings.collect()
}

fn impossible_scope(rule: &AccessRule) -> Option<&String> {
    let Condition::SignedIn(demands) = rule.condition() else {
        return None;
    };
    let scopes = demands.iter().filter_map(|demand| match demand {
        Demand::Scopes(scopes) => Some(scopes),
        _ => None,
    });
    scopes.flatten().find(|scope| !is_scope_token(scope))
}
