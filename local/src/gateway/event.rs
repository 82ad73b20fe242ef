//! The events that API Gateway sends to functions: REST TOKEN and REQUEST authorizers, and the proxy integration.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use time::macros::format_description;

use super::answer::is_binary_media_type;
use super::call::{Call, decoded};
use crate::aws;
use crate::template::Api;
use crate::template::api::ApiKind;

/// The event of a TOKEN authorizer: exactly three members.
pub(crate) fn token(authorization: &str, method_arn: &str) -> Value {
    json!({"type": "TOKEN", "methodArn": method_arn, "authorizationToken": authorization})
}

/// The event of a REQUEST authorizer: everything except the body.
pub(crate) fn request(
    call: &Call,
    api: &Api,
    resource: &str,
    parameters: &BTreeMap<String, String>,
    method_arn: &str,
) -> Value {
    let mut event = common(call, api, resource, parameters);
    event.insert("type".to_owned(), "REQUEST".into());
    event.insert("methodArn".to_owned(), method_arn.into());
    // An authorizer receives empty maps where the integration receives null.
    for name in [
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "pathParameters",
        "stageVariables",
    ] {
        if let Some(member @ Value::Null) = event.get_mut(name) {
            *member = Value::Object(Map::new());
        }
    }
    event.insert(
        "requestContext".to_owned(),
        Value::Object(context(call, api, resource)),
    );
    Value::Object(event)
}

/// The event of the proxy integration, payload format 1.0.
pub(crate) fn proxy(
    call: &Call,
    api: &Api,
    resource: &str,
    parameters: &BTreeMap<String, String>,
    authorizer: Option<&Map<String, Value>>,
) -> Value {
    let mut event = common(call, api, resource, parameters);
    let mut context = context(call, api, resource);
    if let Some(authorizer) = authorizer {
        context.insert("authorizer".to_owned(), Value::Object(authorizer.clone()));
    }
    event.insert("requestContext".to_owned(), Value::Object(context));
    let binary = match &api.kind {
        ApiKind::Rest {
            binary_media_types, ..
        } => call
            .header("content-type")
            .is_some_and(|kind| is_binary_media_type(kind, binary_media_types)),
        ApiKind::Http { .. } => !call.has_text(),
    };
    let body = match (call.body.is_empty(), binary) {
        (true, _) => Value::Null,
        (false, true) => STANDARD.encode(&call.body).into(),
        (false, false) => String::from_utf8_lossy(&call.body).into(),
    };
    event.insert(
        "isBase64Encoded".to_owned(),
        (binary && !body.is_null()).into(),
    );
    event.insert("body".to_owned(), body);
    Value::Object(event)
}

/// The members that both events have.
fn common(
    call: &Call,
    api: &Api,
    resource: &str,
    parameters: &BTreeMap<String, String>,
) -> Map<String, Value> {
    let is_http = matches!(api.kind, ApiKind::Http { .. });
    let mut headers = call.headers.clone();
    if is_http {
        headers.push(("Content-Length".to_owned(), call.content_length()));
    }
    let (headers, multi_value_headers) = single_and_multi(&headers);
    let (query, multi_value_query) = single_and_multi(&call.query);
    let mut event = Map::new();
    let mut set = |name: &str, value: Value| event.insert(name.to_owned(), value);
    set("resource", resource.into());
    set("path", call.path.clone().into());
    set("httpMethod", call.verb.clone().into());
    set("headers", headers);
    set("multiValueHeaders", multi_value_headers);
    set("queryStringParameters", null_when_empty(query));
    set(
        "multiValueQueryStringParameters",
        null_when_empty(multi_value_query),
    );
    let parameters = if is_http {
        decoded_values(parameters)
    } else {
        texts(parameters)
    };
    set("pathParameters", null_when_empty(parameters));
    set("stageVariables", null_when_empty(texts(&api.variables)));
    event
}

fn context(call: &Call, api: &Api, resource: &str) -> Map<String, Value> {
    let user_agent = call.header("user-agent");
    let (path, user_agent) = match &api.kind {
        ApiKind::Rest { .. } => (call.full_path.clone(), user_agent),
        ApiKind::Http { .. } => (
            decoded(&call.full_path),
            Some(user_agent.unwrap_or_default()),
        ),
    };
    let context = json!({
        "accountId": aws::ACCOUNT,
        "apiId": aws::API_ID,
        "deploymentId": "local0",
        "domainName": call.domain_name(),
        "domainPrefix": call.domain_name().split('.').next(),
        "extendedRequestId": call.id,
        "httpMethod": call.verb,
        "identity": {
            "accessKey": null,
            "accountId": null,
            "caller": null,
            "cognitoAuthenticationProvider": null,
            "cognitoAuthenticationType": null,
            "cognitoIdentityId": null,
            "cognitoIdentityPoolId": null,
            "principalOrgId": null,
            "sourceIp": call.source_ip.to_string(),
            "user": null,
            "userAgent": user_agent,
            "userArn": null,
        },
        "path": path,
        "protocol": call.protocol,
        "requestId": call.id,
        "requestTime": request_time(call),
        "requestTimeEpoch": call.at.as_millis(),
        "resourceId": resource_id(resource),
        "resourcePath": resource,
        "stage": api.stage,
    });
    match context {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// The time of a request in the format of access logs.
pub(super) fn request_time(call: &Call) -> String {
    let time = format_description!(
        "[day]/[month repr:short]/[year]:[hour]:[minute]:[second] [offset_hour sign:mandatory][offset_minute]"
    );
    let at = call.at.utc();
    at.and_then(|at| at.format(&time).ok()).unwrap_or_default()
}

/// Six letters and digits. Like AWS's ids they are constant for a resource.
fn resource_id(resource: &str) -> String {
    let hash = resource.bytes().fold(5381_u64, |hash, byte| {
        hash.wrapping_mul(33) ^ u64::from(byte)
    });
    format!("{:06x}", hash & 0xff_ffff)
}

/// The last value of each name, and all values of each name.
fn single_and_multi(pairs: &[(String, String)]) -> (Value, Value) {
    let mut single = Map::new();
    let mut multi: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in pairs {
        single.insert(name.clone(), value.as_str().into());
        multi.entry(name).or_default().push(value);
    }
    (Value::Object(single), json!(multi))
}

pub(super) fn texts(map: &BTreeMap<String, String>) -> Value {
    map.iter()
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
        .collect::<Map<_, _>>()
        .into()
}

/// The parameters of a path as an HTTP API passes them.
pub(super) fn decoded_values(parameters: &BTreeMap<String, String>) -> Value {
    let decoded = parameters
        .iter()
        .map(|(name, value)| (name.clone(), decoded(value)));
    texts(&decoded.collect())
}

fn null_when_empty(value: Value) -> Value {
    match value {
        Value::Object(members) if members.is_empty() => Value::Null,
        other => other,
    }
}
