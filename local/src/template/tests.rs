use super::api::{
    ApiKind, Identity, IdentitySource, Integration, InvokePermission, LambdaAuthorizer,
    TemplateAuthorizer, TemplateRoute,
};
use std::collections::{BTreeMap, BTreeSet};

use super::*;

mod cached_proof;
mod http_api;
mod open_api;
mod other_stacks;
mod permissions;
mod refused;

const TEMPLATE: &str = r#"
Parameters:
  Issuer: {Type: String}
  Seconds: {Type: Number, Default: 7}
Conditions:
  Never: !Equals [a, b]
Globals:
  Function:
    Timeout: 9
    MemorySize: 256
    Environment: {Variables: {SHARED: global, OWN: global}}
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth:
        DefaultAuthorizer: Required
        AddDefaultAuthorizerToCorsPreflight: false
        Authorizers:
          Required: {FunctionArn: !Ref Guard.Alias, Identity: {ValidationExpression: "Bearer .+"}}
          Optional: {FunctionArn: !GetAtt Guard.Arn, FunctionPayloadType: REQUEST, Identity: {ReauthorizeEvery: 0}}
          Keyed: {FunctionArn: !Ref Guard, FunctionPayloadType: REQUEST, Identity: {Headers: [X], QueryStrings: [q], Context: [path], ReauthorizeEvery: !Ref Seconds}}
      GatewayResponses:
        UNAUTHORIZED: {StatusCode: 401, ResponseParameters: {Headers: {X-Static: "'a'"}}}
  Guard:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: guard}}
    Properties: {Environment: {Variables: {ISSUER: !Ref Issuer, OWN: 5}}}
  Handler:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: handler}}
    Properties:
      Timeout: !Ref Seconds
      Environment: {Variables: {TABLE: !Ref Table}}
      Events:
        Default: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /a, Method: get}}
        Preflight: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /a, Method: OPTIONS}}
        Open: {Type: Api, Properties: {RestApiId: !Ref Api, Path: "/{proxy+}", Method: ANY, Auth: {Authorizer: NONE}}}
        Named: {Type: Api, Properties: {RestApiId: !Ref Api, Path: "/b/{id}", Method: PUT, Auth: {Authorizer: Optional}}}
        Nightly: {Type: Schedule, Properties: {Schedule: rate(1 day)}}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
  Absent: {Type: AWS::SQS::Queue, Condition: Never}
  Queue: {Type: AWS::SQS::Queue}
  Alarm: {Type: AWS::CloudWatch::Alarm, Properties: {X: !ImportValue y}}
"#;

fn read(text: &str) -> Result<Template, TemplateError> {
    read_with(text, &[])
}

fn read_with(text: &str, passed: &[(&str, &str)]) -> Result<Template, TemplateError> {
    let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
    Template::read(
        text,
        &Given {
            parameters: passed.iter().map(owned).collect(),
            known: BTreeMap::from([owned(&("Issuer", "https://issuer"))]),
            region: "us-east-1".to_owned(),
            ..Given::default()
        },
    )
}

/// Checks that the template is refused with one change: the error starts with the place in the template and the reason.
fn assert_refused(template: &str, from: &str, to: &str, expected: &str) {
    assert!(template.contains(from), "{from}");
    let error = read(&template.replacen(from, to, 1))
        .unwrap_err()
        .to_string();
    assert!(error.starts_with(expected), "{to}: {error}");
}

/// A route as `VERB /path what authorizer`.
fn line(route: &TemplateRoute) -> String {
    let verb = route.verb.as_deref().unwrap_or("ANY");
    let what = match &route.integration {
        Integration::Function { name, .. } => name,
        Integration::Preflight(_) => "preflight",
    };
    let authorizer = route.authorizer.as_deref().unwrap_or("NONE");
    format!("{verb} {} {what} {authorizer}", route.path)
}

fn lambda<'a>(template: &'a Template, name: &str) -> &'a LambdaAuthorizer {
    match &template.api.authorizers[name] {
        TemplateAuthorizer::Lambda(authorizer) => authorizer,
        TemplateAuthorizer::Jwt(other) => panic!("{other:?}"),
    }
}

fn routes(text: &str) -> Vec<String> {
    read(text).unwrap().api.routes.iter().map(line).collect()
}

