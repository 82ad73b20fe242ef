//! Descriptions of callers.

use authorizer::access::Condition;

use super::route_access::{Callers, Grant, GrantCondition, RouteAccess};
use super::verb::Verb;
use super::within::{implies, is_covered};

/// Who may call a route.
pub(super) fn callers(route: &RouteAccess<'_>) -> String {
    match &route.callers {
        Callers::Anyone => "anyone".to_owned(),
        Callers::Jwt { issuer, scopes, .. } => {
            let with_scope = if scopes.is_empty() {
                String::new()
            } else {
                let quoted: Vec<_> = scopes.iter().map(|scope| format!("{scope:?}")).collect();
                format!(" and scope {}", quoted.join(" or "))
            };
            format!("callers with a valid token of {issuer}{with_scope}")
        }
        Callers::NoCaller => "no caller: API Gateway may not invoke the authorizer".to_owned(),
        Callers::Function(name) => format!("decided by the function {name}"),
        Callers::Rules { grants, .. } => {
            let by_verb = grants.iter().map(|(verb, grants)| {
                let grants: Vec<&Grant<'_>> = grants.iter().collect();
                (*verb, of_grants(&grants))
            });
            by_verbs(by_verb.collect())
        }
    }
}

/// One description if all verbs have the same, else one per group of verbs.
pub(super) fn by_verbs(described: Vec<(Verb, String)>) -> String {
    let mut groups: Vec<(Vec<&str>, String)> = Vec::new();
    for (verb, words) in described {
        match groups.iter_mut().find(|(_, known)| *known == words) {
            Some((verbs, _)) => verbs.push(verb.name()),
            None => groups.push((vec![verb.name()], words)),
        }
    }
    match groups.as_slice() {
        [(_, words)] => words.clone(),
        groups => {
            let parts = groups
                .iter()
                .map(|(verbs, words)| format!("{}: {words}", verbs.join(", ")));
            parts.collect::<Vec<_>>().join("; ")
        }
    }
}

/// The callers of several grants, without those of a grant that another one contains.
pub(super) fn of_grants(grants: &[&Grant<'_>]) -> String {
    let is_contained = |place: usize, grant: &Grant<'_>| {
        grants.iter().enumerate().any(|(other_place, other)| {
            let contains = |one: &Grant<'_>, other: &Grant<'_>| {
                implies(one.condition, other.condition) && is_covered(one, &[other])
            };
            // Of two grants that contain each other, the first is kept.
            other_place != place
                && contains(grant, other)
                && (other_place < place || !contains(other, grant))
        })
    };
    let words: Vec<String> = grants
        .iter()
        .enumerate()
        .filter(|(place, grant)| !is_contained(*place, grant))
        .map(|(_, grant)| of_grant(grant))
        .collect();
    if words.is_empty() {
        "no caller".to_owned()
    } else {
        words.join("; or ")
    }
}

fn of_grant(grant: &Grant<'_>) -> String {
    let who = match grant.condition {
        GrantCondition::Anonymous | GrantCondition::Rule(Condition::Anonymous) => {
            "anyone".to_owned()
        }
        GrantCondition::AnyToken => "anyone signed in".to_owned(),
        GrantCondition::Rule(Condition::SignedIn(demands)) => {
            let demands: Vec<String> = demands.iter().map(ToString::to_string).collect();
            format!("callers with {}", demands.join(", and "))
        }
    };
    if grant.is_whole {
        who
    } else {
        format!("{who} (on {})", grant.rule.path().as_str())
    }
}
