//! The context: what the API learns about the caller.

use lambda_support::context::{AuthorizerContext, SignedInContext};
use serde_json::{Map, Value};

use crate::access::Caller;
use crate::clock::Timestamp;

/// The context of an answer. `step_up` is the `acr` values that would allow a denied call.
#[must_use]
pub fn context(caller: Caller<'_>, step_up: Option<String>) -> Map<String, Value> {
    let owned = |text: &str| text.to_owned();
    match caller {
        Caller::Anonymous => AuthorizerContext::Anonymous,
        Caller::SignedIn(claims) => AuthorizerContext::SignedIn(SignedInContext {
            principal: claims.principal().to_owned(),
            subject: Some(claims.subject().to_owned()),
            issuer: Some(claims.issuer().to_owned()),
            client_id: claims.client_id().map(owned),
            scopes: claims.scopes().map(<[_]>::to_vec),
            groups: claims.qualified_groups(),
            expires_at: Timestamp::from_secs(claims.expires_at_secs()),
            token_id: claims.token_id().map(owned),
            step_up,
            claims: claims.further().clone(),
        }),
    }
    .into()
}

/// The principal of an answer to an anonymous caller.
pub const ANONYMOUS: &str = "anonymous";

/// `principalId`.
#[must_use]
pub fn principal(caller: Caller<'_>) -> &str {
    match caller {
        Caller::Anonymous => ANONYMOUS,
        Caller::SignedIn(claims) => claims.principal(),
    }
}