#[test]
fn functions_have_globals_merged_in() {
    let template = read(TEMPLATE).unwrap();
    let [guard, handler] = template.functions.as_slice() else {
        panic!("{:?}", template.functions)
    };
    assert_eq!(
        (
            guard.name.as_str(),
            guard.timeout.as_secs(),
            guard.memory_mb
        ),
        ("guard", 9, 256)
    );
    let environment: Vec<_> = guard
        .environment
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        environment,
        ["ISSUER=https://issuer", "OWN=5", "SHARED=global"]
    );
    assert_eq!(
        (handler.name.as_str(), handler.timeout.as_secs()),
        ("handler", 7)
    );
    assert_eq!(handler.environment["TABLE"], "Table");
}

#[test]
fn routes_have_their_authorizers() {
    assert_eq!(
        routes(TEMPLATE),
        [
            "GET /a handler Required",
            "PUT /b/{id} handler Optional",
            "ANY /{proxy+} handler NONE",
            "OPTIONS /a handler NONE",
        ]
    );
}

#[test]
fn authorizers_have_identity_and_time_to_live() {
    let template = read(TEMPLATE).unwrap();
    let required = lambda(&template, "Required");
    assert_eq!(required.function, "guard");
    assert_eq!(required.ttl.as_secs(), 300);
    assert!(
        matches!(&required.identity, Identity::Token { header, validation: Some(_) } if header == "Authorization")
    );
    assert_eq!(lambda(&template, "Optional").ttl.as_secs(), 0);
    let keyed = lambda(&template, "Keyed");
    assert_eq!(keyed.ttl.as_secs(), 7);
    let Identity::Request { sources } = &keyed.identity else {
        panic!("{keyed:?}")
    };
    let expected = [
        IdentitySource::Header("X".to_owned()),
        IdentitySource::QueryString("q".to_owned()),
        IdentitySource::Context("path".to_owned()),
    ];
    assert_eq!(sources.as_slice(), expected);
}

#[test]
fn a_table_becomes_a_create_table_request() {
    let template = read(TEMPLATE).unwrap();
    let [table] = template.tables.as_slice() else {
        panic!("{:?}", template.tables)
    };
    assert_eq!(table.create["TableName"], "Table");
    assert_eq!(table.create["KeySchema"][0]["AttributeName"], "id");
    assert!(table.create.get("TimeToLiveSpecification").is_none());
    assert_eq!(
        table.time_to_live.as_ref().unwrap()["TimeToLiveSpecification"]["AttributeName"],
        "ttl"
    );
}

#[test]
fn warnings_name_the_place() {
    let warnings = read(TEMPLATE).unwrap().warnings;
    assert_eq!(
        warnings,
        [
            "Resources/Queue: a resource of type AWS::SQS::Queue is not run on one machine",
            "Resources/Handler/Properties/Events/Nightly: events of type Schedule are not sent on one machine",
        ]
    );
    let layers = TEMPLATE.replacen("Timeout: 9", "Timeout: 9\n    Layers: [x]", 1);
    let warnings = read(&layers).unwrap().warnings;
    assert_eq!(
        warnings[1],
        "Globals/Function/Layers: no layer is mounted here"
    );
    for (from, to, expected) in [
        (
            "StageName: prod",
            "StageName: prod\n      EndpointConfiguration: {Type: !Sub PRIVATE, VPCEndpointIds: [!ImportValue x]}",
            "Resources/Api/Properties/EndpointConfiguration: AWS serves a private API only to a VPC",
        ),
        (
            "StageName: prod",
            "StageName: prod\n      EndpointConfiguration: PRIVATE",
            "Resources/Api/Properties/EndpointConfiguration: AWS serves a private API only to a VPC",
        ),
        (
            "StageName: prod",
            "StageName: prod\n      DisableExecuteApiEndpoint: true",
            "Resources/Api/Properties/DisableExecuteApiEndpoint: AWS serves the API only at its custom domain names",
        ),
        (
            "Timeout: !Ref Seconds",
            "ReservedConcurrentExecutions: 0",
            "Resources/Handler/Properties/ReservedConcurrentExecutions: Lambda throttles every invocation",
        ),
    ] {
        let template = TEMPLATE.replacen(from, to, 1);
        assert_ne!(template, TEMPLATE);
        let found = read(&template).unwrap().warnings;
        assert_eq!(found.len(), warnings.len(), "{to}: {found:?}");
        let has = |warning: &String| warning.starts_with(expected);
        assert_eq!(
            found.iter().filter(|warning| has(warning)).count(),
            1,
            "{to}: {found:?}"
        );
    }
    for harmless in [
        "EndpointConfiguration: {Type: REGIONAL}",
        "EndpointConfiguration: EDGE",
        "DisableExecuteApiEndpoint: false",
    ] {
        let template = TEMPLATE.replacen(
            "StageName: prod",
            &format!("StageName: prod\n      {harmless}"),
            1,
        );
        assert_eq!(read(&template).unwrap().warnings.len(), warnings.len() - 1);
    }
}

