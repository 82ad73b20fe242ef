//! Calls that must be rejected, and the headers of the rejections.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE as WWW_AUTHENTICATE_HEADER};
use http::{HeaderName, StatusCode};

use super::api::{SmokeApi, SmokeReply};
use super::observations::Observations;
use crate::commands::report::{Check, CheckOutcome};

const SIGNED_OUT: Check = Check::new(
    "signed_out",
    "401 for the guarded call without a token",
    "RFC 6750, section 3.1",
);

pub(super) const BAD_TOKEN: Check = Check::new(
    "bad_token_401",
    "401 for a forged token, on both routes",
    "RFC 6750, section 3.1",
);

pub(super) const EXPIRED_TOKEN: Check = Check::new(
    "expired_token_401",
    "401 for the guarded call with the expired token",
    "RFC 6750, section 3.1",
);

pub(super) const WWW_AUTHENTICATE: Check = Check::new(
    "www_authenticate",
    "a 401 with `WWW-Authenticate`, under that name",
    "RFC 9110, section 11.6.1",
);

pub(super) const TWO_TOKENS: Check = Check::new(
    "two_tokens",
    "400, 401 or 403 for two `Authorization` headers",
    "RFC 6750, section 2",
);

pub(super) const LARGE_HEADERS: Check = Check::new(
    "large_headers",
    "400, 413 or 431 for headers over 10,240 bytes",
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html",
);

pub(super) const REQUEST_ID: Check = Check::new(
    "request_id",
    "a request id in a header of a 401, by which `cargo local why` finds it",
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html",
);

/// The first check, which also shows whether the API answers.
pub(super) struct SignedOut {
    pub(super) outcome: CheckOutcome,
    pub(super) reached: bool,
}

pub(super) async fn signed_out(api: &SmokeApi<'_>, seen: &mut Observations) -> SignedOut {
    let reply = api.call(api.guarded, None).await;
    if reply.came() {
        let kind = if reply.is_of_http_api() {
            "HTTP API"
        } else {
            "REST API"
        };
        seen.add("kind of API, by its headers", kind);
    }
    SignedOut {
        reached: reply.came(),
        outcome: if is_for_anonymous_callers(&reply) {
            SIGNED_OUT.warn(
                reply.to_string(),
                "right if a rule allows anonymous callers on other routes and the authorizer has no cache: then API \
                 Gateway calls it without a token, and clients cannot see that they have to sign in; otherwise check \
                 the API's resource policy and WAF",
            )
        } else {
            rejection(SIGNED_OUT, &reply)
        },
    }
}

/// Whether it is a REST API's 403 for a call that a policy does not allow.
fn is_for_anonymous_callers(reply: &SmokeReply) -> bool {
    reply.is(StatusCode::FORBIDDEN) && !reply.is_of_http_api() && !reply.is_of_missing_route()
}

/// Runs the check `bad_token_401`.
pub(super) async fn bad_token(api: &SmokeApi<'_>, seen: &mut Observations) -> CheckOutcome {
    let credential = format!("Bearer {}", forged(api.token));
    let guarded = api.call(api.guarded, Some(&credential)).await;
    let allowed = api.call(api.allowed, Some(&credential)).await;
    seen.add("a token that the authorizer rejects", guarded.to_string());
    let outcome = rejection(BAD_TOKEN, &guarded);
    if outcome.is_fail() {
        return outcome;
    }
    if !allowed.came() || allowed.status() >= 500 {
        let found = format!("{guarded} for the guarded call, for the allowed one: {allowed}");
        return BAD_TOKEN.fail(found, allowed.advice());
    }
    if !allowed.is_success() {
        return outcome;
    }
    BAD_TOKEN.warn(
        format!("{guarded} for the guarded call, {allowed} for the allowed one"),
        "right if the allowed call has no authorizer; otherwise a bad token is treated as anonymous there, and a page \
         cannot detect that its user is signed out",
    )
}

/// Runs the check `expired_token_401`.
pub(super) async fn expired_token(api: &SmokeApi<'_>) -> CheckOutcome {
    let Some(token) = api.expired_token else {
        return EXPIRED_TOKEN.skip("needs --expired-token");
    };
    let reply = api
        .call(api.guarded, Some(&format!("Bearer {token}")))
        .await;
    rejection(EXPIRED_TOKEN, &reply)
}

/// A 401, or a 403 of an HTTP API with simple responses.
fn rejection(check: Check, reply: &SmokeReply) -> CheckOutcome {
    if reply.is(StatusCode::UNAUTHORIZED) {
        return check.pass(reply.to_string());
    }
    if reply.is(StatusCode::FORBIDDEN) && reply.is_of_http_api() {
        return check.warn(
            reply.to_string(),
            "right for an HTTP API with simple answers: `isAuthorized: false` is always 403 there, so pages cannot \
             distinguish a bad token from a missing permission; a REST API can",
        );
    }
    check.fail(reply.to_string(), reply.advice())
}

