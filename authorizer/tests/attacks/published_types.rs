//! Events as the types of `aws_lambda_events` serialise them, with nulls and empty lists.

use aws_lambda_events::apigw::{
    ApiGatewayCustomAuthorizerRequest, ApiGatewayCustomAuthorizerRequestTypeRequest,
    ApiGatewayV2CustomAuthorizerV1Request, ApiGatewayV2CustomAuthorizerV2Request,
};
use aws_lambda_events::http::{HeaderMap, HeaderValue};
use serde::Serialize;
use serde_json::{Value, json};

use super::support::{STAGE, World, token_with};
use super::wait;

fn arn() -> Option<String> {
    Some(format!("{STAGE}/GET/state/42"))
}

fn kind(name: &str) -> Option<String> {
    Some(name.to_owned())
}

fn headers() -> HeaderMap {
    let value = HeaderValue::try_from(format!("Bearer {}", token_with(&json!({})))).unwrap();
    HeaderMap::from_iter([("authorization".parse().unwrap(), value)])
}

fn ask(event: &impl Serialize) -> Value {
    wait(World::new(&[]).ask(&serde_json::to_value(event).unwrap()))
}

#[test]
fn every_published_type_of_event_is_parsed() {
    let mut token = ApiGatewayCustomAuthorizerRequest::default();
    token.type_ = kind("TOKEN");
    token.method_arn = arn();
    token.authorization_token = Some(format!("Bearer {}", token_with(&json!({}))));
    assert_eq!(ask(&token)["principalId"], "00u1");

    let mut request = ApiGatewayCustomAuthorizerRequestTypeRequest::default();
    request.type_ = kind("REQUEST");
    request.method_arn = arn();
    request.headers = headers();
    request.multi_value_headers = headers();
    assert_eq!(ask(&request)["principalId"], "00u1");

    let mut first = ApiGatewayV2CustomAuthorizerV1Request::default();
    first.version = kind("1.0");
    first.type_ = kind("REQUEST");
    first.method_arn = arn();
    first.authorization_token = token.authorization_token;
    first.headers = headers();
    assert_eq!(ask(&first)["principalId"], "00u1");

    let mut second = ApiGatewayV2CustomAuthorizerV2Request::default();
    second.version = kind("2.0");
    second.type_ = kind("REQUEST");
    second.route_arn = arn();
    second.headers = headers();
    assert_eq!(ask(&second)["isAuthorized"], true);
}
