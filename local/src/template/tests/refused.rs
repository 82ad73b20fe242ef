//! Templates of a REST API that are refused: each row changes one place in a way that would change an answer.

use super::*;

const API: &str = "Resources/Api/Properties";
const EVENTS: &str = "Resources/Handler/Properties/Events";
const STAGE: &str = "StageName: prod";
const NOT_SUPPORTED: &str = "not supported on one machine";

fn check(from: &str, to: &str, expected: &str) {
    assert_refused(TEMPLATE, from, to, expected);
}

#[test]
fn a_name_unknown_to_sam_is_refused_at_the_top_level() {
    check(
        "\nGlobals:",
        "\nGlobal:",
        "Global: unknown section of a template; expected one of",
    );
    check(
        "  Function:\n",
        "  Functions:\n",
        "Globals/Functions: unknown section of Globals",
    );
    check(
        "Timeout: 9",
        "Timeuot: 9",
        "Globals/Function/Timeuot: unknown property of a function in Globals",
    );
    check(
        "Timeout: 9",
        "Policies: []",
        "Globals/Function/Policies: unknown property of a function in Globals",
    );
    check(
        "Type: String",
        "Typ: String",
        "Parameters/Issuer/Typ: unknown property of a parameter",
    );
}

#[test]
fn a_name_unknown_to_sam_is_refused_in_an_api() {
    check(
        STAGE,
        "StageName: prod\n      Atuh: 1",
        &format!("{API}/Atuh: unknown property of a REST API"),
    );
    check(
        "DefaultAuthorizer",
        "DefaultAuthoriser",
        &format!("{API}/Auth/DefaultAuthoriser: unknown property"),
    );
    check(
        "FunctionPayloadType",
        "PayloadType",
        &format!("{API}/Auth/Authorizers/Optional/PayloadType: unknown property"),
    );
    check(
        "ReauthorizeEvery",
        "Reauthorise",
        &format!("{API}/Auth/Authorizers/Optional/Identity/Reauthorise: unknown"),
    );
    check(
        "UNAUTHORIZED:",
        "UNAUTHORISED:",
        &format!("{API}/GatewayResponses/UNAUTHORISED: unknown type of gateway response"),
    );
    check(
        "UNAUTHORIZED:",
        "DEFAULT_4xx:",
        &format!("{API}/GatewayResponses/DEFAULT_4xx: unknown type of gateway response"),
    );
    check(
        "UNAUTHORIZED:",
        "UNSUPPORTED_MEDIA_TYPES:",
        &format!("{API}/GatewayResponses/UNSUPPORTED_MEDIA_TYPES: unknown"),
    );
    check(
        "StatusCode: 401",
        "Status: 401",
        &format!("{API}/GatewayResponses/UNAUTHORIZED/Status: unknown property"),
    );
}

#[test]
fn a_name_unknown_to_sam_is_refused_in_a_function_and_its_events() {
    check(
        "Method: get",
        "Methd: get",
        &format!("{EVENTS}/Default/Properties/Methd: unknown property of an event of type Api"),
    );
    check(
        "Auth: {Authorizer: Optional}",
        "Auth: {Autorizer: Optional}",
        &format!("{EVENTS}/Named/Properties/Auth/Autorizer: unknown"),
    );
    check(
        "Type: Schedule",
        "Type: Shedule",
        &format!("{EVENTS}/Nightly/Type: unknown type of event"),
    );
    check(
        "{Environment: {Variables: {ISSUER",
        "{Enviroment: {Variables: {ISSUER",
        "Resources/Guard/Properties/Enviroment: unknown property of a function",
    );
}

fn with_api_property(property: &str) -> String {
    format!("{STAGE}\n      {property}")
}

#[test]
fn an_unsupported_part_of_an_api_is_refused() {
    check(
        STAGE,
        &with_api_property("DefinitionBody: {security: [{Okta: []}]}"),
        &format!("{API}/DefinitionBody/security: {NOT_SUPPORTED}"),
    );
    check(
        STAGE,
        &with_api_property("DefinitionUri: s3://b/k"),
        &format!("{API}/DefinitionUri: {NOT_SUPPORTED}"),
    );
    check(
        STAGE,
        &with_api_property("Policy: {Statement: []}"),
        &format!("{API}/Policy: {NOT_SUPPORTED}"),
    );
    check(
        STAGE,
        &with_api_property("CacheClusterEnabled: true"),
        &format!("{API}/CacheClusterEnabled: {NOT_SUPPORTED}"),
    );
    check(
        STAGE,
        &with_api_property("MethodSettings: [{CachingEnabled: true}]"),
        &format!("{API}/MethodSettings/0/CachingEnabled: {NOT_SUPPORTED}"),
    );
    check(
        STAGE,
        &with_api_property("Domain: {MutualTlsAuthentication: {TruststoreUri: x}}"),
        &format!("{API}/Domain/MutualTlsAuthentication: {NOT_SUPPORTED}"),
    );
    check(
        "FunctionArn: !GetAtt Guard.Arn",
        "UserPoolArn: x",
        &format!("{API}/Auth/Authorizers/Optional/UserPoolArn: {NOT_SUPPORTED}"),
    );
}

