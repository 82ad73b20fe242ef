//! Permissions of API Gateway to invoke an authorizer's function.

use super::*;

const REST: &str = r#"
Conditions:
  Never: !Equals [a, b]
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth: {DefaultAuthorizer: Own, Authorizers: {Own: {FunctionArn: !GetAtt Guard.Arn, DisableFunctionDefaultPermissions: true}}}
  Guard: {Type: AWS::Serverless::Function, Metadata: {BuildProperties: {Binary: guard}}, Properties: {AutoPublishAlias: live}}
  Handler:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: handler}}
    Properties: {Events: {A: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /a, Method: GET}}}}
  Role: {Type: AWS::IAM::Role}
"#;

const PLACE: &str = "Resources/Api/Properties/Auth/Authorizers/Own";

fn http() -> String {
    let typed = REST.replace("Serverless::Api", "Serverless::HttpApi");
    typed
        .replace(
            "DisableFunctionDefaultPermissions: true",
            "AuthorizerPayloadFormatVersion: \"2.0\"",
        )
        .replace("      StageName: prod\n", "")
        .replace(
            "Type: Api, Properties: {RestApiId",
            "Type: HttpApi, Properties: {ApiId",
        )
}

/// A document with an authorizer of its own.
fn document(api: &str, payload: &str) -> String {
    format!(
        r#"
Resources:
  Api:
    Type: AWS::Serverless::{api}
    Properties:
      StageName: prod
      DefinitionBody:
        components:
          securitySchemes:
            Own:
              x-amazon-apigateway-authorizer: {{type: request, authorizerUri: !GetAtt Guard.Arn, authorizerResultTtlInSeconds: 0{payload}}}
        paths: {{}}
  Guard: {{Type: AWS::Serverless::Function, Metadata: {{BuildProperties: {{Binary: guard}}}}}}
"#
    )
}

/// The warnings of a template, which are all about an authorizer's permission. The permission must agree with them.
fn warnings(template: &str) -> Vec<String> {
    let template = read(template).unwrap();
    let missing = lambda(&template, "Own").permission == InvokePermission::Missing;
    assert_eq!(missing, !template.warnings.is_empty(), "{template:?}");
    template.warnings
}

fn warning(place: &str, grant: &str) -> String {
    format!(
        "{place}: API Gateway may not invoke the function, so every call of the authorizer's routes is answered with \
         500; {grant}, or add an AWS::Lambda::Permission for apigateway.amazonaws.com"
    )
}

#[test]
fn an_authorizer_without_permission_causes_a_warning() {
    let rest = warning(PLACE, "remove `DisableFunctionDefaultPermissions`");
    assert_eq!(warnings(REST), [rest]);
    let simple = warning(PLACE, "set `EnableFunctionDefaultPermissions: true`");
    assert_eq!(warnings(&http()), [simple]);
    let place = "Resources/Api/Properties/DefinitionBody/components/securitySchemes/Own/x-amazon-apigateway-authorizer";
    let own = [warning(place, "set `authorizerCredentials`")];
    let version = ", authorizerPayloadFormatVersion: \"2.0\"";
    assert_eq!(warnings(&document("Api", "")), own);
    assert_eq!(warnings(&document("HttpApi", version)), own);
}

#[test]
fn roles_and_default_permissions() {
    fn check(template: &str, from: &str, to: &str, granted: bool) {
        let changed = template.replace(from, to);
        assert_ne!(changed, template, "{from}");
        assert_eq!(warnings(&changed).is_empty(), granted, "{to}");
    }
    const DISABLED: &str = ", DisableFunctionDefaultPermissions: true";
    check(REST, DISABLED, "", true);
    check(REST, "ermissions: true", "ermissions: false", true);
    let version = "AuthorizerPayloadFormatVersion";
    let enabled = format!("EnableFunctionDefaultPermissions: true, {version}");
    check(&http(), version, &enabled, true);
    check(&http(), version, &enabled.replace("true", "false"), false);
    for (role, granted) in [
        ("!GetAtt Role.Arn", true),
        ("!ImportValue role", true),
        ("arn:aws:iam::111122223333:role/r", true),
        ("NONE", false),
        ("!If [Never, !GetAtt Role.Arn, !Ref AWS::NoValue]", false),
        ("!If [Never, !Ref AWS::NoValue, !GetAtt Role.Arn]", true),
    ] {
        let with_role = |before: &str| format!("FunctionInvokeRole: {role}, {before}");
        check(
            REST,
            "DisableFunction",
            &with_role("DisableFunction"),
            granted,
        );
        check(&http(), version, &with_role(version), granted);
    }
    let credentials = "authorizerCredentials: !GetAtt Role.Arn, authorizerUri";
    let documented = document("Api", "") + "  Role: {Type: AWS::IAM::Role}\n";
    check(&documented, "authorizerUri", credentials, true);
}

#[test]
fn permissions_of_the_template() {
    fn check(properties: &str, granted: bool) {
        let permission = format!(
            "  Permission: {{Type: AWS::Lambda::Permission, Properties: {{Action: lambda:InvokeFunction, {properties}}}}}\n"
        );
        for template in [REST, &http()] {
            let warnings = warnings(&format!("{template}{permission}"));
            assert_eq!(warnings.is_empty(), granted, "{properties}: {warnings:?}");
        }
    }
    const PRINCIPAL: &str = "Principal: apigateway.amazonaws.com";
    for name in [
        "!Ref Guard",
        "!GetAtt Guard.Arn",
        "!Ref Guard.Alias",
        "Guard",
        "!ImportValue x",
    ] {
        check(&format!("FunctionName: {name}, {PRINCIPAL}"), true);
    }
    check(&format!("FunctionName: !Ref Handler, {PRINCIPAL}"), false);
    check(
        "FunctionName: !Ref Guard, Principal: s3.amazonaws.com",
        false,
    );
    let source = |end: &str| {
        let arn = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}";
        format!("FunctionName: !Ref Guard, {PRINCIPAL}, SourceArn: !Sub \"{arn}/{end}\"")
    };
    check(&source("authorizers/*"), true);
    check(&source("*"), true);
    check(&source("*/GET/a"), false);
    let absent = format!(
        "{REST}  Permission: {{Type: AWS::Lambda::Permission, Condition: Never, Properties: {{FunctionName: !Ref Guard, {PRINCIPAL}}}}}\n"
    );
    assert_eq!(warnings(&absent).len(), 1);
}

/// The other stack may have the permission, so no call is refused because the template has none.
#[test]
fn a_function_of_another_stack_may_be_invoked() {
    let template = REST.replace(
        "!GetAtt Guard.Arn",
        "\"arn:aws:lambda:us-east-1:1:function:other\"",
    );
    let given = Given {
        commands: BTreeSet::from(["other".to_owned()]),
        region: "us-east-1".to_owned(),
        ..Given::default()
    };
    let template = Template::read(&template, &given).unwrap();
    assert_eq!(template.warnings, Vec::<String>::new());
    assert_eq!(
        lambda(&template, "Own").permission,
        InvokePermission::Granted
    );
}