/// A network, a layer or a role often comes from another stack.
#[test]
fn values_of_properties_without_an_effect_are_not_needed() {
    let expected = read(TEMPLATE).unwrap();
    for (from, to, warning) in [
        (
            "Timeout: !Ref Seconds",
            "Timeout: !Ref Seconds\n      VpcConfig: {SubnetIds: !Split [\",\", !ImportValue x]}",
            Some(
                "Resources/Handler/Properties/VpcConfig: the function uses this machine's network",
            ),
        ),
        (
            "Timeout: !Ref Seconds",
            "Timeout: !Ref Seconds\n      Layers: [\"{{resolve:ssm:/x}}\"]",
            Some("Resources/Handler/Properties/Layers: no layer is mounted here"),
        ),
        (
            "Timeout: !Ref Seconds",
            "Timeout: !Ref Seconds\n      Layers: !If [Never, [!ImportValue x], !Ref \"AWS::NoValue\"]",
            None,
        ),
        (
            "Method: get",
            "Method: get, RequestParameters: [!ImportValue x], Auth: {InvokeRole: !ImportValue x}",
            None,
        ),
    ] {
        let template = TEMPLATE.replacen(from, to, 1);
        assert_ne!(template, TEMPLATE);
        let found = read(&template).unwrap_or_else(|error| panic!("{to}: {error}"));
        let more: Vec<_> = found
            .warnings
            .iter()
            .filter(|warning| !expected.warnings.contains(warning))
            .map(String::as_str)
            .collect();
        assert_eq!(more, Vec::from_iter(warning), "{to}");
        assert_eq!(
            format!("{:?}", found.api),
            format!("{:?}", expected.api),
            "{to}"
        );
    }
}

/// SAM accepts a method in any case, and OpenAPI's name for `ANY`.
#[test]
fn methods_are_read_as_sam_reads_them() {
    for (method, expected) in [
        ("gEt", Some("GET")),
        ("Any", None),
        ("x-amazon-apigateway-any-method", None),
    ] {
        let text = TEMPLATE.replacen("Method: get", &format!("Method: {method}"), 1);
        let template = read(&text).unwrap();
        assert_eq!(template.api.routes[0].verb.as_deref(), expected, "{method}");
    }
}

/// The same method and path twice, however the path is written.
#[test]
fn duplicate_routes_are_refused() {
    fn check(path: &str, method: &str, duplicate: bool) {
        let event = format!(
            "Zagain: {{Type: Api, Properties: {{RestApiId: !Ref Api, Path: \"{path}\", Method: {method}}}}}"
        );
        let text = TEMPLATE.replacen(
            "        Nightly:",
            &format!("        {event}\n        Nightly:"),
            1,
        );
        let expected = duplicate.then_some({
            "Resources/Handler/Properties/Events/Zagain/Properties: the method and path are already defined at \
             Resources/Handler/Properties/Events/"
        });
        let found = read(&text).err().map(|error| error.to_string());
        match (found, expected) {
            (None, None) => {}
            (Some(found), Some(expected)) => assert!(found.starts_with(expected), "{found}"),
            (found, _) => panic!("{method} {path}: {found:?}"),
        }
    }
    check("/a", "GET", true);
    check("/a/", "get", true);
    check("/b/{other}", "put", true);
    check("/{proxy+}", "any", true);
    check("/a", "ANY", false);
    check("/A", "GET", false);
}

#[test]
fn a_dynamic_reference_is_refused_with_its_place_and_advice() {
    let text = TEMPLATE.replacen("OWN: 5", "OWN: \"{{resolve:ssm:/okta/audience}}\"", 1);
    assert_eq!(
        read(&text).unwrap_err().to_string(),
        "Resources/Guard/Properties/Environment/Variables/OWN: the dynamic reference `{{resolve:ssm:/okta/audience}}` \
         has no value on one machine: make it the default of a parameter, and pass `--parameter NAME=VALUE`"
    );
    // Follows the advice: the value is passed as a parameter.
    let text = TEMPLATE.replacen("OWN: 5", "OWN: !Ref Secret", 1).replacen(
        "  Seconds:",
        "  Secret: {Type: String, Default: \"{{resolve:ssm:/x}}\"}\n  Seconds:",
        1,
    );
    let error = read(&text).unwrap_err().to_string();
    assert!(
        error.starts_with(
            "Resources/Guard/Properties/Environment/Variables/OWN: the dynamic reference"
        ),
        "{error}"
    );
    let template = read_with(&text, &[("Secret", "s")]).unwrap();
    assert_eq!(template.functions[0].environment["OWN"], "s");
    // The same is true of a value in Systems Manager that the template uses.
    let stored = text.replacen(
        "Type: String, Default: \"{{resolve:ssm:/x}}\"",
        "Type: AWS::SSM::Parameter::Value<String>, Default: /x",
        1,
    );
    let error = read(&stored).unwrap_err().to_string();
    assert_eq!(
        error,
        "Resources/Guard/Properties/Environment/Variables/OWN: the value of `Secret` is stored in AWS Systems Manager: \
         pass `--parameter Secret=VALUE`"
    );
    assert!(read_with(&stored, &[("Secret", "s")]).is_ok());
}

