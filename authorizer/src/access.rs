//! Who may call which routes: the rules, and the decision, which is pure.

use http::Method;

use crate::path_pattern::PathPattern;
use crate::verifier::VerifiedClaims;

/// The verbs that a rule can name and that `*` stands for, in the order in which they are written out.
pub const VERBS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];

/// What a rule covers and what it asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// Those named.
    Only(Vec<Method>),
}

/// What a rule asks of a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Nothing, not even a token.
    Anonymous,
    /// A valid token with all of these scopes, and one of these groups if there are any.
    SignedIn {
        /// All of them.
        scopes: Vec<String>,
        /// Any of them.
        groups: Vec<String>,
    },
}

/// All rules. A caller may call a route if any rule that covers it is met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRules(Vec<AccessRule>);

/// Whoever is at the door.
#[derive(Debug, Clone, Copy)]
pub enum Caller<'a> {
    /// No token was sent.
    Anonymous,
    /// The bearer of a token that was verified.
    SignedIn(&'a VerifiedClaims),
}

/// The rules that a caller meets: at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit<'r>(Vec<&'r AccessRule>);

/// The caller meets no rule at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NothingGranted;

impl AccessRules {
    pub(crate) const fn new(rules: Vec<AccessRule>) -> Self {
        Self(rules)
    }

    /// Every valid token may call everything: what counts where no rules are set.
    pub(crate) fn everything(root: PathPattern) -> Self {
        let condition = Condition::SignedIn {
            scopes: Vec::new(),
            groups: Vec::new(),
        };
        Self(vec![AccessRule {
            methods: Methods::Any,
            path: root,
            condition,
        }])
    }

    /// Each rule, in the order of the settings.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, AccessRule> {
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

    /// Decides what a caller may do, whatever is being asked for right now.
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

    /// The most that anyone could be granted, met by a caller whom every rule lets through.
    pub(crate) fn largest_permit(&self) -> Permit<'_> {
        Permit(self.0.iter().collect())
    }
}

impl Condition {
    fn is_met_by(&self, caller: Caller<'_>) -> bool {
        match (self, caller) {
            (Self::Anonymous, _) => true,
            (Self::SignedIn { .. }, Caller::Anonymous) => false,
            (Self::SignedIn { scopes, groups }, Caller::SignedIn(claims)) => {
                let has_scope =
                    |scope: &String| claims.scopes().is_some_and(|has| has.contains(scope));
                let has_group =
                    |group: &String| claims.groups().is_some_and(|has| has.contains(group));
                scopes.iter().all(has_scope) && (groups.is_empty() || groups.iter().any(has_group))
            }
        }
    }
}

impl<'r> Permit<'r> {
    /// The rules that are met.
    pub fn rules(&self) -> impl Iterator<Item = &'r AccessRule> {
        self.0.iter().copied()
    }

    /// Whether a request is among what is granted: the very answer that API Gateway finds by the policy.
    #[must_use]
    pub fn covers(&self, verb: &str, path: &str) -> bool {
        self.rules().any(|rule| {
            rule.covers_everything()
                || rule.methods.verbs().iter().any(|known| known == verb) && rule.path.covers(path)
        })
    }
}

impl AccessRule {
    /// Whether it is written into a policy as `…/{stage}/*`.
    pub(crate) fn covers_everything(&self) -> bool {
        self.methods == Methods::Any && self.path.covers_everything()
    }
}

impl Methods {
    /// The verbs, with `*` written out.
    pub(crate) fn verbs(&self) -> &[Method] {
        match self {
            Self::Any => &VERBS,
            Self::Only(verbs) => verbs,
        }
    }
}
