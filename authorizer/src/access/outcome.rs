//! Explains why a caller meets a rule or not, for people and for a step-up sign-in.

use super::{AccessRules, CallerClaims, Condition, Demand, Moment};
use crate::clock::Timestamp;
use crate::target::EventRoute;
use crate::verifier::VerifiedClaims;

/// The outcome of one rule for a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleOutcome {
    /// The index of the rule in the settings, from 0.
    pub index: usize,
    pub met: bool,
    /// Descriptions of what the caller lacks; empty if the rule is met.
    pub missing: Vec<String>,
}

impl AccessRules {
    /// The outcome of each rule that covers the route.
    pub(crate) fn outcomes(
        &self,
        caller: CallerClaims<'_>,
        route: &EventRoute,
        now: Timestamp,
    ) -> Vec<RuleOutcome> {
        let moment = self.moment(now);
        let covering = self
            .iter()
            .enumerate()
            .filter(|(_, rule)| rule.covers(route));
        covering
            .map(|(index, rule)| RuleOutcome {
                index,
                met: rule.condition.is_met_by(caller, moment),
                missing: rule.condition.missing(caller, moment),
            })
            .collect()
    }

    /// The `acr` values with which a denied call would be allowed. They come from the rules that cover the route and
    /// lack only a stronger or newer sign-in. They are separated by spaces, as in an authorization request (RFC 9470,
    /// section 4).
    pub(crate) fn step_up(
        &self,
        claims: &VerifiedClaims,
        route: &EventRoute,
        now: Timestamp,
    ) -> Option<String> {
        let moment = self.moment(now);
        let rules = self.acr.iter().filter_map(|place| self.rules.get(place));
        let mut values: Vec<&str> = Vec::new();
        for rule in rules.filter(|rule| rule.covers(route)) {
            let demands = rule.condition.demands();
            let lacks_sign_in_only = unmet(demands, claims, moment).all(Demand::is_about_sign_in);
            let acr = demands.iter().filter_map(Demand::acr).flatten();
            for value in acr.filter(|_| lacks_sign_in_only) {
                if !values.contains(&value.as_str()) {
                    values.push(value);
                }
            }
        }
        (!values.is_empty()).then(|| values.join(" "))
    }
}

impl Condition {
    fn missing(&self, caller: CallerClaims<'_>, moment: Moment) -> Vec<String> {
        match (self, caller) {
            (Self::Anonymous, _) => Vec::new(),
            (Self::SignedIn(_), CallerClaims::Anonymous) => vec!["a token".to_owned()],
            (Self::SignedIn(demands), CallerClaims::SignedIn(claims)) => {
                unmet(demands, claims, moment)
                    .flat_map(|demand| demand.missing(claims))
                    .collect()
            }
        }
    }
}

fn unmet<'d>(
    demands: &'d [Demand],
    claims: &VerifiedClaims,
    moment: Moment,
) -> impl Iterator<Item = &'d Demand> {
    demands
        .iter()
        .filter(move |demand| !demand.is_met_by(claims, moment))
}
