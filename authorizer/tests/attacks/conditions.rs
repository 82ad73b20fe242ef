//! The conditions of rules: the policy of the answer shows which rules a token meets.

use std::time::Duration;

use authorizer::access::RuleOutcome;
use authorizer::clock::Clock;
use authorizer::log::Verdict;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::support::{
    ISSUER, NOW, OTHER_ISSUER, STAGE, Signer, World, bearer, claims, header, http_api_event, mint,
    other_token_with, request_event, token_with, unauthorized,
};
use super::wait;

/// Rules in which each condition guards its own route: `GET /0`, `GET /1` and so on.
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

/// The indexes of the conditions that a token meets.
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
fn admins_of_one_issuer_are_not_admins_of_another() {
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
        // Rules do not match the qualified name of a group, which only the context has.
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

#[track_caller]
fn check_met(conditions: &[Value], changes: &Value, expected: &[usize]) {
    let rules = guarded_by(conditions).to_string();
    let world = World::new(&[("ACCESS_RULES", &rules)]);
    assert_eq!(met(&world, &token_with(changes)), expected, "{changes}");
}

#[test]
fn every_named_claim_has_one_of_its_alternatives() {
    let conditions = [
        json!({"claims": {"dept": ["sales", "support"]}}),
        json!({"claims": {"dept": ["sales"], "level": [1, 2]}}),
        json!({"claims": {"dept": [{"like": "eng-*"}, "sales"]}}),
        json!({"claims": {"/address/country": ["NL"]}}),
        json!({"claims": {"email_verified": [true]}}),
        json!({"claims": {"level": [9_007_199_254_740_993_u64]}}),
        json!({"claims": {"https://example.com/roles": ["admin"]}}),
        json!({"claims": {"level": [{"like": "*"}]}}),
    ];
    for (changes, expected) in [
        (json!({}), &[][..]),
        (json!({"dept": "support"}), &[0]),
        (json!({"dept": "sales", "level": 2.0}), &[0, 1, 2]),
        (json!({"dept": "sales", "level": "1"}), &[0, 2, 7]),
        (json!({"dept": ["eng-a/b", "x"]}), &[2]),
        (json!({"dept": "Sales"}), &[]),
        (json!({"dept": "ENG-a"}), &[]),
        (json!({"address": {"country": "NL"}}), &[3]),
        (json!({"address": {"country": ["DE", "NL"]}}), &[3]),
        (json!({"address/country": "NL", "address": "NL"}), &[]),
        (json!({"email_verified": true}), &[4]),
        (json!({"email_verified": "true"}), &[]),
        (json!({"level": 9_007_199_254_740_992_u64}), &[]),
        (json!({"level": 9_007_199_254_740_993_u64}), &[5]),
        (
            json!({"https://example.com/roles": ["user", "admin"]}),
            &[6],
        ),
        (json!({"https://example.com/roles": {"admin": true}}), &[]),
    ] {
        check_met(&conditions, &changes, expected);
    }
}

#[test]
fn no_named_claim_may_have_an_alternative_of_not_claims() {
    let conditions = [
        json!({"notClaims": {"dept": ["contractors", {"like": "ext-*"}]}}),
        json!({"notClaims": {"dept": ["contractors"], "level": [0]}}),
        json!({"claims": {"dept": [{"like": "*"}]}, "notClaims": {"dept": ["contractors"]}}),
    ];
    for (changes, expected) in [
        (json!({}), &[0, 1][..]),
        (json!({"dept": "sales"}), &[0, 1, 2]),
        (json!({"dept": "contractors"}), &[]),
        (json!({"dept": ["sales", "contractors"]}), &[]),
        (json!({"dept": "ext-1"}), &[1, 2]),
        (json!({"level": 0.0}), &[0]),
        (json!({"level": "0", "dept": 5}), &[0, 1]),
    ] {
        check_met(&conditions, &changes, expected);
    }
}

#[test]
fn a_claim_that_is_null_has_no_value() {
    let conditions = [
        json!({"claims": {"dept": ["null", false, 0, ""]}}),
        json!({"notClaims": {"dept": ["null", false, 0, ""]}}),
    ];
    let rules = guarded_by(&conditions).to_string();
    let world = World::new(&[("ACCESS_RULES", &rules)]);
    let mut claims = claims();
    claims["dept"] = Value::Null;
    assert_eq!(met(&world, &mint(&header(), &claims, Signer::rsa())), [1]);
}

#[test]
fn a_condition_on_clients_compares_the_client_of_the_token() {
    let conditions = [
        json!({"clients": ["web", "cli"]}),
        json!({"clients": ["batch"]}),
    ];
    for (changes, expected) in [
        (json!({}), &[0][..]),
        (json!({"cid": null, "azp": "batch"}), &[1]),
        (json!({"cid": null, "appid": "batch"}), &[1]),
        (json!({"cid": null, "azp": "other", "appid": "batch"}), &[]),
        (json!({"cid": "Web"}), &[]),
        (json!({"cid": null}), &[]),
        (json!({"cid": 5, "azp": "batch"}), &[]),
    ] {
        check_met(&conditions, &changes, expected);
    }
}

#[test]
fn a_sign_in_is_strong_and_recent_enough() {
    let conditions = [
        json!({"acr": ["urn:okta:loa:2fa:any", "phr"]}),
        json!({"maxAgeSeconds": 300}),
        json!({"acr": ["phr"], "maxAgeSeconds": 300}),
    ];
    for (changes, expected) in [
        (json!({"auth_time": null}), &[][..]),
        (json!({"auth_time": null, "acr": "phr"}), &[0]),
        (json!({"auth_time": NOW - 360}), &[1]),
        (json!({"auth_time": NOW - 361}), &[]),
        (json!({"auth_time": NOW as f64 - 360.5, "acr": "phr"}), &[0]),
        (
            json!({"auth_time": NOW as f64 - 359.5, "acr": "phr"}),
            &[0, 1, 2],
        ),
        (json!({"auth_time": (NOW - 10).to_string()}), &[]),
        (json!({"auth_time": NOW + 60}), &[1]),
        // Milliseconds instead of seconds, or an issuer with a wrong clock.
        (json!({"auth_time": NOW * 1000}), &[]),
        (json!({"auth_time": null, "acr": ["phr"]}), &[]),
        (json!({"auth_time": null, "acr": "PHR"}), &[]),
    ] {
        check_met(&conditions, &changes, expected);
    }
}

/// The age of a sign-in is checked at every use of a cached token.
#[test]
fn a_sign_in_becomes_too_old_while_its_token_is_cached() {
    let rules = guarded_by(&[json!({"maxAgeSeconds": 300}), json!({})]).to_string();
    let world = World::new(&[("ACCESS_RULES", &rules), ("CLOCK_LEEWAY_SECONDS", "0")]);
    let token = token_with(&json!({"auth_time": NOW}));
    assert_eq!(met(&world, &token), [0, 1]);
    world.clock.advance(Duration::from_secs(300));
    assert_eq!(met(&world, &token), [0, 1]);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(met(&world, &token), [1]);
    assert_eq!(world.log.last()["cache"], "hit");
}

#[test]
fn claims_that_rules_name_reach_neither_the_context_nor_the_log() {
    let rules = guarded_by(&[
        json!({"claims": {"secret": [{"like": "*-a"}], "/nested/secret": [{"like": "*-b"}], "shown": [{"like": "*"}]}}),
        json!({"acr": ["strong"], "maxAgeSeconds": 5}),
    ]);
    let rules = rules.to_string();
    let world = World::new(&[
        ("ACCESS_RULES", &rules),
        ("CONTEXT_CLAIMS", "shown"),
        ("LOG_LEVEL", "trace"),
    ]);
    let claims = json!({"secret": "person-a", "nested": {"secret": "person-b"}, "shown": "person-c", "acr": "person-acr"});
    let answer = wait(world.ask_with(&token_with(&claims)));
    assert_eq!(world.reason(), "route_not_granted");
    let context = answer["context"].as_object().unwrap();
    assert_eq!(context["shown"], "person-c");
    for hidden in ["secret", "nested", "/nested/secret", "acr", "auth_time"] {
        assert_eq!(context.get(hidden), None, "{hidden}");
    }
    let logged = world.log.text() + &format!("{:?}", world.authorizer);
    assert!(!logged.contains("person"), "{logged}");
}

/// Compares `stepUp` in the answers for a REST API and an HTTP API.
#[track_caller]
fn check_step_up(world: &World, changes: &Value, route: &str, expected: &Value) {
    let token = token_with(changes);
    for event in [
        request_event(route, &bearer(&token)),
        http_api_event(route, &bearer(&token)),
    ] {
        let answer = wait(world.ask(&event));
        let found = answer["context"].get("stepUp").unwrap_or(&Value::Null);
        assert_eq!(found, expected, "{changes} {event}");
    }
}

#[test]
fn the_context_lists_the_sign_ins_that_would_be_accepted() {
    let rules = json!([
        {"methods": ["GET"], "path": "/strong", "acr": ["2fa", "phr"]},
        {"methods": ["GET"], "path": "/strong", "acr": ["phr", "phrh"], "scopes": ["openid"]},
        {"methods": ["GET"], "path": "/strong", "acr": ["never"], "scopes": ["absent"]},
        {"methods": ["GET"], "path": "/strong", "groups": ["Admins"]},
        {"methods": ["GET"], "path": "/new", "acr": ["2fa"], "maxAgeSeconds": 300},
        {"methods": ["GET"], "path": "/recent", "maxAgeSeconds": 300},
        {"methods": ["GET"], "path": "/open"},
    ])
    .to_string();
    let world = World::new(&[("ACCESS_RULES", &rules), ("CONTEXT_CLAIMS", "stepUp")]);
    let old = json!({"auth_time": NOW - 1000});
    for (changes, route, expected) in [
        (&json!({}), "GET/strong", json!("2fa phr phrh")),
        (&json!({"scp": ["x"]}), "GET/strong", json!("2fa phr")),
        (&json!({"acr": "phrh"}), "GET/strong", json!(null)),
        (&json!({"groups": ["Admins"]}), "GET/strong", json!(null)),
        (
            &json!({"stepUp": "forged"}),
            "GET/strong",
            json!("2fa phr phrh"),
        ),
        (&json!({}), "GET/new", json!("2fa")),
        (&old, "GET/new", json!("2fa")),
        (
            &json!({"acr": "2fa", "auth_time": NOW - 1000}),
            "GET/new",
            json!("2fa"),
        ),
        (&old, "GET/recent", json!(null)),
        (&old, "GET/open", json!(null)),
        (&json!({"stepUp": "forged"}), "GET/open", json!(null)),
        (&json!({}), "PUT/strong", json!(null)),
    ] {
        check_step_up(&world, changes, route, &expected);
    }
    let anonymous = wait(world.ask(&request_event("GET/strong", &json!({}))));
    assert_eq!(anonymous, unauthorized());
}

#[test]
fn an_explanation_lists_what_the_token_lacks_for_each_rule() {
    let rules = json!([
        {"methods": ["GET"], "path": "/other", "scopes": ["a"]},
        {"methods": ["GET"], "path": "/a", "scopes": ["openid", "a", "b"], "groups": ["G", "H"]},
        {"methods": ["GET"], "path": "/*", "claims": {"dept": ["x", {"like": "eng-*"}, 1.5, true]},
            "notClaims": {"/address/country": ["NL"]}, "clients": ["cli"], "issuers": [ISSUER]},
        {"methods": ["*"], "path": "/a", "acr": ["phr", "2fa"], "maxAgeSeconds": 5},
    ])
    .to_string();
    let world = World::new(&[("ACCESS_RULES", &rules), ("CLOCK_LEEWAY_SECONDS", "0")]);
    let explain = |event: &Value| {
        let event = RawValue::from_string(event.to_string()).unwrap();
        wait(world.authorizer.explain(&event, world.clock.now()))
    };
    let token = token_with(&json!({"address": {"country": "NL"}, "acr": "x"}));
    let explained = explain(&request_event("GET/a", &bearer(&token)));
    let outcome = |index, missing: &[&str]| RuleOutcome {
        index,
        met: missing.is_empty(),
        missing: missing.iter().map(|words| (*words).to_owned()).collect(),
    };
    let expected = [
        outcome(1, &[r#"scope "a""#, r#"scope "b""#, r#"group "G" or "H""#]),
        outcome(
            2,
            &[
                r#"client "cli""#,
                r#"claim "dept": "x" or like "eng-*" or 1.5 or true"#,
                r#"no claim "/address/country": "NL""#,
            ],
        ),
        outcome(3, &[r#"acr "phr" or "2fa""#, "sign-in at most 5 s ago"]),
    ];
    assert_eq!(explained.rules, expected);
    assert_eq!(
        (explained.verdict, explained.reason),
        (Verdict::Deny, "no_rule_met")
    );

    let good = token_with(&json!({"acr": "phr", "auth_time": NOW, "dept": "eng-1", "cid": "cli"}));
    let explained = explain(&request_event("PUT/a", &bearer(&good)));
    assert_eq!(explained.rules, [outcome(3, &[])]);
    assert_eq!(
        (explained.verdict, explained.reason),
        (Verdict::Allow, "granted")
    );

    let anonymous = explain(&request_event("GET/x", &json!({})));
    assert_eq!(anonymous.rules, [outcome(2, &["a token"])]);
    assert_eq!(
        (anonymous.verdict, anonymous.reason),
        (Verdict::Unauthorized, "no_token")
    );

    let refused = explain(&request_event("GET/x", &bearer("x")));
    assert_eq!(refused.rules, []);
    assert_eq!(
        (refused.verdict, refused.reason),
        (Verdict::Unauthorized, "not_three_parts")
    );
    assert_eq!(world.log.text(), "", "an explanation is not a decision");
}
