use super::api::{Identity, IdentitySource};
use super::*;

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
    let parameters = BTreeMap::from([("Issuer".to_owned(), "https://issuer".to_owned())]);
    Template::read(
        text,
        &Given {
            parameters,
            region: "us-east-1".to_owned(),
        },
    )
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
fn methods_have_their_authorizers() {
    let template = read(TEMPLATE).unwrap();
    let methods: Vec<_> = template
        .api
        .methods
        .iter()
        .map(|method| {
            let verb = method.verb.as_deref().unwrap_or("ANY");
            format!(
                "{verb} {} {} by {}",
                method.path,
                method.function,
                method.authorizer.as_deref().unwrap_or("nobody")
            )
        })
        .collect();
    assert_eq!(
        methods,
        [
            "GET /a handler by Required",
            "PUT /b/{id} handler by Optional",
            "ANY /{proxy+} handler by nobody",
            "OPTIONS /a handler by nobody",
        ]
    );
}

#[test]
fn authorizers_have_identity_and_time_to_live() {
    let template = read(TEMPLATE).unwrap();
    let authorizers = &template.api.authorizers;
    assert_eq!(authorizers["Required"].function, "guard");
    assert_eq!(authorizers["Required"].ttl.as_secs(), 300);
    assert!(
        matches!(&authorizers["Required"].identity, Identity::Token { header, validation: Some(_) } if header == "Authorization")
    );
    assert_eq!(authorizers["Optional"].ttl.as_secs(), 0);
    assert_eq!(authorizers["Keyed"].ttl.as_secs(), 7);
    let Identity::Request { sources } = &authorizers["Keyed"].identity else {
        panic!("{authorizers:?}")
    };
    let expected = [
        IdentitySource::Header("X".to_owned()),
        IdentitySource::QueryString("q".to_owned()),
        IdentitySource::Context("path".to_owned()),
    ];
    assert_eq!(sources.as_slice(), expected);
}

#[test]
fn a_table_becomes_a_request_to_make_it() {
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
fn what_is_not_run_is_said() {
    let warnings = read(TEMPLATE).unwrap().warnings;
    assert_eq!(
        warnings,
        [
            "Queue: a resource of type `AWS::SQS::Queue` is not run on one machine",
            "Resources/Handler/Events/Nightly: events of type `Schedule` are not sent on one machine",
        ]
    );
}

#[test]
fn what_cannot_be_run_is_refused() {
    fn check(from: &str, to: &str, expected: &str) {
        assert!(TEMPLATE.contains(from), "{from}");
        let error = read(&TEMPLATE.replacen(from, to, 1))
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{to}: {error}");
    }
    check("StageName: prod", "Name: x", "StageName is missing");
    check(
        "Metadata: {BuildProperties: {Binary: guard}}",
        "Metadata: {}",
        "must name the binary",
    );
    check(
        "FunctionPayloadType: REQUEST, Identity: {ReauthorizeEvery: 0}",
        "FunctionPayloadType: REQUEST",
        "needs an identity source",
    );
    check(
        "ReauthorizeEvery: !Ref Seconds",
        "ReauthorizeEvery: 3601",
        "at most 3600 seconds",
    );
    check(
        "FunctionPayloadType: REQUEST",
        "FunctionPayloadType: COOKIE",
        "expected TOKEN or REQUEST",
    );
    check(
        "Auth: {Authorizer: Optional}",
        "Auth: {Authorizer: Nobody}",
        "no authorizer `Nobody`",
    );
    check(
        "Auth: {Authorizer: Optional}",
        "Auth: {ApiKeyRequired: true}",
        "unknown field `ApiKeyRequired`",
    );
    check(
        "RestApiId: !Ref Api, Path: /a, Method: get",
        "Path: /a, Method: get",
        "RestApiId must name",
    );
    check(
        "FunctionArn: !GetAtt Guard.Arn",
        "UserPoolArn: x",
        "expected a Lambda authorizer",
    );
    check(
        "X-Static: \"'a'\"",
        "X-Static: a",
        "'text' in single quotes",
    );
    check(
        "Type: String}",
        "Type: String, AllowedValues: [x]}",
        "expected one of x",
    );
}
