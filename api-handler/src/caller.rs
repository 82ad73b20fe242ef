//! The caller, parsed from the authorizer's context. No other part of a request identifies the caller.

use std::{collections::BTreeSet, time::Duration};

use lambda_support::clock::Timestamp;
use lambda_support::context::{AuthorizerContext, SignedInContext};

use crate::{
    problem::Problem,
    state::{GroupName, Metadata, Visibility},
};

/// A token that expired longer ago than this is rejected. API Gateway may cache the authorizer's answer for longer than
/// its token is valid. The value equals the authorizer's default leeway.
const EXPIRY_LEEWAY: Duration = Duration::from_secs(60);

/// The maximum length of a principal: DynamoDB limits the partition key of an index to 2,048 bytes.
pub(crate) const MAX_PRINCIPAL_BYTES: usize = 2048;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    Anonymous,
    SignedIn(SignedIn),
}

/// A caller with a token that the authorizer verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignedIn {
    /// The owner of the resources that this caller creates.
    pub(crate) principal: String,
    /// The token's `sub`.
    pub(crate) subject: Option<String>,
    /// The client that the token was issued to.
    pub(crate) client_id: Option<String>,
    pub(crate) scopes: Vec<String>,
    /// The groups to which a resource can be visible.
    pub(crate) groups: BTreeSet<GroupName>,
    pub(crate) expires_at: Timestamp,
    /// Whether the caller is in `ADMIN_GROUP`.
    pub(crate) admin: bool,
}

impl Caller {
    /// The caller that the authorizer's context describes. Fails with [`Problem::SignInExpired`] if the token expired
    /// more than 60 seconds ago.
    pub(crate) fn from_context(
        context: AuthorizerContext,
        admin_group: Option<&str>,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let AuthorizerContext::SignedIn(context) = context else {
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

    /// The caller, if signed in. Fails with [`Problem::SignInNeeded`] if the caller is anonymous.
    pub(crate) fn signed_in(&self) -> Result<&SignedIn, Problem> {
        match self {
            Self::Anonymous => Err(Problem::SignInNeeded),
            Self::SignedIn(caller) => Ok(caller),
        }
    }

    /// Whether this caller may see the resource.
    pub(crate) fn may_see(&self, state: &Metadata) -> bool {
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
    pub(crate) fn may_write(&self, state: &Metadata) -> bool {
        self.admin || state.owner == self.principal
    }

    fn new(context: SignedInContext, admin_group: Option<&str>) -> Self {
        let names: Vec<String> = context.groups.unwrap_or_default();
        Self {
            principal: context.principal,
            subject: context.subject,
            client_id: context.client_id,
            scopes: context.scopes.unwrap_or_default(),
            // Compared before the names are parsed, because with an issuer in front the setting may exceed the length
            // of a `GroupName`.
            admin: admin_group.is_some_and(|admins| names.iter().any(|name| name == admins)),
            groups: names
                .iter()
                .filter_map(|name| GroupName::parse(name))
                .collect(),
            expires_at: context.expires_at,
        }
    }
}

#[cfg(test)]
mod tests;
