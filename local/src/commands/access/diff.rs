//! The changes in access between two templates.

use std::collections::BTreeSet;

use authorizer::dpop::DpopMode;
use authorizer::verifier::TokenUse;
use serde::Serialize;

use super::route_access::{AcceptedTokens, Callers, RouteAccess};
use super::verb::Verb;
use super::within::{are_within, beyond, is_within};
use super::words;

/// The kind of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ChangeKind {
    Wider,
    Other,
    New,
    Narrower,
    Gone,
}

impl ChangeKind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Wider => "wider",
            Self::Other => "other",
            Self::New => "new",
            Self::Narrower => "narrower",
            Self::Gone => "gone",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct AccessChange {
    pub(super) method: String,
    pub(super) path: String,
    #[serde(rename = "change")]
    pub(super) kind: ChangeKind,
    pub(super) text: String,
    /// Whether a new route is open to callers without a token.
    #[serde(skip)]
    is_open: bool,
}

impl AccessChange {
    fn new(route: &RouteAccess<'_>, kind: ChangeKind, what: &str) -> Self {
        let (method, path) = (route.method(), route.path().to_string());
        Self {
            text: format!("{method} {path}: {what}"),
            method: method.to_owned(),
            path,
            kind,
            is_open: route.is_open_to_anyone(),
        }
    }

    /// Whether the change allows, or may allow, callers that were refused before.
    pub(super) fn widens(&self) -> bool {
        match self.kind {
            ChangeKind::Wider | ChangeKind::Other => true,
            ChangeKind::New => self.is_open,
            ChangeKind::Narrower | ChangeKind::Gone => false,
        }
    }
}

/// Every change, widenings first, and otherwise in the order of the routes.
pub(super) fn changes(old: &[RouteAccess<'_>], new: &[RouteAccess<'_>]) -> Vec<AccessChange> {
    let mut changes = Vec::new();
    for route in new {
        match old.iter().find(|before| before.is_same_route(route)) {
            Some(before) => changes.extend(change(before, route)),
            None => {
                let what = format!("new, {}", words::callers(route));
                changes.push(AccessChange::new(route, ChangeKind::New, &what));
            }
        }
    }
    for before in old {
        if !new.iter().any(|route| route.is_same_route(before)) {
            changes.push(AccessChange::new(
                before,
                ChangeKind::Gone,
                &gone(before, new),
            ));
        }
    }
    changes.sort_by_key(|change| (!change.widens(), change.kind));
    changes
}

/// A description of the change for a route that is only in the old template.
fn gone(route: &RouteAccess<'_>, new: &[RouteAccess<'_>]) -> String {
    let was = format!("gone, was {}", words::callers(route));
    let successors = new.iter().filter(|other| other.takes_over(route));
    let successors: Vec<_> = successors
        .map(|other| {
            format!(
                "{} {} ({})",
                other.method(),
                other.path(),
                words::callers(other)
            )
        })
        .collect();
    if successors.is_empty() {
        return was;
    }
    format!("{was}; its calls now reach {}", successors.join(" and "))
}

fn change(old: &RouteAccess<'_>, new: &RouteAccess<'_>) -> Option<AccessChange> {
    let kind = match (is_within(old, new), is_within(new, old)) {
        (true, true) => return None,
        (true, false) => ChangeKind::Wider,
        (false, true) => ChangeKind::Narrower,
        (false, false) => ChangeKind::Other,
    };
    let what = in_one_sentence(old, new, kind);
    Some(AccessChange::new(new, kind, &what))
}

fn in_one_sentence(old: &RouteAccess<'_>, new: &RouteAccess<'_>, kind: ChangeKind) -> String {
    let instead = || {
        format!(
            "now {}; before {}",
            words::callers(new),
            words::callers(old)
        )
    };
    if let (Some(old_tokens), Some(new_tokens)) = (tokens(old), tokens(new)) {
        match (
            are_within(old_tokens, new_tokens),
            are_within(new_tokens, old_tokens),
        ) {
            (true, true) => {}
            (true, false) if kind == ChangeKind::Wider => {
                return format!("now also tokens of {}", sources(new_tokens, old_tokens));
            }
            (false, true) if kind == ChangeKind::Narrower => {
                return format!("now only tokens of {}", sources(new_tokens, old_tokens));
            }
            _ => {
                return format!(
                    "{}, with tokens of {}; before {}, with tokens of {}",
                    words::callers(new),
                    sources(new_tokens, old_tokens),
                    words::callers(old),
                    sources(old_tokens, new_tokens)
                );
            }
        }
        // Only a widening is described by its difference: of the callers who lose a grant, some may still call.
        return if kind == ChangeKind::Wider {
            format!("now also {}", difference(new, old))
        } else {
            instead()
        };
    }
    match (kind, &new.callers) {
        (ChangeKind::Wider, Callers::Anyone) => "now also anyone".to_owned(),
        _ => instead(),
    }
}

/// A description of what `a` grants beyond `b`.
fn difference(a: &RouteAccess<'_>, b: &RouteAccess<'_>) -> String {
    let verbs: BTreeSet<Verb> = match &a.callers {
        Callers::Rules { grants, .. } => grants.keys().copied().collect(),
        Callers::Anyone | Callers::Jwt { .. } | Callers::NoCaller | Callers::Function(_) => {
            BTreeSet::new()
        }
    };
    let described = verbs.into_iter().filter_map(|verb| {
        let beyond = beyond(a, b, verb);
        (!beyond.is_empty()).then(|| (verb, words::of_grants(&beyond)))
    });
    words::by_verbs(described.collect())
}

const fn tokens<'a, 't>(route: &'a RouteAccess<'t>) -> Option<&'a AcceptedTokens<'t>> {
    match &route.callers {
        Callers::Rules { tokens, .. } => Some(tokens),
        Callers::Anyone | Callers::Jwt { .. } | Callers::NoCaller | Callers::Function(_) => None,
    }
}

/// The issuers of tokens with their audiences and clients, the kind of token if the two versions accept different kinds,
/// and the use of DPoP and introspection if one of them uses it.
fn sources(tokens: &AcceptedTokens<'_>, other: &AcceptedTokens<'_>) -> String {
    let sources = tokens.issuers.iter().map(|issuer| {
        let audiences = issuer.audiences.join(", ");
        let clients = issuer.clients.map_or_else(
            || "any client".to_owned(),
            |clients| format!("client {}", clients.join(" or ")),
        );
        format!("{} (audience {audiences}; {clients})", issuer.issuer)
    });
    let kind = match (tokens.token_use, other.token_use) {
        (TokenUse::Access, TokenUse::Access) | (TokenUse::Id, TokenUse::Id) => "",
        (TokenUse::Access, TokenUse::Id) => ", only access tokens",
        (TokenUse::Id, TokenUse::Access) => ", only ID tokens",
    };
    let binding = match (tokens.dpop, other.dpop) {
        (DpopMode::Off, DpopMode::Off) => "",
        (DpopMode::Off, _) => ", not bound to a key by DPoP",
        (DpopMode::Accept, _) => ", bound to a key by DPoP or not",
        (DpopMode::Require, _) => ", bound to a key by DPoP",
    };
    let introspection = match (tokens.introspected, other.introspected) {
        (false, false) => "",
        (false, true) => ", without introspection",
        (true, _) => ", active by introspection",
    };
    let sources = sources.collect::<Vec<_>>().join(" and ");
    format!("{sources}{kind}{binding}{introspection}")
}
