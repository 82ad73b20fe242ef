//! Who is calling: read once from the authorizer's context, and from nowhere else.

use std::{collections::BTreeSet, time::Duration};

use lambda_support::clock::Timestamp;
use lambda_support::context::{AuthorizerContext, SignedInContext};
use serde_json::Value;

use crate::{
    problem::Problem,
    state::{State, Visibility},
};

/// API Gateway caches the authorizer's answer past the end of the token it was given for: a token that ended longer
/// ago than this is refused here. As long as the authorizer's own default leeway for clocks.
const EXPIRY_LEEWAY: Duration = Duration::from_secs(60);

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
    pub expires_at: Timestamp,
    /// Whether one of the groups is that of the admins.
    pub admin: bool,
}

impl Caller {
    /// The caller that the authorizer's context describes. Without a context the caller is anonymous.
    ///
    /// # Errors
    /// [`Problem::SignInExpired`] when the token ended more than 60 seconds ago.
    pub fn from_context(
        context: Option<&Value>,
        admin_group: Option<&str>,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let context = context.map(AuthorizerContext::parse);
        let Some(AuthorizerContext::SignedIn(context)) = context else {
            return Ok(Self::Anonymous);
        };
        if context.principal.len() > MAX_PRINCIPAL_BYTES {
            return Ok(Self::Anonymous);
        }
        let caller = SignedIn::new(context, admin_group);
        if now.since(caller.expires_at) > EXPIRY_LEEWAY {
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

    fn new(context: SignedInContext, admin_group: Option<&str>) -> Self {
        let groups: BTreeSet<String> = context.groups.into_iter().flatten().collect();
        Self {
            principal: context.principal,
            subject: context.subject,
            client_id: context.client_id,
            scopes: context.scopes.unwrap_or_default(),
            admin: admin_group.is_some_and(|name| groups.contains(name)),
            groups,
            expires_at: context.expires_at,
        }
    }
}

#[cfg(test)]
mod tests;
