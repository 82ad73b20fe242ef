//! Who may call each route: the template's authorizers, and the authorizer's rules that cover the route.

use std::collections::BTreeMap;

use authorizer::access::{AccessRule, Condition};
use authorizer::config::Settings;
use authorizer::dpop::DpopMode;
use authorizer::verifier::TokenUse;

use super::KEY_SOURCES;
use super::coverage::{self, Paths};
use super::verb::{Verb, covers_verb, taken};
use crate::commands::CommandError;
use crate::commands::in_process;
use crate::commands::template_args::OpenedTemplate;
use crate::template::Api;
use crate::template::api::{
    Identity, IdentitySource, InvokePermission, LambdaAuthorizer, TemplateAuthorizer, TemplateRoute,
};
use crate::template::route_path::RoutePath;

/// The settings of this project's authorizers in a template, by function.
#[derive(Debug)]
pub(super) struct Guards(BTreeMap<String, Settings>);

impl Guards {
    pub(super) fn read(opened: &OpenedTemplate) -> Result<Self, CommandError> {
        let (template, folder) = (&opened.template, &opened.folder);
        Ok(Self(in_process::settings(template, folder, &KEY_SOURCES)?))
    }
}

/// One route and its callers.
#[derive(Debug)]
pub(super) struct RouteAccess<'t> {
    route: &'t TemplateRoute,
    pub(super) callers: Callers<'t>,
    /// For each verb that it serves, the paths of other routes that receive some of its calls.
    taken: BTreeMap<Verb, Vec<Paths>>,
}

/// Who may call a route.
#[derive(Debug)]
pub(super) enum Callers<'t> {
    /// Anyone: the route has no authorizer.
    Anyone,
    /// The bearers of tokens that API Gateway itself accepts.
    Jwt {
        issuer: &'t str,
        audience: &'t [String],
        scopes: &'t [String],
    },
    /// The callers that the rules of this project's authorizer allow.
    Rules {
        /// The grants of each verb that the route serves.
        grants: BTreeMap<Verb, Vec<Grant<'t>>>,
        /// The tokens that the authorizer accepts.
        tokens: AcceptedTokens<'t>,
    },
    /// None: API Gateway may not invoke the authorizer.
    NoCaller,
    /// The callers that another function allows.
    Function(&'t str),
}

/// The grant of one rule on a route.
#[derive(Clone, Debug)]
pub(super) struct Grant<'t> {
    pub(super) condition: GrantCondition<'t>,
    pub(super) rule: &'t AccessRule,
    /// The paths of the route that the rule covers: those in all of these...
    pub(super) inside: Vec<Paths>,
    /// ...and in none of these, which are the paths of other routes.
    pub(super) outside: Vec<Paths>,
    /// Whether the rule covers every path of the route, without the slashes that a route ignores.
    pub(super) is_whole: bool,
}

/// The condition that a caller must meet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum GrantCondition<'t> {
    /// Nothing.
    Anonymous,
    /// A valid token: the rule requires nothing, but API Gateway refuses a call without a token.
    AnyToken,
    /// The condition of the rule.
    Rule(&'t Condition),
}

/// The tokens that an authorizer accepts.
#[derive(Debug, PartialEq)]
pub(super) struct AcceptedTokens<'t> {
    pub(super) issuers: Vec<TokensOfIssuer<'t>>,
    pub(super) token_use: TokenUse,
    pub(super) dpop: DpopMode,
    pub(super) introspected: bool,
}

#[derive(Debug, PartialEq)]
pub(super) struct TokensOfIssuer<'t> {
    pub(super) issuer: &'t str,
    pub(super) audiences: &'t [String],
    pub(super) clients: Option<&'t [String]>,
}

impl<'t> RouteAccess<'t> {
    /// Every route of an API.
    pub(super) fn all(api: &'t Api, guards: &'t Guards) -> Vec<Self> {
        let routes = api.routes.iter();
        routes
            .map(|route| {
                let taken = taken(route, api);
                Self {
                    route,
                    callers: callers(route, api, guards, &taken),
                    taken,
                }
            })
            .collect()
    }

