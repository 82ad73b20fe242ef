//! Who may call which routes: the rules, and the decision, which is pure.

mod demand;

use http::Method;

pub use self::demand::Demand;
use crate::path_pattern::PathPattern;
use crate::target::Route;
use crate::verifier::VerifiedClaims;

/// The verbs that a rule can name, in the order in which `*` is written out.
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

/// The methods that a rule covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Methods {
    /// `*`.
    Any,
    /// Those listed.
    Only(Vec<Method>),
}

/// What a rule demands of a caller.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Nothing, not even a token.
    Anonymous,
    /// A valid token that meets every demand.
    SignedIn(Vec<Demand>),
}

/// All rules. A caller may call a route if any rule that covers it is met.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessRules(Vec<AccessRule>);

/// The caller of a route.
#[derive(Debug, Clone, Copy)]
pub enum Caller<'a> {
    /// No token was sent.
    Anonymous,
    /// The bearer of a verified token.
    SignedIn(&'a VerifiedClaims),
}

/// The rules that a caller meets, at least one.
#[derive(Debug, Clone, PartialEq)]
pub struct Permit<'r>(Vec<&'r AccessRule>);

/// The caller meets no rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NothingGranted;

impl AccessRules {
    pub(crate) const fn new(rules: Vec<AccessRule>) -> Self {
        Self(rules)
    }

    /// Every valid token may call everything: the default.
    pub(crate) fn everything(root: PathPattern) -> Self {
        Self(vec![AccessRule {
            methods: Methods::Any,
            path: root,
            condition: Condition::SignedIn(Vec::new()),
        }])
    }

    /// Each rule, in the order of the settings.
    pub fn iter(&self) -> std::slice::Iter<'_, AccessRule> {
        self.0.iter()
    }

    /// How many rules there are.
    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether a caller may call some routes and not others.
    pub(crate) fn differ_by_route(&self) -> bool {
        !self.0.iter().all(AccessRule::covers_everything)
    }

    /// Decides what a caller may call, whichever route the event is about.
    ///
    /// # Errors
    ///
    /// If that is nothing.
    pub fn decide(&self, caller: Caller<'_>) -> Result<Permit<'_>, NothingGranted> {
        let met: Vec<_> = self
            .0
            .iter()
            .filter(|rule| rule.condition.is_met_by(caller))
            .collect();
        if met.is_empty() {
            Err(NothingGranted)
        } else {
            Ok(Permit(met))
        }
    }

    /// The permit of a caller who meets every rule: none is larger.
    pub(crate) fn largest_permit(&self) -> Permit<'_> {
        Permit(self.0.iter().collect())
    }
}

impl Condition {
    fn is_met_by(&self, caller: Caller<'_>) -> bool {
        match (self, caller) {
            (Self::Anonymous, _) => true,
            (Self::SignedIn(_), Caller::Anonymous) => false,
            (Self::SignedIn(demands), Caller::SignedIn(claims)) => {
                demands.iter().all(|demand| demand.is_met_by(claims))
            }
        }
    }
}

impl<'r> Permit<'r> {
    /// The rules that are met.
    pub fn rules(&self) -> impl Iterator<Item = &'r AccessRule> {
        self.0.iter().copied()
    }

    /// Whether it covers a route: the decision that API Gateway finds by the policy.
    #[must_use]
    pub fn covers(&self, route: &Route) -> bool {
        self.rules().any(|rule| rule.covers(route))
    }
}

impl AccessRule {
    /// The methods that it covers.
    #[must_use]
    pub const fn methods(&self) -> &Methods {
        &self.methods
    }

    /// The paths that it covers.
    #[must_use]
    pub const fn path(&self) -> &PathPattern {
        &self.path
    }

    /// What it demands of a caller.
    #[must_use]
    pub const fn condition(&self) -> &Condition {
        &self.condition
    }

    /// Whether it covers a route. Every rule covers the opening of a WebSocket, which has no path.
    #[must_use]
    pub fn covers(&self, route: &Route) -> bool {
        match route {
            Route::Connect => true,
            Route::Http { verb, path } => {
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

    /// Whether it is written into a policy as `…/{stage}/*`.
    pub(crate) fn covers_everything(&self) -> bool {
        self.methods == Methods::Any && self.path.covers_everything()
    }
}

impl Methods {
    /// The verbs, with `*` written out.
    #[must_use]
    pub fn verbs(&self) -> &[Method] {
        match self {
            Self::Any => &VERBS,
            Self::Only(verbs) => verbs,
        }
    }
}
