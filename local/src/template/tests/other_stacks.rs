//! Functions and values of other stacks.

use super::*;

#[test]
fn a_command_runs_a_function_of_another_stack() {
    let text = "
Parameters: {Shared: {Type: String}}
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties: {StageName: prod, Auth: {Authorizers: {Own: {FunctionArn: !Ref Shared}, Other: {FunctionArn: !ImportValue x-Arn}}}}
  Handler:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: handler}}
    Properties: {Events: {Get: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /, Method: get, Auth: {Authorizer: Own}}}}}
";
    let arn = "arn:aws:lambda:eu-west-1:111122223333:function:shared";
    let read = |commands: &[&str]| {
        let given = Given {
            parameters: BTreeMap::from([("Shared".to_owned(), arn.to_owned())]),
            imports: BTreeMap::from([("x-Arn".to_owned(), format!("{arn}:live"))]),
            commands: commands.iter().map(|&id| id.to_owned()).collect(),
            region: "us-east-1".to_owned(),
            ..Given::default()
        };
        Template::read(text, &given).map_err(|error| error.to_string())
    };
    let template = read(&["shared"]).unwrap();
    let named: Vec<_> = template.functions.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(named, ["handler", "shared"]);
    for authorizer in ["Own", "Other"] {
        assert_eq!(lambda(&template, authorizer).function, "shared");
    }
    let place = "Resources/Api/Properties/Auth/Authorizers/Other/FunctionArn";
    for (commands, expected) in [
        (
            &[][..],
            format!(
                "{place}: no function of the template is named `shared`; `cargo local --function shared=COMMAND` runs one of another stack"
            ),
        ),
        (
            &["shared", "third"],
            "Resources: no function of the template, or that its API calls, is named `third`"
                .to_owned(),
        ),
        // The name of its binary.
        (
            &["shared", "handler"],
            "Resources: expected the logical id `Handler` in `--function`, found `handler`"
                .to_owned(),
        ),
    ] {
        assert_eq!(read(commands).unwrap_err(), expected, "{commands:?}");
    }
}
