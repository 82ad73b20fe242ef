//! Warnings about valid settings that are most likely mistakes: common errors in an Okta setup, and rules that no
//! caller can meet.

use super::issuer_mistake::IssuerMistake;
use crate::access::{AccessRule, Condition, Demand};
use crate::claims::is_scope_token;
use crate::verifier::TokenUse;

/// Warnings about an issuer, each with advice.
pub(super) fn of_issuer(issuer: &str) -> Vec<String> {
    let mistakes = IssuerMistake::all_in(issuer).into_iter();
    mistakes
        .map(|mistake| format!("the issuer {issuer:?} {mistake}"))
        .collect()
}

/// Warnings about the rules of a variable, each with advice.
pub(super) fn of_rules(name: &str, rules: &[AccessRule], token_use: TokenUse) -> Vec<String> {
    if rules.is_empty() {
        return vec![format!(
            "{name} holds an empty array: every caller is denied; to allow every valid token on every route, leave it unset"
        )];
    }
    let warnings = rules.iter().enumerate().filter_map(|(index, rule)| {
        let mut scopes = scopes(rule);
        match token_use {
            TokenUse::Access => scopes.find(|scope| !is_scope_token(scope)).map(|scope| {
                format!(
                    "{name}/{index}/scopes has {scope:?}, which is not a single scope (RFC 6749, section 3.3), so no \
                     caller can meet this rule; write each scope as a separate string"
                )
            }),
            TokenUse::Id => scopes.next().map(|_| {
                format!(
                    "{name}/{index}/scopes is in a rule that no caller can meet, because TOKEN_USE is id and a token \
                     with scopes is an access token; use groups or claims"
                )
            }),
        }
    });
    warnings.collect()
}

/// The scopes that a rule demands.
fn scopes(rule: &AccessRule) -> impl Iterator<Item = &String> {
    let demands = match rule.condition() {
        Condition::Anonymous => &[][..],
        Condition::SignedIn(demands) => demands,
    };
    let scopes = demands.iter().filter_map(|demand| match demand {
        Demand::Scopes(scopes) => Some(scopes),
        _ => None,
    });
    scopes.flatten()
}