/// `Globals` are merged as SAM does.
#[test]
fn globals_of_apis_apply() {
    fn check(globals: &str, api: &str, expected: &[&str]) {
        let text = format!(
            r#"
Globals:
  Api: {{{globals}}}
Resources:
  Api: {{Type: AWS::Serverless::Api{api}}}
  Guard: {{Type: AWS::Serverless::Function, Metadata: {{BuildProperties: {{Binary: guard}}}}}}
  Handler:
    Type: AWS::Serverless::Function
    Metadata: {{BuildProperties: {{Binary: handler}}}}
    Properties:
      Events:
        A: {{Type: Api, Properties: {{RestApiId: !Ref Api, Path: /a, Method: GET}}}}
"#
        );
        assert_eq!(routes(&text), expected, "{globals} {api}");
    }
    let auth =
        "Auth: {DefaultAuthorizer: Okta, Authorizers: {Okta: {FunctionArn: !GetAtt Guard.Arn}}}";
    let stage = ", Properties: {StageName: prod}";
    check("", stage, &["GET /a handler NONE"]);
    check(auth, stage, &["GET /a handler Okta"]);
    check(
        auth,
        ", Properties: {StageName: prod, Auth: {DefaultAuthorizer: Own, Authorizers: {Own: {FunctionArn: !Ref Guard}}}}",
        &["GET /a handler Own"],
    );
    check(
        auth,
        ", Properties: {StageName: prod, Auth: {AddDefaultAuthorizerToCorsPreflight: false}}",
        &["GET /a handler Okta"],
    );
    // As in SAM, a null of the resource's own removes what Globals have.
    check(
        auth,
        ", Properties: {StageName: prod, Auth: }",
        &["GET /a handler NONE"],
    );
    check(
        auth,
        ", IgnoreGlobals: \"*\", Properties: {StageName: prod}",
        &["GET /a handler NONE"],
    );
    check(
        auth,
        ", IgnoreGlobals: [Auth], Properties: {StageName: prod}",
        &["GET /a handler NONE"],
    );
    check(
        &format!("{auth}, Cors: \"'https://app'\""),
        stage,
        &["GET /a handler Okta", "OPTIONS /a preflight Okta"],
    );
}

/// An event without `RestApiId` belongs to the API that SAM creates, with the stage `Prod`.
#[test]
fn events_without_an_api_create_one() {
    let text = r#"
Globals: {Api: {Auth: {DefaultAuthorizer: Okta, Authorizers: {Okta: {FunctionArn: !GetAtt Handler.Arn}}}}}
Resources:
  Handler:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: handler}}
    Properties: {Events: {A: {Type: Api, Properties: {Path: /a, Method: GET}}}}
"#;
    let api = read(text).unwrap().api;
    assert_eq!(api.stage, "Prod");
    assert_eq!(line(&api.routes[0]), "GET /a handler Okta");
}

#[test]
fn one_of_several_apis_is_selected() {
    let text = TEMPLATE.replacen("  Queue:", "  Other: {Type: AWS::Serverless::Api, Properties: {StageName: other}}\n  Queue:", 1)
        .replacen("        Nightly:", "        Extra: {Type: Api, Properties: {RestApiId: !Ref Other, Path: /x, Method: GET}}\n        Nightly:", 1);
    let select = |api: Option<&str>| {
        let given = Given {
            known: BTreeMap::from([("Issuer".to_owned(), "https://issuer".to_owned())]),
            api: api.map(str::to_owned),
            region: "us-east-1".to_owned(),
            ..Given::default()
        };
        let read = Template::read(&text, &given);
        read.map(|template| template.api.routes.iter().map(line).collect::<Vec<_>>())
            .map_err(|error| error.to_string())
    };
    assert_eq!(select(Some("Other")).unwrap(), ["GET /x handler NONE"]);
    assert_eq!(select(Some("Api")).unwrap().len(), 4);
    let several = "Resources: expected one API: pass `--api LOGICAL_ID`, found Api, Other";
    assert_eq!(select(None).unwrap_err(), several);
    let unknown = "Resources: expected `--api` with one of Api, Other, found `Third`";
    assert_eq!(select(Some("Third")).unwrap_err(), unknown);
}

