//! A cache in front of a function that accepts key-bound tokens.

use super::*;

const TEMPLATE: &str = r#"
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Own
        Authorizers: {Own: {FunctionArn: !GetAtt Guard.Arn, AuthorizerPayloadFormatVersion: "2.0", EnableFunctionDefaultPermissions: true, Identity: {Headers: [Authorization], ReauthorizeEvery: 60}}}
  Guard: {Type: AWS::Serverless::Function, Metadata: {BuildProperties: {Binary: guard}}, Properties: {Environment: {Variables: {DPOP: require}}}}
  Handler:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: handler}}
    Properties: {Events: {A: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /a, Method: GET}}}}
"#;

const WARNING: &str = "Resources/Api/Properties/Auth/Authorizers/Own: the function accepts key-bound tokens (`DPOP`), and an \
                       answer from the cache skips their proof; set a cache time of 0";

#[test]
fn a_cache_that_skips_proofs_causes_a_warning() {
    fn check(changes: &[(&str, &str)], warnings: &[&str]) {
        let mut template = TEMPLATE.to_owned();
        for (from, to) in changes {
            assert!(template.contains(from), "{from}");
            template = template.replace(from, to);
        }
        assert_eq!(read(&template).unwrap().warnings, warnings, "{changes:?}");
    }
    check(&[], &[WARNING]);
    check(&[("DPOP: require", "DPOP: accept")], &[WARNING]);
    check(&[("DPOP: require", "DPOP: \"off\"")], &[]);
    check(&[("ReauthorizeEvery: 60", "ReauthorizeEvery: 0")], &[]);
    let token = [
        ("HttpApi", "Api"),
        ("ApiId", "RestApiId"),
        (
            "    Properties:\n      Auth",
            "    Properties:\n      StageName: prod\n      Auth",
        ),
        (
            "AuthorizerPayloadFormatVersion: \"2.0\", EnableFunctionDefaultPermissions: true, ",
            "",
        ),
        ("Headers: [Authorization]", "Header: Authorization"),
    ];
    check(&token, &[]);
    let request = [(
        "Identity: {Header: Authorization",
        "FunctionPayloadType: REQUEST, Identity: {Headers: [Authorization]",
    )];
    check(&[&token[..], &request[..]].concat(), &[WARNING]);
}
