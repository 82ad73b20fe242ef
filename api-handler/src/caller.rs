//! Who is calling: read once from the authorizer's context, and from nowhere else.

use std::collections::BTreeSet;

use serde_json::Value;
use time::{Duration, OffsetDateTime};

use crate::{
    problem::Problem,
    state::{State, Visibility},
};

/// API Gateway caches the authorizer's answer past the end of the token it was given for: a token that ended longer
/// ago than this is refused here. As long as the authorizer's own default leeway for clocks.
const EXPIRY_LEEWAY: Duration = Duration::seconds(60);

/// Longest principal: it is the partition key of an index, which DynamoDB limits to 2,048 bytes.
pub(crate) const MAX_PRINCIPAL_BYTES: usize = 2048;

/// The caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Nobody in particular.
    Anonymous,
    /// Somebody whom the authorizer vouches for.
    SignedIn(SignedIn),
}

/// Somebody whom the authorizer vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// What resources are owned by.
    pub principal: String,
    /// The token's `sub`.
    pub subject: Option<String>,
    /// The client that the token was issued to.
    pub client_id: Option<String>,
    /// What the token may be used for.
    pub scopes: Vec<String>,
    /// The groups, each once.
    pub groups: BTreeSet<String>,
    /// When the token ends.
    pub expires_at: OffsetDateTime,
    /// Whether one of the groups is that of the admins.
    pub admin: bool,
}

impl Caller {
    /// Reads the authorizer's context: strings from a REST API, typed values from an HTTP API. A context that is
    /// missing or not as the authorizer makes it is nobody's.
    ///
    /// # Errors
    /// [`Problem::SignInExpired`] when the token ended more than 60 seconds ago.
    pub fn from_context(
        context: Option<&Value>,
        admin_group: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<Self, Problem> {
        let Some(caller) = context.and_then(|context| SignedIn::parse(context, admin_group)) else {
            return Ok(Self::Anonymous);
        };
        if now - caller.expires_at > EXPIRY_LEEWAY {
            return Err(Problem::SignInExpired);
        }
        Ok(Self::SignedIn(caller))
    }

    /// The caller, if signed in.
    ///
    /// # Errors
    /// [`Problem::SignInNeeded`] otherwise.
    pub fn signed_in(&self) -> Result<&SignedIn, Problem> {
        match self {
            Self::Anonymous => Err(Problem::SignInNeeded),
            Self::SignedIn(caller) => Ok(caller),
        }
    }

    /// Whether this caller may see the resource.
    #[must_use]
    pub fn may_see(&self, state: &State) -> bool {
        let Self::SignedIn(caller) = self else {
            return state.visibility == Visibility::Public;
        };
        caller.may_write(state)
            || match &state.visibility {
                Visibility::Private => false,
                Visibility::Public => true,
                Visibility::Group(name) => caller.groups.contains(name),
            }
    }
}

impl SignedIn {
    /// Whether this caller may change and delete the resource.
    #[must_use]
    pub fn may_write(&self, state: &State) -> bool {
        self.admin || state.owner == self.principal
    }

    fn parse(context: &Value, admin_group: Option<&str>) -> Option<Self> {
        let text = |name: &str| context.get(name)?.as_str().map(str::to_owned);
        let signed_in = context.get("signedIn")?;
        if signed_in.as_bool() != Some(true) && signed_in.as_str() != Some("true") {
            return None;
        }
        let principal =
            text("principal").filter(|p| !p.is_empty() && p.len() <= MAX_PRINCIPAL_BYTES)?;
        let groups = groups(context.get("groups"));
        Some(Self {
            principal,
            subject: text("sub"),
            client_id: text("clientId"),
            scopes: text("scope")
                .unwrap_or_default()
                .split_ascii_whitespace()
                .map(str::to_owned)
                .collect(),
            admin: admin_group.is_some_and(|name| groups.contains(name)),
            groups,
            expires_at: expiry(context.get("exp")?)?,
        })
    }
}

/// Epoch seconds, a number or its text, perhaps with a fraction.
fn expiry(exp: &Value) -> Option<OffsetDateTime> {
    let seconds = exp
        .as_f64()
        .or_else(|| exp.as_str()?.trim().parse().ok())
        .filter(|s| s.is_finite())?;
    OffsetDateTime::UNIX_EPOCH.checked_add(Duration::checked_seconds_f64(seconds)?)
}

/// A JSON array as text. Anything else is no groups: a caller has fewer rights by it, never more.
fn groups(claim: Option<&Value>) -> BTreeSet<String> {
    claim
        .and_then(Value::as_str)
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
