//! The list of all access rules, and the decision.

use std::time::Duration;

use super::{AccessRule, CallerClaims, Condition, Demand, Moment, NothingGranted, Permit};
use crate::claim_name::ClaimName;
use crate::clock::Timestamp;
use crate::verifier::RuleSet;

/// All rules. A caller may call a route if they meet any rule that covers it.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessRules {
    pub(super) rules: Vec<AccessRule>,
    /// The tolerance for the age of a sign-in.
    leeway: Duration,
    /// The claims that rules name, each once. [`ClaimTest`](super::ClaimTest)s refer to them by index.
    claims: Vec<ClaimName>,
    /// The indexes of the rules that demand no token.
    anonymous: RuleSet,
    /// The indexes of the rules that demand an `acr`.
    pub(super) acr: RuleSet,
    /// For each rule the index of the first rule that covers the same routes. If one of them is met, the others grant
    /// nothing more.
    first_alike: Vec<usize>,
}

impl AccessRules {
    pub(crate) fn new(mut rules: Vec<AccessRule>, leeway: Duration) -> Self {
        let mut claims = Vec::new();
        for test in rules.iter_mut().flat_map(AccessRule::claim_tests) {
            let known = claims.iter().position(|name| *name == test.name);
            test.place = known.unwrap_or(claims.len());
            if known.is_none() {
                claims.push(test.name.clone());
            }
        }
        let first_alike = rules.iter().map(|rule| {
            let alike = rules
                .iter()
                .position(|first| first.covers_same_routes(rule));
            alike.unwrap_or_default()
        });
        let is_anonymous = |rule: &AccessRule| rule.condition == Condition::Anonymous;
        Self {
            anonymous: rules.iter().map(is_anonymous).collect(),
            acr: rules.iter().map(AccessRule::demands_acr).collect(),
            first_alike: first_alike.collect(),
            rules,
            leeway,
            claims,
        }
    }

    /// The rules in the order of the settings.
    pub fn iter(&self) -> std::slice::Iter<'_, AccessRule> {
        self.rules.iter()
    }

    pub(crate) const fn len(&self) -> usize {
        self.rules.len()
    }

    /// The claims that rules name. A [`VerifiedClaims`](crate::verifier::VerifiedClaims) for these rules keeps their
    /// values, in this order.
    pub(crate) fn claims(&self) -> &[ClaimName] {
        &self.claims
    }

    /// Whether a caller may call some routes and not others.
    pub(crate) fn differ_by_route(&self) -> bool {
        !self.rules.iter().all(AccessRule::covers_everything)
    }

    /// Decides which routes a caller may call now. The route of the event has no influence. Fails if the caller may
    /// call nothing.
    pub fn decide(
        &self,
        caller: CallerClaims<'_>,
        now: Timestamp,
    ) -> Result<Permit<'_>, NothingGranted> {
        let moment = self.moment(now);
        let candidates = match caller {
            CallerClaims::Anonymous => &self.anonymous,
            CallerClaims::SignedIn(claims) => claims.lasting_rules(|| self.lasting(caller, moment)),
        };
        let mut is_granted = vec![false; self.rules.len()];
        let mut met = Vec::new();
        for place in candidates.iter() {
            // Always true: every index belongs to a rule.
            let (Some(rule), Some(first)) = (self.rules.get(place), self.first_alike.get(place))
            else {
                continue;
            };
            if let Some(is_granted @ false) = is_granted.get_mut(*first)
                && rule
                    .condition
                    .meets(caller, moment, Demand::depends_on_time)
            {
                *is_granted = true;
                met.push(rule);
            }
        }
        if met.is_empty() {
            Err(NothingGranted)
        } else {
            Ok(Permit(met))
        }
    }

    /// The rules whose time-independent demands a caller meets.
    fn lasting(&self, caller: CallerClaims<'_>, moment: Moment) -> RuleSet {
        let is_met = |rule: &AccessRule| {
            let lasts = |demand: &Demand| !demand.depends_on_time();
            rule.condition.meets(caller, moment, lasts)
        };
        self.rules.iter().map(is_met).collect()
    }

    pub(super) const fn moment(&self, now: Timestamp) -> Moment {
        Moment {
            now,
            leeway: self.leeway,
        }
    }
}