#[test]
fn an_unsupported_part_of_an_event_is_refused() {
    check(
        "Auth: {Authorizer: Optional}",
        "Auth: {ApiKeyRequired: true}",
        &format!("{EVENTS}/Named/Properties/Auth/ApiKeyRequired: {NOT_SUPPORTED}"),
    );
    check(
        "Auth: {Authorizer: Optional}",
        "Auth: {Authorizer: AWS_IAM}",
        &format!("{EVENTS}/Named/Properties/Auth/Authorizer: {NOT_SUPPORTED}"),
    );
    check(
        "Auth: {Authorizer: Optional}",
        "RequestModel: {Model: m}",
        &format!("{EVENTS}/Named/Properties/RequestModel: {NOT_SUPPORTED}"),
    );
}

#[test]
fn an_unsupported_resource_or_macro_is_refused() {
    check(
        "AWS::SQS::Queue}",
        "AWS::ApiGateway::GatewayResponse}",
        &format!("Resources/Queue: {NOT_SUPPORTED}"),
    );
    check(
        "AWS::SQS::Queue}",
        "AWS::Serverless::WebSocketApi}",
        &format!("Resources/Queue: {NOT_SUPPORTED}"),
    );
    check(
        "\nParameters:",
        "\nTransform: [AWS::Serverless-2016-10-31, Macro]\nParameters:",
        &format!("Transform: {NOT_SUPPORTED}"),
    );
    check(
        "  Absent: {",
        "  Fn::ForEach::More: [{}]\n  Absent: {",
        "Resources/Fn::ForEach::More: expected a resource",
    );
}

#[test]
fn a_missing_value_is_refused() {
    check(STAGE, "Name: x", &format!("{API}: `StageName` is missing"));
    check(
        "Metadata: {BuildProperties: {Binary: guard}}",
        "Metadata: {}",
        "Resources/Guard: `Metadata.BuildProperties.Binary` is missing",
    );
    check(
        "FunctionPayloadType: REQUEST, Identity: {ReauthorizeEvery: 0}",
        "FunctionPayloadType: REQUEST, Identity: {Context: [identity.apiKey]}",
        &format!("{API}/Auth/Authorizers/Optional/Identity/Context: expected one of accountId, "),
    );
    check(
        "FunctionPayloadType: REQUEST, Identity: {ReauthorizeEvery: 0}",
        "FunctionPayloadType: REQUEST",
        &format!("{API}/Auth/Authorizers/Optional/Identity: expected an identity source"),
    );
    check(
        "RestApiId: !Ref Api, Path: /a, Method: get",
        "Path: /a, Method: get",
        "Resources: expected one API: pass `--api LOGICAL_ID`, found Api, ServerlessRestApi",
    );
}

#[test]
fn a_reference_to_a_missing_part_is_refused() {
    check(
        "Auth: {Authorizer: Optional}",
        "Auth: {Authorizer: Absent}",
        &format!(
            "{EVENTS}/Named/Properties/Auth/Authorizer: no authorizer of the API is named `Absent`"
        ),
    );
    check(
        "DefaultAuthorizer: Required",
        "DefaultAuthorizer: Absent",
        &format!("{API}/Auth/DefaultAuthorizer: no authorizer of the API is named `Absent`"),
    );
    check(
        "FunctionArn: !GetAtt Guard.Arn",
        "FunctionArn: arn:aws:lambda:us-east-1:1:function:other",
        &format!(
            "{API}/Auth/Authorizers/Optional/FunctionArn: no function of the template is named `other`; `cargo local --function other=COMMAND` runs one of another stack"
        ),
    );
    check(
        "RestApiId: !Ref Api, Path: /a, Method: get",
        "RestApiId: abc, Path: /a, Method: get",
        &format!(
            "{EVENTS}/Default/Properties/RestApiId: no API of that type in the template is named `abc`"
        ),
    );
}

#[test]
fn a_value_outside_its_range_is_refused() {
    check(
        "ReauthorizeEvery: !Ref Seconds",
        "ReauthorizeEvery: 3601",
        &format!(
            "{API}/Auth/Authorizers/Keyed/Identity/ReauthorizeEvery: expected at most 3600 seconds"
        ),
    );
    check(
        "Path: /a, Method: get",
        "Path: /a, Method: frob",
        &format!(
            "{EVENTS}/Default/Properties/Method: expected ANY, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, found `frob`"
        ),
    );
    check(
        "FunctionPayloadType: REQUEST",
        "FunctionPayloadType: COOKIE",
        &format!("{API}/Auth/Authorizers/Optional/FunctionPayloadType: expected TOKEN or REQUEST"),
    );
    check(
        "X-Static: \"'a'\"",
        "X-Static: a",
        &format!(
            "{API}/GatewayResponses/UNAUTHORIZED/ResponseParameters/Headers/X-Static: expected 'text' in single quotes"
        ),
    );
    check(
        "Type: String}",
        "Type: String, AllowedValues: [x]}",
        "Parameters/Issuer: `https://issuer` is not allowed: expected one of x",
    );
}
