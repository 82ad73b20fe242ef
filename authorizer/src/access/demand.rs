//! The demands of a rule on a token.

use std::fmt;
use std::time::Duration;

use super::ClaimTest;
use crate::clock::Timestamp;
use crate::verifier::VerifiedClaims;

/// One demand on a verified token. A token meets a rule if it meets all of its demands.
#[derive(Debug, Clone, PartialEq)]
pub enum Demand {
    Issuers(Vec<String>),
    /// All of these scopes.
    Scopes(Vec<String>),
    Groups(Vec<String>),
    Clients(Vec<String>),
    /// The claim has one of the alternatives.
    Claim(ClaimTest),
    /// The claim has none of the alternatives.
    NotClaim(ClaimTest),
    /// One of these authentication contexts (RFC 9470).
    Acr(Vec<String>),
    /// The sign-in is at most this old.
    MaxAge(Duration),
}

/// The time of a decision.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) now: Timestamp,
    /// The tolerance for clocks that differ.
    pub(crate) leeway: Duration,
}

impl Demand {
    /// Whether a token meets the demand. Allocates nothing.
    pub(super) fn is_met_by(&self, claims: &VerifiedClaims, moment: Moment) -> bool {
        match self {
            Self::Issuers(issuers) => is_one_of(issuers, Some(claims.issuer())),
            Self::Scopes(scopes) => scopes.iter().all(|scope| has_scope(claims, scope)),
            Self::Groups(groups) => claims
                .groups()
                .is_some_and(|found| groups.iter().any(|group| found.contains(group))),
            Self::Clients(clients) => is_one_of(clients, claims.client_id()),
            Self::Claim(test) => test.matches(claims.for_rule(test.place)),
            Self::NotClaim(test) => !test.matches(claims.for_rule(test.place)),
            Self::Acr(acr) => is_one_of(acr, claims.acr()),
            Self::MaxAge(max_age) => claims.signed_in_within(*max_age, moment.now, moment.leeway),
        }
    }

    /// Describes what a token lacks. The description shows parts of the rule, never a claim.
    pub(super) fn missing(&self, claims: &VerifiedClaims) -> Vec<String> {
        match self {
            Self::Scopes(scopes) => scopes
                .iter()
                .filter(|scope| !has_scope(claims, scope))
                .map(|scope| format!("scope {scope:?}"))
                .collect(),
            _ => vec![self.to_string()],
        }
    }

    /// The authentication contexts that the demand accepts, if it is about them.
    pub(super) fn acr(&self) -> Option<&[String]> {
        match self {
            Self::Acr(acr) => Some(acr),
            _ => None,
        }
    }

    /// Whether a token that meets the demand now may fail it later.
    pub(super) const fn depends_on_time(&self) -> bool {
        matches!(self, Self::MaxAge(_))
    }

    /// Whether a stronger or newer sign-in could meet the demand.
    pub(super) const fn is_about_sign_in(&self) -> bool {
        matches!(self, Self::Acr(_) | Self::MaxAge(_))
    }
}

fn has_scope(claims: &VerifiedClaims, scope: &String) -> bool {
    claims.scopes().is_some_and(|found| found.contains(scope))
}

fn is_one_of(list: &[String], value: Option<&str>) -> bool {
    value.is_some_and(|value| list.iter().any(|entry| entry == value))
}

/// The description that people read.
impl fmt::Display for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issuers(issuers) => write!(f, "issuer {}", joined(issuers, " or ")),
            Self::Scopes(scopes) => write!(f, "scope {}", joined(scopes, " and ")),
            Self::Groups(groups) => write!(f, "group {}", joined(groups, " or ")),
            Self::Clients(clients) => write!(f, "client {}", joined(clients, " or ")),
            Self::Claim(test) => write!(f, "claim {test}"),
            Self::NotClaim(test) => write!(f, "no claim {test}"),
            Self::Acr(acr) => write!(f, "acr {}", joined(acr, " or ")),
            Self::MaxAge(max_age) => write!(f, "sign-in at most {} s ago", max_age.as_secs()),
        }
    }
}

fn joined(list: &[String], separator: &str) -> String {
    let quoted: Vec<String> = list.iter().map(|entry| format!("{entry:?}")).collect();
    quoted.join(separator)
}
