//! Checks with valid tokens: allowed and denied calls.

use http::StatusCode;

use super::api::{SmokeApi, SmokeReply};
use crate::commands::report::{Check, CheckOutcome};

pub(super) const GOOD_TOKEN: Check = Check::new(
    "good_token",
    "a success for the allowed call with the token",
    "RFC 6750, section 2.1",
);

pub(super) const FORBIDDEN: Check = Check::new(
    "forbidden_403",
    "403 for the guarded call with the weak token",
    "RFC 6750, section 3.1",
);

pub(super) const SECOND_ROUTE: Check = Check::new(
    "second_route",
    "for one token the same answers on two routes in both orders, whichever policy is cached",
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/\
     apigateway-use-lambda-authorizer.html",
);

pub(super) async fn good_token(api: &SmokeApi<'_>) -> CheckOutcome {
    let Some(token) = api.token else {
        return GOOD_TOKEN.skip("needs --token");
    };
    let reply = api
        .call(api.allowed, Some(&format!("Bearer {token}")))
        .await;
    if reply.is_success() || reply.is(StatusCode::NOT_MODIFIED) {
        GOOD_TOKEN.pass(reply.to_string())
    } else {
        GOOD_TOKEN.fail(reply.to_string(), reply.advice())
    }
}

/// Runs the check `forbidden_403`.
pub(super) async fn forbidden(api: &SmokeApi<'_>) -> CheckOutcome {
    let Some(token) = api.weak_token else {
        return FORBIDDEN.skip("needs --weak-token");
    };
    let reply = api
        .call(api.guarded, Some(&format!("Bearer {token}")))
        .await;
    if reply.is(StatusCode::FORBIDDEN) && !reply.is_of_missing_route() {
        FORBIDDEN.pass(reply.to_string())
    } else {
        FORBIDDEN.fail(reply.to_string(), reply.advice())
    }
}

/// `second_route`: the cache of an authorizer is keyed by the whole header, so another spelling of the scheme begins
/// with an empty cache.
pub(super) async fn second_route(api: &SmokeApi<'_>) -> CheckOutcome {
    let Some(token) = api.weak_token.or(api.token) else {
        return SECOND_ROUTE.skip("needs --weak-token or --token");
    };
    let (first, second) = (format!("BEARER {token}"), format!("bearer {token}"));
    let allowed_first = api.call(api.allowed, Some(&first)).await;
    let guarded_after = api.call(api.guarded, Some(&first)).await;
    let guarded_first = api.call(api.guarded, Some(&second)).await;
    let allowed_after = api.call(api.allowed, Some(&second)).await;
    let found = format!(
        "allowed then guarded: {allowed_first}, {guarded_after}; guarded then allowed: {guarded_first}, {allowed_after}"
    );
    if let Some(broken) = [
        &allowed_first,
        &guarded_after,
        &guarded_first,
        &allowed_after,
    ]
    .into_iter()
    .find(|reply| !reply.came() || reply.status() >= 500)
    {
        return SECOND_ROUTE.fail(found, broken.advice());
    }
    let same = |a: &SmokeReply, b: &SmokeReply| a.status() == b.status();
    if !same(&allowed_first, &allowed_after) || !same(&guarded_first, &guarded_after) {
        return SECOND_ROUTE.fail(
            found,
            "the cached answer for one route decides on another: let the policy name every route that the token may \
             call, never the `methodArn` of one request; an HTTP API with simple answers needs `$context.routeKey` \
             among its identity sources, or no caching",
        );
    }
    if allowed_first.is_success() {
        SECOND_ROUTE.pass(found)
    } else if allowed_first.is(StatusCode::UNAUTHORIZED) {
        SECOND_ROUTE.warn(
            found,
            "give tokens that may make the allowed call; an authorizer that takes only the spelling `Bearer` rejects \
             these calls too, and its cache cannot be judged from outside",
        )
    } else {
        SECOND_ROUTE.warn(
            found,
            "give a token that may make the allowed call: without one the cache cannot be judged",
        )
    }
}
