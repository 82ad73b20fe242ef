use serde_json::json;

use super::*;

fn scope() -> Scope {
    let conditions = yaml::read(
        "Empty: !Equals [!Ref Clients, '']\nNamed: !Not [!Condition Empty]\nBoth: !And [!Condition Empty, !Condition Named]\nEither: !Or [!Condition Empty, !Condition Named]\nRound: !Not [!Condition Round]",
    )
    .unwrap();
    Scope {
        parameters: BTreeMap::from([
            ("Issuer".to_owned(), Some(json!("https://o"))),
            ("Clients".to_owned(), Some(json!(""))),
            ("Stack".to_owned(), Some(json!("shared"))),
            ("Secret".to_owned(), None),
        ]),
        conditions: conditions.as_object().unwrap().clone(),
        mappings: Map::from_iter([("M".to_owned(), json!({"a": {"b": "c"}}))]),
        imports: BTreeMap::from([("shared-Arn".to_owned(), "arn:shared".to_owned())]),
        resources: BTreeMap::from([(
            "Table".to_owned(),
            Names {
                kind: "AWS::DynamoDB::Table".to_owned(),
                reference: "Table-1".to_owned(),
                attributes: BTreeMap::from([
                    ("Arn", "arn:table".to_owned()),
                    ("Alias", "arn:live".to_owned()),
                ]),
            },
        )]),
        region: "eu-west-1".to_owned(),
        folder: PathBuf::new(),
    }
}

#[test]
fn functions_resolve() {
    fn check(text: &str, expected: &Value) {
        let resolved = scope().resolve(&yaml::read(text).unwrap()).unwrap();
        assert_eq!(resolved.as_ref(), Some(expected), "{text}");
    }
    check("!ImportValue shared-Arn", &json!("arn:shared"));
    check(
        "!ImportValue {Fn::Sub: \"${Stack}-Arn\"}",
        &json!("arn:shared"),
    );
    check("!Ref Issuer", &json!("https://o"));
    check("!Ref Table", &json!("Table-1"));
    check("!Ref Table.Alias", &json!("arn:live"));
    check("!Ref 'AWS::Region'", &json!("eu-west-1"));
    check("!GetAtt Table.Arn", &json!("arn:table"));
    check(
        "!Sub \"${Issuer}/v1/${Table.Arn}/${!x}/${AWS::AccountId}\"",
        &json!("https://o/v1/arn:table/${x}/123456789012"),
    );
    check(
        "!Sub [\"${a}-${Issuer}\", {a: !Ref Table}]",
        &json!("Table-1-https://o"),
    );
    check("!Join [',', [a, !Ref Table, 1]]", &json!("a,Table-1,1"));
    check("!Select [1, !Split ['/', 'a/b/c']]", &json!("b"));
    check("!FindInMap [M, a, b]", &json!("c"));
    check("!If [Empty, 1, !Ref Nowhere]", &json!(1));
    check("!If [Named, !Ref Nowhere, 2]", &json!(2));
    check("!If [Both, 1, 2]", &json!(2));
    check("!If [Either, 1, 2]", &json!(1));
    check(
        "{a: !If [Empty, !Ref 'AWS::NoValue', 1], b: [!Ref 'AWS::NoValue', 2]}",
        &json!({"b": [2]}),
    );
    check("{Fn::Join: ['', [a, b]]}", &json!("ab"));
    check(
        "{Fn::ToJsonString: [!Ref Issuer, {a: !Ref Table}, 1]}",
        &json!(r#"["https://o",{"a":"Table-1"},1]"#),
    );
}

#[test]
fn a_function_that_cannot_be_resolved_is_an_error() {
    fn check(text: &str, expected: &str) {
        let error = scope()
            .resolve(&yaml::read(text).unwrap())
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
    check("!Ref Nowhere", "`Nowhere` is neither a parameter");
    check("a: [!Ref Secret]", "a/0: the value of `Secret` is stored");
    check(
        "a: !Sub 'x-{{resolve:ssm:/${Issuer}}}-y'",
        "a: the dynamic reference `{{resolve:ssm:/https://o}}`",
    );
    check(
        "{a: [1, '{{resolve:ssm:/x:1}}']}",
        "a/1: the dynamic reference `{{resolve:ssm:/x:1}}`",
    );
    check("!GetAtt Table.StreamArn", "has no value on one machine");
    check(
        "!ImportValue other-Arn",
        "the export `other-Arn` of another stack has no value on one machine: pass `--import other-Arn=VALUE`",
    );
    check("{Fn::Length: [a]}", "`Fn::Length` is not supported here");
    check("!If [Nowhere, 1, 2]", "no condition `Nowhere`");
    check("!If [Round, 1, 2]", "in a cycle");
    check(
        "{Fn::Transform: {Name: Mine}}",
        "not supported on one machine: the transform \"Mine\"; expected \"AWS::Include\"",
    );
    check("{Fn::Transform: {}}", "`Name` is missing");
    check("!Sub '${Issuer'", "a `}` is missing");
    check("!Select [9, [a]]", "an index inside the list");
    check("!Ref [a]", "`Ref` expects a name, found [\"a\"]");
    check("!GetAtt Table", "`Fn::GetAtt` expects `Resource.Attribute`");
    check(
        "!GetAtt {a: b}",
        "`Fn::GetAtt` expects `Resource.Attribute`",
    );
    check("!Sub {a: b}", "`Fn::Sub` expects a string, or a list");
    check("!Sub [a]", "`Fn::Sub` expects a string, or a list");
    check("!Join a", "`Fn::Join` expects a list, found \"a\"");
    check("!FindInMap M", "`Fn::FindInMap` expects the name of a map");
    check(
        "!FindInMap [M, a, c]",
        "`Fn::FindInMap` expects the name of a map",
    );
    check(
        "!If [a]",
        "`Fn::If` expects a condition's name and two values",
    );
    check(
        "!If a",
        "`Fn::If` expects a condition's name and two values",
    );
    check(
        "!ToJsonString a",
        "`Fn::ToJsonString` expects a list or a map",
    );
    check("!Transform a", "`Fn::Transform` expects a map, found \"a\"");
    let long = "x".repeat(300);
    check(
        &format!("!Ref [{long}]"),
        &format!("`Ref` expects a name, found [\"{}…", "x".repeat(198)),
    );
}
