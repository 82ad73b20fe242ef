//! Decides whether every caller of one route is a caller of another route, or of another version of the same route.
//!
//! In doubt the answer is no: a change that may widen access is reported as one that does.

use authorizer::access::{Alternative, ClaimTest, Condition, Demand};
use authorizer::dpop::DpopMode;
use authorizer::verifier::TokenUse;

use super::coverage::{self, Paths};
use super::route_access::{AcceptedTokens, Callers, Grant, GrantCondition, RouteAccess};
use super::verb::Verb;

/// Whether every call that `a` allows is allowed by `b`.
pub(super) fn is_within(a: &RouteAccess<'_>, b: &RouteAccess<'_>) -> bool {
    match (&a.callers, &b.callers) {
        (_, Callers::Anyone) | (Callers::NoCaller, _) => true,
        (Callers::Function(a), Callers::Function(b)) => a == b,
        (
            Callers::Jwt {
                issuer,
                audience,
                scopes,
            },
            Callers::Jwt {
                issuer: other_issuer,
                audience: other_audience,
                scopes: other_scopes,
            },
        ) => {
            // Any one of the scopes suffices. Without scopes, any valid token suffices.
            let narrower_scopes =
                other_scopes.is_empty() || (!scopes.is_empty() && is_subset(scopes, other_scopes));
            issuer == other_issuer && is_subset(audience, other_audience) && narrower_scopes
        }
        (Callers::Rules { grants, .. }, Callers::Rules { .. }) => {
            grants.keys().all(|verb| beyond(a, b, *verb).is_empty())
        }
        (
            Callers::Rules { grants, .. },
            Callers::Jwt { .. } | Callers::NoCaller | Callers::Function(_),
        ) => grants.values().all(Vec::is_empty),
        (Callers::Anyone, Callers::Rules { grants, .. }) => grants.values().all(|grants| {
            grants
                .iter()
                .any(|grant| grant.is_whole && is_anonymous(grant))
        }),
        (Callers::Anyone | Callers::Jwt { .. } | Callers::Function(_), _) => false,
    }
}

fn is_anonymous(grant: &Grant<'_>) -> bool {
    grant.condition == GrantCondition::Anonymous
}

/// The grants of `a` for a verb that `b` does not contain.
pub(super) fn beyond<'a, 't>(
    a: &'a RouteAccess<'t>,
    b: &RouteAccess<'_>,
    verb: Verb,
) -> Vec<&'a Grant<'t>> {
    let (Some((own, tokens)), Some((others, other_tokens))) = (granted(a, verb), granted(b, verb))
    else {
        return granted(a, verb).map_or_else(Vec::new, |(own, _)| own.iter().collect());
    };
    let same_tokens = are_within(tokens, other_tokens);
    own.iter()
        .filter(|grant| {
            let enough = |other: &&Grant<'_>| {
                is_anonymous(other) || (same_tokens && implies(grant.condition, other.condition))
            };
            let enough: Vec<&Grant<'_>> = others.iter().filter(enough).collect();
            !is_covered(grant, &enough)
        })
        .collect()
}

/// The grants of a route for a verb, and the tokens that the route accepts.
fn granted<'a, 't>(
    route: &'a RouteAccess<'t>,
    verb: Verb,
) -> Option<(&'a [Grant<'t>], &'a AcceptedTokens<'t>)> {
    match &route.callers {
        Callers::Rules { grants, tokens } => {
            grants.get(&verb).map(|grants| (grants.as_slice(), tokens))
        }
        Callers::Anyone | Callers::Jwt { .. } | Callers::NoCaller | Callers::Function(_) => None,
    }
}

/// Whether every path of a grant is covered by the others. A caller who may call a path needs no other spelling of it.
pub(super) fn is_covered(grant: &Grant<'_>, others: &[&Grant<'_>]) -> bool {
    let inside: Vec<&Paths> = grant.inside.iter().collect();
    let patterns: Vec<Paths> = others
        .iter()
        .map(|other| Paths::of_pattern(other.rule.path().as_str()).in_every_spelling())
        .collect();
    let outside: Vec<&Paths> = grant.outside.iter().chain(&patterns).collect();
    !coverage::exists(&inside, &outside)
}

/// Whether every caller who meets `a` meets `b`, both with valid tokens of the same issuers.
pub(super) fn implies(a: GrantCondition<'_>, b: GrantCondition<'_>) -> bool {
    match (a, b) {
        (_, GrantCondition::Anonymous) => true,
        (GrantCondition::Anonymous, _) => false,
        (_, GrantCondition::AnyToken) => true,
        (GrantCondition::AnyToken, GrantCondition::Rule(_)) => false,
        (GrantCondition::Rule(a), GrantCondition::Rule(b)) => match (a, b) {
            (_, Condition::Anonymous) => true,
            (Condition::Anonymous, _) => false,
            (Condition::SignedIn(a), Condition::SignedIn(b)) => b
                .iter()
                .all(|wanted| a.iter().any(|given| demand_implies(given, wanted))),
        },
    }
}

fn demand_implies(a: &Demand, b: &Demand) -> bool {
    match (a, b) {
        (Demand::Scopes(a), Demand::Scopes(b)) => is_subset(b, a),
        (Demand::Issuers(a), Demand::Issuers(b))
        | (Demand::Groups(a), Demand::Groups(b))
        | (Demand::Clients(a), Demand::Clients(b))
        | (Demand::Acr(a), Demand::Acr(b)) => is_subset(a, b),
        (Demand::Claim(a), Demand::Claim(b)) => tests_imply(a, b),
        (Demand::NotClaim(a), Demand::NotClaim(b)) => tests_imply(b, a),
        (Demand::MaxAge(a), Demand::MaxAge(b)) => a <= b,
        _ => false,
    }
}

/// Whether a claim that has one of the first alternatives has one of the second.
fn tests_imply(a: &ClaimTest, b: &ClaimTest) -> bool {
    a.name() == b.name()
        && a.alternatives().iter().all(|given| {
            b.alternatives()
                .iter()
                .any(|wanted| alternative_implies(given, wanted))
        })
}

fn alternative_implies(a: &Alternative, b: &Alternative) -> bool {
    match (a, b) {
        (Alternative::String(string), Alternative::Like(pattern)) => pattern.matches(string),
        (Alternative::Like(a), Alternative::Like(b)) => !coverage::exists(
            &[&Paths::of_pattern(a.as_str())],
            &[&Paths::of_pattern(b.as_str())],
        ),
        (a, b) => a == b,
    }
}

/// Whether every valid token of one is valid for the other.
pub(super) fn are_within(a: &AcceptedTokens<'_>, b: &AcceptedTokens<'_>) -> bool {
    let same_use = matches!(
        (a.token_use, b.token_use),
        (TokenUse::Access, TokenUse::Access) | (TokenUse::Id, TokenUse::Id)
    );
    let bound_as_well = a.dpop == b.dpop || b.dpop == DpopMode::Accept;
    let introspected_as_well = a.introspected || !b.introspected;
    same_use
        && bound_as_well
        && introspected_as_well
        && a.issuers.iter().all(|own| {
            b.issuers.iter().any(|other| {
                let clients = match (own.clients, other.clients) {
                    (_, None) => true,
                    (None, Some(_)) => false,
                    (Some(own), Some(other)) => is_subset(own, other),
                };
                own.issuer == other.issuer && is_subset(own.audiences, other.audiences) && clients
            })
        })
}

fn is_subset(a: &[String], b: &[String]) -> bool {
    a.iter().all(|value| b.contains(value))
}
