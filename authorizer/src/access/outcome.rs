//! Why rules are met or not: for people, and for the sign-in that would do.

use super::{AccessRules, Caller, Condition, Demand, Moment};
use crate::clock::Timestamp;
use crate::target::EventRoute;
use crate::verifier::VerifiedClaims;

/// How one rule judges a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleOutcome {
    /// The place of the rule in the settings, from 0.
    pub index: usize,
    /// Whether the caller meets it.
    pub met: bool,
    /// What the caller lacks, in words; empty if the rule is met.
    pub missing: Vec<String>,
}

impl AccessRules {
    /// How each rule that covers a route judges a caller now.
    #[must_use]
    pub fn outcomes(
        &self,
        caller: Caller<'_>,
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

    /// The `acr` values that would do on a route which the caller may not call: those of the rules that cover it and
    /// lack nothing but a stronger or a newer sign-in. Separated by spaces, as an authorization request takes them
    /// (RFC 9470, section 4).
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
    fn missing(&self, caller: Caller<'_>, moment: Moment) -> Vec<String> {
        match (self, caller) {
            (Self::Anonymous, _) => Vec::new(),
            (Self::SignedIn(_), Caller::Anonymous) => vec!["a token".to_owned()],
            (Self::SignedIn(demands), Caller::SignedIn(claims)) => unmet(demands, claims, moment)
                .flat_map(|demand| demand.missing(claims))
                .collect(),
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
