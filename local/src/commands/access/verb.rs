//! The verbs that a route serves, and the other routes that receive some of its calls.

use std::collections::BTreeMap;

use authorizer::access::{AccessRule, Methods, VERBS};

use super::coverage::Paths;
use crate::template::Api;
use crate::template::api::{ApiKind, TemplateRoute};

/// A verb that a route serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verb {
    /// A verb that rules can name, by its index in the list of these verbs.
    Known(usize),
    /// Any other verb. Only a rule for all methods and all paths covers it.
    Other,
}

impl Verb {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Known(place) => VERBS.get(place).map_or("", http::Method::as_str),
            Self::Other => "other methods",
        }
    }
}

/// For each verb that a route serves, the paths of other routes that receive some of its calls.
pub(super) fn taken(route: &TemplateRoute, api: &Api) -> BTreeMap<Verb, Vec<Paths>> {
    let preceding = |verb| {
        let others = api.routes.iter();
        others
            .filter(|other| precedes(other, route, verb, &api.kind))
            .map(|other| Paths::of_route(&other.path))
            .collect()
    };
    let verbs = verbs(route, api).into_iter();
    verbs.map(|verb| (verb, preceding(verb))).collect()
}

/// The verbs that a route serves: its own, or those that no other route of its path has.
fn verbs(route: &TemplateRoute, api: &Api) -> Vec<Verb> {
    let known = |name: &str| VERBS.iter().position(|verb| verb.as_str() == name);
    if let Some(verb) = &route.verb {
        return vec![known(verb).map_or(Verb::Other, Verb::Known)];
    }
    let is_taken = |place: usize| {
        let name = VERBS.get(place).map(http::Method::as_str);
        api.routes
            .iter()
            .any(|other| other.verb.as_deref() == name && other.path.overlaps(&route.path))
    };
    (0..VERBS.len())
        .filter(|place| !is_taken(*place))
        .map(Verb::Known)
        .chain([Verb::Other])
        .collect()
}

/// Whether calls that both routes match go to `other`.
fn precedes(other: &TemplateRoute, route: &TemplateRoute, verb: Verb, kind: &ApiKind) -> bool {
    let serves = match (&other.verb, verb) {
        (None, _) => true,
        (Some(own), Verb::Known(_)) => own == verb.name(),
        (Some(_), Verb::Other) => false,
    };
    let is_more_specific = match kind {
        ApiKind::Rest { .. } => other.path.ranks() < route.path.ranks(),
        ApiKind::Http { .. } => other.path.http_ranks() < route.path.http_ranks(),
    };
    serves && is_more_specific
}

/// Whether a rule is for a verb.
pub(super) fn covers_verb(rule: &AccessRule, verb: Verb) -> bool {
    let is_for_everything = *rule.methods() == Methods::Any && rule.path().covers_everything();
    is_for_everything
        || match verb {
            Verb::Known(place) => VERBS
                .get(place)
                .is_some_and(|verb| rule.methods().verbs().contains(verb)),
            Verb::Other => false,
        }
}
