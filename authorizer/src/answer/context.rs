//! The context in which the API receives the caller's claims.

use std::borrow::Cow;

use lambda_support::context::{AuthorizerContext, ContextMembers};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::access::CallerClaims;
use crate::clock::Timestamp;
use crate::verifier::VerifiedClaims;

/// The context of an answer, as JSON. `step_up` has the `acr` values with which a denied call would be allowed.
pub(crate) fn context<'c>(caller: CallerClaims<'c>, step_up: Option<&str>) -> Cow<'c, RawValue> {
    match (caller, step_up) {
        (CallerClaims::Anonymous, _) => Cow::Owned(written(&AuthorizerContext::Anonymous)),
        // The same for every call with this token, so it is serialised once.
        (CallerClaims::SignedIn(claims), None) => {
            Cow::Borrowed(claims.written_context(|| written(&members(claims, None))))
        }
        (CallerClaims::SignedIn(claims), step_up) => Cow::Owned(written(&members(claims, step_up))),
    }
}

fn members<'c>(claims: &'c VerifiedClaims, step_up: Option<&'c str>) -> ContextMembers<'c> {
    ContextMembers {
        principal: claims.principal(),
        subject: Some(claims.subject()),
        issuer: Some(claims.issuer()),
        client_id: claims.client_id(),
        scopes: claims.scopes(),
        groups: claims.qualified_groups(),
        expires_at: Timestamp::from_secs(claims.expires_at_secs()),
        token_id: claims.token_id(),
        step_up,
        claims: claims.extra(),
    }
}

/// Serialises a value. Every context and answer can be serialised. Any other value would become `null`, to which API
/// Gateway answers 500.
pub(super) fn written(value: &impl Serialize) -> Box<RawValue> {
    to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// The principal of an answer to an anonymous caller.
pub(crate) const ANONYMOUS: &str = "anonymous";

/// The `principalId` of an answer.
pub(crate) fn principal(caller: CallerClaims<'_>) -> &str {
    match caller {
        CallerClaims::Anonymous => ANONYMOUS,
        CallerClaims::SignedIn(claims) => claims.principal(),
    }
}
