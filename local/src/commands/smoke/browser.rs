//! The headers that a browser needs to read the answers.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD,
};
use http::{Method, StatusCode};

use super::api::{SmokeApi, SmokeReply};
use super::observations::Observations;
use crate::commands::report::{Check, CheckOutcome};

pub(super) const PREFLIGHT: Check = Check::new(
    "preflight",
    "a success without a token, with the origin, the method and `authorization` allowed",
    "https://fetch.spec.whatwg.org/#cors-preflight-fetch",
);

pub(super) const CORS_ON_401: Check = Check::new(
    "cors_on_401",
    "a 401 with `Access-Control-Allow-Origin` for the origin",
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html",
);

pub(super) const CORS_ON_403: Check = Check::new(
    "cors_on_403",
    "a 403 with `Access-Control-Allow-Origin` for the origin",
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html",
);

pub(super) async fn preflight(api: &SmokeApi<'_>) -> CheckOutcome {
    let Some(origin) = api.origin else {
        return PREFLIGHT.skip("needs --origin");
    };
    let method = &api.guarded.method;
    let request = api
        .request(&Method::OPTIONS, &api.guarded.path)
        .header(ACCESS_CONTROL_REQUEST_METHOD, method.as_str())
        .header(ACCESS_CONTROL_REQUEST_HEADERS, "authorization,content-type");
    let reply = api.send(request).await;
    if !reply.is_success() {
        let advice = if reply.is(StatusCode::UNAUTHORIZED) || reply.is(StatusCode::FORBIDDEN) {
            "take the authorizer off OPTIONS (`AddDefaultAuthorizerToCorsPreflight: false`): a preflight never has a \
             token"
                .to_owned()
        } else {
            reply.advice()
        };
        return PREFLIGHT.fail(reply.to_string(), advice);
    }
    let methods = reply
        .header(&ACCESS_CONTROL_ALLOW_METHODS)
        .unwrap_or_default();
    let headers = reply
        .header(&ACCESS_CONTROL_ALLOW_HEADERS)
        .unwrap_or_default();
    let mut missing = Vec::new();
    if !allows(&reply, origin) {
        missing.push(format!("origin `{origin}`"));
    }
    // GET, HEAD and POST need no permission.
    if !matches!(method.as_str(), "GET" | "HEAD" | "POST") && !lists(&methods, method.as_str()) {
        missing.push(format!("method `{method}`"));
    }
    // `*` does not include this header.
    if !headers
        .split(',')
        .any(|name| name.trim().eq_ignore_ascii_case("authorization"))
    {
        missing.push("header `authorization`".to_owned());
    }
    if missing.is_empty() {
        PREFLIGHT.pass(reply.to_string())
    } else {
        PREFLIGHT.fail(
            format!("{reply}, and does not allow: {}", missing.join(", ")),
            "answer the preflight with Access-Control-Allow-Origin, -Methods and -Headers for these",
        )
    }
}

pub(super) async fn cors_on_401(api: &SmokeApi<'_>, seen: &mut Observations) -> CheckOutcome {
    let reply = api.call(api.guarded, None).await;
    readable(CORS_ON_401, api, &reply, StatusCode::UNAUTHORIZED, seen)
}

pub(super) async fn cors_on_403(api: &SmokeApi<'_>, seen: &mut Observations) -> CheckOutcome {
    let Some(token) = api.weak_token else {
        return CORS_ON_403.skip("needs --weak-token");
    };
    let reply = api
        .call(api.guarded, Some(&format!("Bearer {token}")))
        .await;
    readable(CORS_ON_403, api, &reply, StatusCode::FORBIDDEN, seen)
}

fn readable(
    check: Check,
    api: &SmokeApi<'_>,
    reply: &SmokeReply,
    status: StatusCode,
    seen: &mut Observations,
) -> CheckOutcome {
    let Some(origin) = api.origin else {
        return check.skip("needs --origin");
    };
    if !reply.is(status) {
        return check.skip(format!("needs a {}, found {reply}", status.as_u16()));
    }
    let value = reply.header(&ACCESS_CONTROL_ALLOW_ORIGIN);
    let found = match &value {
        Some(value) => format!("`{value}`"),
        None => "no such header".to_owned(),
    };
    if reply.is_of_http_api() {
        seen.add(
            "CORS headers of an HTTP API on its own 401 and 403",
            format!("{}: {found}", status.as_u16()),
        );
    }
    if allows(reply, origin) {
        check.pass(found)
    } else {
        check.fail(
            found,
            "set Access-Control-Allow-Origin on the gateway responses UNAUTHORIZED, ACCESS_DENIED, DEFAULT_4XX and \
             DEFAULT_5XX (REST) or `CorsConfiguration` (HTTP API): without it a browser reports a CORS error in place \
             of the status",
        )
    }
}

fn allows(reply: &SmokeReply, origin: &str) -> bool {
    let value = reply.header(&ACCESS_CONTROL_ALLOW_ORIGIN);
    value.is_some_and(|value| value == "*" || value == origin)
}

fn lists(values: &str, wanted: &str) -> bool {
    values
        .split(',')
        .map(str::trim)
        .any(|value| value == "*" || value == wanted)
}