    pub(super) fn method(&self) -> &'t str {
        self.route.verb.as_deref().unwrap_or("ANY")
    }

    pub(super) const fn path(&self) -> &'t RoutePath {
        &self.route.path
    }

    pub(super) fn authorizer(&self) -> Option<&'t str> {
        self.route.authorizer.as_deref()
    }

    /// Whether both are the same route, whatever the names of their parameters.
    pub(super) fn is_same_route(&self, other: &RouteAccess<'_>) -> bool {
        self.route.verb == other.route.verb && self.route.path.overlaps(&other.route.path)
    }

    /// Whether calls of a route of another template, which this one lacks, reach this route.
    pub(super) fn takes_over(&self, gone: &RouteAccess<'_>) -> bool {
        let own = Paths::of_route(&self.route.path);
        let theirs = Paths::of_route(&gone.route.path);
        self.taken.iter().any(|(verb, taken)| {
            gone.taken.get(verb).is_some_and(|before| {
                let outside: Vec<_> = taken.iter().chain(before).collect();
                coverage::exists(&[&own, &theirs], &outside)
            })
        })
    }

    /// Whether some caller without a token may call it.
    pub(super) fn is_open_to_anyone(&self) -> bool {
        match &self.callers {
            Callers::Anyone => true,
            Callers::Jwt { .. } | Callers::NoCaller | Callers::Function(_) => false,
            Callers::Rules { grants, .. } => grants
                .values()
                .flatten()
                .any(|grant| grant.condition == GrantCondition::Anonymous),
        }
    }
}

fn callers<'t>(
    route: &'t TemplateRoute,
    api: &'t Api,
    guards: &'t Guards,
    taken: &BTreeMap<Verb, Vec<Paths>>,
) -> Callers<'t> {
    let authorizer = route.authorizer.as_ref();
    match authorizer.and_then(|name| api.authorizers.get(name)) {
        None => Callers::Anyone,
        Some(TemplateAuthorizer::Jwt(jwt)) => Callers::Jwt {
            issuer: &jwt.issuer,
            audience: &jwt.audience,
            scopes: &route.scopes,
        },
        Some(TemplateAuthorizer::Lambda(lambda))
            if lambda.permission == InvokePermission::Missing =>
        {
            Callers::NoCaller
        }
        Some(TemplateAuthorizer::Lambda(lambda)) => match guards.0.get(&lambda.function) {
            None => Callers::Function(&lambda.function),
            Some(settings) => Callers::Rules {
                grants: grants(route, taken, lambda, settings),
                tokens: AcceptedTokens::of(settings),
            },
        },
    }
}

/// The grants of the rules on a route, by verb, without those that another grant contains.
fn grants<'t>(
    route: &'t TemplateRoute,
    taken: &BTreeMap<Verb, Vec<Paths>>,
    authorizer: &LambdaAuthorizer,
    settings: &'t Settings,
) -> BTreeMap<Verb, Vec<Grant<'t>>> {
    let own = Paths::of_route(&route.path);
    let as_written = Paths::as_written(&route.path);
    let mut by_verb = BTreeMap::new();
    for (&verb, taken) in taken {
        let outside: Vec<&Paths> = taken.iter().collect();
        let mut grants: Vec<Grant<'t>> = Vec::new();
        for rule in settings
            .access_rules
            .iter()
            .filter(|rule| covers_verb(rule, verb))
        {
            let pattern = Paths::of_pattern(rule.path().as_str());
            if !coverage::exists(&[&own, &pattern], &outside) {
                continue;
            }
            let mut beyond = outside.clone();
            beyond.push(&pattern);
            grants.push(Grant {
                condition: condition(rule, authorizer),
                rule,
                is_whole: !coverage::exists(&[&as_written], &beyond),
                inside: vec![own.clone(), pattern],
                outside: taken.clone(),
            });
        }
        by_verb.insert(verb, grants);
    }
    by_verb
}

/// The rule's condition, or a stricter one if API Gateway calls the authorizer only with a token.
fn condition<'t>(rule: &'t AccessRule, authorizer: &LambdaAuthorizer) -> GrantCondition<'t> {
    match rule.condition() {
        Condition::Anonymous if !demands_token(authorizer) => GrantCondition::Anonymous,
        Condition::Anonymous => GrantCondition::AnyToken,
        Condition::SignedIn(demands) if demands.is_empty() => GrantCondition::AnyToken,
        condition @ Condition::SignedIn(_) => GrantCondition::Rule(condition),
    }
}

/// Whether API Gateway itself refuses a call without the header `Authorization`.
fn demands_token(authorizer: &LambdaAuthorizer) -> bool {
    let is_token = |source: &IdentitySource| matches!(source, IdentitySource::Header(name) if name.eq_ignore_ascii_case("authorization"));
    match &authorizer.identity {
        Identity::Token { .. } => true,
        Identity::Request { sources } => !authorizer.ttl.is_zero() && sources.iter().any(is_token),
        Identity::Http { sources, .. } => sources.iter().any(is_token),
    }
}

impl<'t> AcceptedTokens<'t> {
    fn of(settings: &'t Settings) -> Self {
        let issuers = settings.issuers.iter().map(|issuer| TokensOfIssuer {
            issuer: &issuer.issuer,
            audiences: &issuer.audiences,
            clients: issuer.client_ids.as_deref(),
        });
        Self {
            issuers: issuers.collect(),
            token_use: settings.requirements.token_use,
            dpop: settings.requirements.dpop,
            introspected: settings.introspects(),
        }
    }
}