/// Every usual way to name the authorizer's function.
#[test]
fn functions_are_found_by_every_name() {
    fn check(function: &str, arn: &str) {
        check_with("", &format!("AutoPublishAlias: live{function}"), arn);
    }
    fn check_with(globals: &str, function: &str, arn: &str) {
        let text = format!(
            r#"
Parameters: {{Stage: {{Type: String, Default: prod}}}}
Globals: {{Function: {{{globals}}}}}
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties: {{StageName: prod, Auth: {{Authorizers: {{Okta: {{FunctionArn: {arn}}}}}}}}}
  Guard:
    Type: AWS::Serverless::Function
    Metadata: {{BuildProperties: {{Binary: guard}}}}
    Properties: {{{function}}}
"#
        );
        let template = read(&text).unwrap_or_else(|error| panic!("{arn}: {error}"));
        assert_eq!(lambda(&template, "Okta").function, "guard", "{arn}");
    }
    for function in [
        "",
        ", FunctionName: shop-auth-prod",
        ", FunctionName: !Sub \"shop-auth-${Stage}\"",
    ] {
        for arn in [
            "!GetAtt Guard.Arn",
            "!Ref Guard",
            "!Ref Guard.Alias",
            "!Ref Guard.Version",
            "!Ref GuardAliaslive",
            "!Sub \"${Guard.Arn}\"",
            "!Sub \"${Guard.Arn}:live\"",
            "!Sub \"${Guard.Alias}\"",
            "!Sub [\"${Function}:live\", {Function: !GetAtt Guard.Arn}]",
            "!Sub \"arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${Guard}\"",
            "!Sub \"arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${Guard}:live\"",
            "!Join [\":\", [!GetAtt Guard.Arn, live]]",
            "{Fn::GetAtt: [Guard, Arn]}",
        ] {
            check(function, arn);
        }
    }
    for arn in [
        "!Sub \"arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:shop-auth-prod\"",
        "!Sub \"arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:shop-auth-${Stage}:live\"",
        "arn:aws:lambda:eu-west-1:111122223333:function:shop-auth-prod",
        "shop-auth-prod",
        "\"123456789012:function:shop-auth-prod:live\"",
    ] {
        check(", FunctionName: shop-auth-prod", arn);
    }
    check_with("AutoPublishAlias: live", "", "!Ref GuardAliaslive");
    check_with("AutoPublishAlias: !Ref Stage", "", "!Ref GuardAliasprod");
    check_with(
        "AutoPublishAlias: live",
        "AutoPublishAlias: own",
        "!Ref GuardAliasown",
    );
}

#[test]
fn functions_of_one_binary_have_their_logical_ids_as_names() {
    let text = TEMPLATE.replacen("Binary: guard", "Binary: handler", 1);
    let names: Vec<_> = read(&text)
        .unwrap()
        .functions
        .iter()
        .map(|function| {
            format!(
                "{} {}",
                function.name,
                function.binary.as_deref().unwrap_or("-")
            )
        })
        .collect();
    assert_eq!(names, ["Guard handler", "Handler handler"]);
}

#[test]
fn a_function_without_a_binary_needs_a_command() {
    let text = TEMPLATE.replacen(
        "Metadata: {BuildProperties: {Binary: guard}}",
        "Metadata: {}",
        1,
    );
    let read = |commands: &[&str]| {
        let given = Given {
            known: BTreeMap::from([("Issuer".to_owned(), "https://issuer".to_owned())]),
            commands: commands.iter().map(|&id| id.to_owned()).collect(),
            region: "us-east-1".to_owned(),
            ..Given::default()
        };
        Template::read(&text, &given).map_err(|error| error.to_string())
    };
    let missing = read(&[]).unwrap_err();
    assert!(
        missing.ends_with("or pass `--function Guard=COMMAND`"),
        "{missing}"
    );
    let template = read(&["Guard"]).unwrap();
    assert_eq!(template.functions[0].name, "Guard");
    assert_eq!(lambda(&template, "Required").function, "Guard");
    let unknown = read(&["Guard", "Other"]).unwrap_err();
    assert_eq!(
        unknown,
        "Resources: no function of the template, or that its API calls, is named `Other`"
    );
    let commands = BTreeSet::from(["Handler".to_owned()]);
    assert_eq!(Template::binaries(TEMPLATE, &commands).unwrap(), ["guard"]);
}
