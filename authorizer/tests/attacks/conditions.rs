//! What rules demand of a token: which rules are met, as the policy says it.

use serde_json::{Value, json};

use super::support::{ISSUER, OTHER_ISSUER, STAGE, World, other_token_with, token_with};
use super::wait;

/// A world in which each condition guards a route of its own, `GET /0`, `GET /1` and so on.
fn guarded_by(conditions: &[Value]) -> Value {
    let rules = conditions.iter().enumerate().map(|(index, condition)| {
        let mut rule = json!({"methods": ["GET"], "path": format!("/{index}")});
        rule.as_object_mut()
            .unwrap()
            .extend(condition.as_object().unwrap().clone());
        rule
    });
    rules.collect()
}

/// The indices of the conditions that a token meets.
fn met(world: &World, token: &str) -> Vec<usize> {
    let answer = wait(world.ask_with(token));
    let statement = &answer["policyDocument"]["Statement"][0];
    if statement["Effect"] == "Deny" {
        return Vec::new();
    }
    let resources = statement["Resource"].as_array().unwrap().iter();
    let prefix = format!("{STAGE}/GET/");
    let index = |resource: &Value| {
        let resource = resource.as_str().unwrap();
        resource.strip_prefix(&prefix).unwrap().parse().unwrap()
    };
    resources.map(index).collect()
}

#[test]
fn one_issuers_admins_are_not_anothers() {
    let rules = guarded_by(&[
        json!({"groups": ["Admins"], "issuers": [ISSUER]}),
        json!({"groups": ["Admins"], "issuers": [OTHER_ISSUER]}),
        json!({"groups": ["Admins"], "issuers": ["*"]}),
        json!({"scopes": ["state:write"], "issuers": [ISSUER, OTHER_ISSUER]}),
        json!({"issuers": [OTHER_ISSUER]}),
        json!({}),
    ]);
    let world = World::of_two_issuers(&[("ACCESS_RULES", &rules.to_string())]);
    for (groups, of_ours, of_the_other) in [
        (json!(["Admins"]), &[0, 2, 3, 5][..], &[1, 2, 3, 4, 5][..]),
        (json!(["Everyone"]), &[3, 5], &[3, 4, 5]),
        // What the context calls a group is no group of a token.
        (json!([format!("{ISSUER}#Admins")]), &[3, 5], &[3, 4, 5]),
    ] {
        let groups = json!({"groups": groups});
        assert_eq!(met(&world, &token_with(&groups)), of_ours, "{groups}");
        assert_eq!(
            met(&world, &other_token_with(&groups)),
            of_the_other,
            "{groups}"
        );
    }
}

#[test]
fn groups_in_the_context_belong_to_an_issuer_where_there_are_several() {
    let groups = json!({"groups": ["Admins", "a#b"]});
    let in_context =
        |world: &World, token: &str| wait(world.ask_with(token))["context"]["groups"].clone();
    let one = World::new(&[]);
    assert_eq!(
        in_context(&one, &token_with(&groups)),
        r#"["Admins","a#b"]"#
    );
    let two = World::of_two_issuers(&[]);
    for (token, issuer) in [
        (token_with(&groups), ISSUER),
        (other_token_with(&groups), OTHER_ISSUER),
    ] {
        let expected = json!([format!("{issuer}#Admins"), format!("{issuer}#a#b")]);
        assert_eq!(in_context(&two, &token), expected.to_string());
    }
    assert_eq!(in_context(&two, &token_with(&json!({"groups": []}))), "[]");
    assert_eq!(
        in_context(&two, &token_with(&json!({"groups": null}))),
        Value::Null
    );
}
