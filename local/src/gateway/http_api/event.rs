//! The events of an HTTP API, in payload formats 1.0 and 2.0.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::super::authorization::Authorization;
use super::super::call::{Call, decoded};
use super::super::event::{self, decoded_values, request_time, texts};
use super::super::jwt::Claims;
use super::super::route::Matched;
use crate::aws;
use crate::template::Api;

/// The authorization in the integration's event.
#[derive(Clone, Debug)]
pub(crate) enum Authorized {
    /// The route has no authorizer.
    Anyone,
    /// A Lambda authorizer allowed the call.
    ByLambda(Authorization),
    /// A JWT authorizer allowed the call.
    ByJwt(Claims),
}

/// The event of an authorizer in format 1.0.
pub(crate) fn authorizer_v1(
    call: &Call,
    api: &Api,
    matched: &Matched<'_>,
    values: &[String],
    arn: &str,
) -> Value {
    let resource = matched.route.path.to_string();
    let mut event = event::request(call, api, &resource, &matched.parameters, arn);
    if let Value::Object(members) = &mut event {
        members.insert("version".to_owned(), "1.0".into());
        let joined = Value::from(values.join(","));
        members.insert("authorizationToken".to_owned(), joined.clone());
        members.insert("identitySource".to_owned(), joined);
    }
    event
}

/// The event of an authorizer in format 2.0.
pub(crate) fn authorizer_v2(
    call: &Call,
    api: &Api,
    matched: &Matched<'_>,
    values: &[String],
    arn: &str,
) -> Value {
    let mut event = common(call, api, matched);
    event.insert("type".to_owned(), "REQUEST".into());
    event.insert("routeArn".to_owned(), arn.into());
    if !values.is_empty() {
        event.insert("identitySource".to_owned(), json!(values));
    }
    let context = context(call, api, matched);
    event.insert("requestContext".to_owned(), Value::Object(context));
    Value::Object(event)
}

/// The event of an integration in format 1.0.
pub(crate) fn proxy_v1(
    call: &Call,
    api: &Api,
    matched: &Matched<'_>,
    authorized: &Authorized,
) -> Value {
    let resource = matched.route.path.to_string();
    let authorizer = match authorized {
        Authorized::Anyone => None,
        Authorized::ByLambda(authorization) => Some(authorization.flat_context()),
        Authorized::ByJwt(claims) => Some(jwt(claims)),
    };
    let parameters = &matched.parameters;
    let mut event = event::proxy(call, api, &resource, parameters, authorizer.as_ref());
    if let Value::Object(members) = &mut event {
        members.insert("version".to_owned(), "1.0".into());
    }
    event
}

/// The event of an integration in format 2.0.
pub(crate) fn proxy_v2(
    call: &Call,
    api: &Api,
    matched: &Matched<'_>,
    authorized: &Authorized,
) -> Value {
    let mut event = common(call, api, matched);
    let mut context = context(call, api, matched);
    let authorizer = match authorized {
        Authorized::Anyone => None,
        Authorized::ByLambda(authorization) => {
            let context = &authorization.context;
            let lambda = if context.is_empty() {
                Value::Null
            } else {
                Value::Object(context.clone())
            };
            Some(json!({ "lambda": lambda }))
        }
        Authorized::ByJwt(claims) => Some(json!({ "jwt": jwt(claims) })),
    };
    if let Some(authorizer) = authorizer {
        context.insert("authorizer".to_owned(), authorizer);
    }
    event.insert("requestContext".to_owned(), Value::Object(context));
    let text = call.has_text();
    if !call.body.is_empty() {
        let body = if text {
            String::from_utf8_lossy(&call.body).into_owned()
        } else {
            STANDARD.encode(&call.body)
        };
        event.insert("body".to_owned(), body.into());
    }
    let encoded = !call.body.is_empty() && !text;
    event.insert("isBase64Encoded".to_owned(), encoded.into());
    Value::Object(event)
}

fn jwt(claims: &Claims) -> Map<String, Value> {
    let scopes = if claims.scopes.is_empty() {
        Value::Null
    } else {
        json!(claims.scopes)
    };
    let claims = texts(&claims.claims);
    Map::from_iter([("claims".to_owned(), claims), ("scopes".to_owned(), scopes)])
}

/// The members that both events of format 2.0 have. Members without content are absent.
fn common(call: &Call, api: &Api, matched: &Matched<'_>) -> Map<String, Value> {
    let cookies: Vec<_> = call
        .header_values("cookie")
        .iter()
        .flat_map(|header| header.split("; "))
        .map(|cookie| Value::from(cookie.trim()))
        .filter(|cookie| cookie != "")
        .collect();
    let headers = call
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.as_str()))
        .filter(|(name, _)| name != "cookie");
    let length = call.content_length();
    let headers = headers.chain([("content-length".to_owned(), length.as_str())]);
    let query = call
        .query
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str()));
    let mut event = Map::from_iter([
        ("version".to_owned(), "2.0".into()),
        ("routeKey".to_owned(), matched.route.key().into()),
        ("rawPath".to_owned(), decoded(&call.full_path).into()),
        ("rawQueryString".to_owned(), call.raw_query.clone().into()),
        ("headers".to_owned(), joined(headers)),
    ]);
    let optional = [
        ("cookies", Value::Array(cookies)),
        ("queryStringParameters", joined(query)),
        ("pathParameters", decoded_values(&matched.parameters)),
        ("stageVariables", texts(&api.variables)),
    ];
    let present = optional.into_iter().filter(|(_, value)| {
        value.as_object().is_none_or(|members| !members.is_empty())
            && value.as_array().is_none_or(|items| !items.is_empty())
    });
    event.extend(present.map(|(name, value)| (name.to_owned(), value)));
    event
}

/// All values of a name in one string, with commas.
fn joined<'a>(pairs: impl Iterator<Item = (String, &'a str)>) -> Value {
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in pairs {
        joined
            .entry(name)
            .and_modify(|all| {
                all.push(',');
                all.push_str(value);
            })
            .or_insert_with(|| value.to_owned());
    }
    texts(&joined)
}

fn context(call: &Call, api: &Api, matched: &Matched<'_>) -> Map<String, Value> {
    let context = json!({
        "accountId": aws::ACCOUNT,
        "apiId": aws::API_ID,
        "domainName": call.domain_name(),
        "domainPrefix": call.domain_name().split('.').next(),
        "http": {
            "method": call.verb,
            "path": decoded(&call.full_path),
            "protocol": call.protocol,
            "sourceIp": call.source_ip.to_string(),
            "userAgent": call.header("user-agent").unwrap_or_default(),
        },
        "requestId": call.id,
        "routeKey": matched.route.key(),
        "stage": api.stage,
        "time": request_time(call),
        "timeEpoch": call.at.as_millis(),
    });
    match context {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
