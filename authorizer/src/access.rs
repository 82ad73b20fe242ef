//! Access rules: which callers may call which routes. Deciding is a pure function.

mod claim_test;
mod demand;
pub(crate) mod glob;
mod outcome;
pub(crate) mod path_pattern;
mod rules;

use http::Method;

pub use self::claim_test::{Alternative, ClaimTest, ExactNumber};
pub use self::demand::Demand;
pub(crate) use self::demand::Moment;
pub use self::outcome::RuleOutcome;
pub use self::rules::AccessRules;
use crate::access::path_pattern::PathPattern;
use crate::target::EventRoute;
use crate::verifier::VerifiedClaims;

/// The verbs that a rule can name, in the order in which they replace `*` in a policy.
pub const VERBS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];

/// The routes that a rule covers, and what it demands of a caller.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessRule {
    pub(crate) methods: Methods,
    pub(crate) path: PathPattern,
    pub(crate) condition: Condition,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Methods {
    /// `*`.
    Any,
    Only(Vec<Method>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// The rule demands nothing: anonymous callers are allowed.
    Anonymous,
    /// A valid token that meets every demand.
    SignedIn(Vec<Demand>),
}

#[derive(Debug, Clone, Copy)]
pub enum CallerClaims<'a> {
    Anonymous,
    /// A caller with a verified token.
    SignedIn(&'a VerifiedClaims),
}

/// The rules that a caller meets, at least one. Rules that cover the same routes are listed once.
#[derive(Debug, Clone, PartialEq)]
pub struct Permit<'r>(Vec<&'r AccessRule>);

/// The caller meets no rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NothingGranted;

impl Condition {
    fn demands(&self) -> &[Demand] {
        match self {
            Self::Anonymous => &[],
            Self::SignedIn(demands) => demands,
        }
    }

    fn is_met_by(&self, caller: CallerClaims<'_>, moment: Moment) -> bool {
        self.meets(caller, moment, |_| true)
    }

    /// Whether a caller meets the demands of one kind.
    fn meets(
        &self,
        caller: CallerClaims<'_>,
        moment: Moment,
        kind: impl Fn(&Demand) -> bool,
    ) -> bool {
        match (self, caller) {
            (Self::Anonymous, _) => true,
            (Self::SignedIn(_), CallerClaims::Anonymous) => false,
            (Self::SignedIn(demands), CallerClaims::SignedIn(claims)) => demands
                .iter()
                .filter(|demand| kind(demand))
                .all(|demand| demand.is_met_by(claims, moment)),
        }
    }
}

impl<'r> Permit<'r> {
    /// The permit of a caller who meets all rules: the largest possible permit.
    pub(crate) fn of_all(rules: &'r [AccessRule]) -> Self {
        Self(rules.iter().collect())
    }

    pub(crate) fn rules(&self) -> impl Iterator<Item = &'r AccessRule> {
        self.0.iter().copied()
    }

    /// Whether the permit covers a route. API Gateway reaches the same decision with the policy.
    pub(crate) fn covers(&self, route: &EventRoute) -> bool {
        self.rules().any(|rule| rule.covers(route))
    }
}

impl AccessRule {
    /// The default rule: every valid token may call every route.
    pub(crate) fn everything() -> Self {
        Self {
            methods: Methods::Any,
            path: PathPattern::everything(),
            condition: Condition::SignedIn(Vec::new()),
        }
    }

    pub const fn methods(&self) -> &Methods {
        &self.methods
    }

    pub const fn path(&self) -> &PathPattern {
        &self.path
    }

    pub const fn condition(&self) -> &Condition {
        &self.condition
    }

    /// Whether the rule covers a route. Every rule covers `$connect` of a WebSocket API, because that route has no
    /// path.
    pub(crate) fn covers(&self, route: &EventRoute) -> bool {
        match route {
            EventRoute::Connect => true,
            EventRoute::Http { verb, path } => {
                self.covers_everything()
                    || self
                        .methods
                        .verbs()
                        .iter()
                        .any(|known| known == verb.as_str())
                        && self.path.covers(path)
            }
        }
    }

    fn demands_acr(&self) -> bool {
        let demands = self.condition.demands().iter();
        demands.filter_map(Demand::acr).next().is_some()
    }

    fn covers_same_routes(&self, other: &Self) -> bool {
        self.methods == other.methods && self.path == other.path
    }

    fn claim_tests(&mut self) -> impl Iterator<Item = &mut ClaimTest> {
        let demands = match &mut self.condition {
            Condition::Anonymous => &mut [][..],
            Condition::SignedIn(demands) => demands.as_mut_slice(),
        };
        demands.iter_mut().filter_map(|demand| match demand {
            Demand::Claim(test) | Demand::NotClaim(test) => Some(test),
            _ => None,
        })
    }

    /// Whether the rule covers every route, so that a policy has `…/{stage}/*` for it.
    pub(crate) fn covers_everything(&self) -> bool {
        self.methods == Methods::Any && self.path.covers_everything()
    }
}

impl Methods {
    /// The verbs, with `*` written out.
    pub fn verbs(&self) -> &[Method] {
        match self {
            Self::Any => &VERBS,
            Self::Only(verbs) => verbs,
        }
    }
}