/// The token with another signature, or a token that no issuer has signed.
fn forged(token: Option<&str>) -> String {
    let parts = token.and_then(|token| token.rsplit_once('.'));
    let Some((signed, signature)) = parts else {
        let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let header = part(r#"{"alg":"RS256","kid":"cargo-local-smoke"}"#);
        let payload = part(r#"{"iss":"https://issuer.invalid","sub":"smoke","aud":"smoke"}"#);
        return format!("{header}.{payload}.{}", part("smoke"));
    };
    // The first character, because some bits of the last one are unused.
    let mut characters = signature.chars();
    let other = if characters.next() == Some('A') {
        'B'
    } else {
        'A'
    };
    format!("{signed}.{other}{}", characters.as_str())
}

pub(super) async fn www_authenticate(api: &SmokeApi<'_>, seen: &mut Observations) -> CheckOutcome {
    const REMAPPED: HeaderName = HeaderName::from_static("x-amzn-remapped-www-authenticate");
    let reply = api.call(api.guarded, None).await;
    if !reply.is(StatusCode::UNAUTHORIZED) {
        return WWW_AUTHENTICATE.skip("needs a 401 for the guarded call without a token");
    }
    if let Some(value) = reply.header(&WWW_AUTHENTICATE_HEADER) {
        seen.add(
            "`WWW-Authenticate` of a gateway response",
            format!("`{value}`"),
        );
        return WWW_AUTHENTICATE.pass(value);
    }
    let remapped = reply.header(&REMAPPED);
    let found = if remapped.is_some() {
        "`x-amzn-remapped-www-authenticate` in its place"
    } else {
        "no such header"
    };
    seen.add("`WWW-Authenticate` of a gateway response", found);
    if reply.is_of_http_api() {
        WWW_AUTHENTICATE.warn(
            found,
            "an HTTP API cannot set headers on its own 401; a REST API can",
        )
    } else {
        WWW_AUTHENTICATE.fail(
            found,
            "set the header on the gateway response UNAUTHORIZED: API Gateway renames it in a function's answer",
        )
    }
}

pub(super) async fn two_tokens(api: &SmokeApi<'_>, seen: &mut Observations) -> CheckOutcome {
    let token = api.weak_token.or(api.token);
    let Some(token) = token else {
        return TWO_TOKENS.skip("needs --token or --weak-token");
    };
    let request = api
        .request(&api.allowed.method, &api.allowed.path)
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .header(AUTHORIZATION, format!("Bearer {}", forged(Some(token))));
    let reply = api.send(request).await;
    seen.add(
        "a good and a forged token in two `Authorization` headers",
        reply.to_string(),
    );
    match reply.status() {
        400 | 401 | 403 => TWO_TOKENS.pass(reply.to_string()),
        200..=299 => TWO_TOKENS.warn(
            reply.to_string(),
            "API Gateway passed one of the two on, or the allowed call needs none: a proxy in front that reads the \
             other one would disagree",
        ),
        _ => TWO_TOKENS.fail(reply.to_string(), reply.advice()),
    }
}

pub(super) async fn large_headers(api: &SmokeApi<'_>, seen: &mut Observations) -> CheckOutcome {
    let mut request = api
        .request(&api.allowed.method, &api.allowed.path)
        .header("x-padding", "a".repeat(11_000));
    if let Some(token) = api.token.or(api.weak_token) {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let reply = api.send(request).await;
    seen.add("headers of 11,000 bytes", reply.to_string());
    match reply.status() {
        400 | 413 | 431 => LARGE_HEADERS.pass(reply.to_string()),
        500..=599 => LARGE_HEADERS.fail(reply.to_string(), reply.advice()),
        _ => LARGE_HEADERS.warn(
            reply.to_string(),
            "the limit differs from the documented one: another part of the path may cut off a large token",
        ),
    }
}

pub(super) async fn request_id(api: &SmokeApi<'_>) -> CheckOutcome {
    const NAMES: [HeaderName; 3] = [
        HeaderName::from_static("x-amzn-requestid"),
        HeaderName::from_static("apigw-requestid"),
        HeaderName::from_static("x-request-id"),
    ];
    let reply = api.call(api.guarded, None).await;
    let found = NAMES
        .iter()
        .find_map(|name| Some(format!("{name}: {}", reply.header(name)?)));
    match found {
        Some(found) => REQUEST_ID.pass(found),
        None => REQUEST_ID.fail(
            format!("no such header on {reply}"),
            "configure the proxy in front of the API to pass on `x-amzn-RequestId` (REST) or `apigw-requestid` (HTTP API)",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::forged;

    #[test]
    fn a_forged_token_differs_in_the_signature_only() {
        assert_eq!(forged(Some("h.p.Axyz")), "h.p.Bxyz");
        assert_eq!(forged(Some("h.p.xyz")), "h.p.Ayz");
        assert_eq!(forged(None).split('.').count(), 3);
        assert_eq!(forged(Some("opaque")).split('.').count(), 3);
    }
}
