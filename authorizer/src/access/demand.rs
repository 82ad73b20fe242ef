//! What a rule demands of a token.

use crate::verifier::VerifiedClaims;

/// One demand on a verified token. A rule is met when all of its demands are.
#[derive(Debug, Clone, PartialEq)]
pub enum Demand {
    /// One of these issuers.
    Issuers(Vec<String>),
    /// All of these scopes.
    Scopes(Vec<String>),
    /// One of these groups.
    Groups(Vec<String>),
}

impl Demand {
    /// Whether a token meets it. Allocates nothing.
    #[must_use]
    pub fn is_met_by(&self, claims: &VerifiedClaims) -> bool {
        match self {
            Self::Issuers(issuers) => has(issuers, claims.issuer()),
            Self::Scopes(scopes) => claims
                .scopes()
                .is_some_and(|found| scopes.iter().all(|scope| found.contains(scope))),
            Self::Groups(groups) => claims
                .groups()
                .is_some_and(|found| groups.iter().any(|group| found.contains(group))),
        }
    }
}

fn has(list: &[String], value: &str) -> bool {
    list.iter().any(|entry| entry == value)
}
