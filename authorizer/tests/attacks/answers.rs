//! The whole answer to every form of event, and attempts to get more access than the rules grant.

use serde_json::{Value, json};

use super::support::{
    ISSUER, NOW, STAGE, World, bearer, changed, http_api_event, request_event, token_event,
    token_with, unauthorized,
};
use super::wait;

const RULES: &str = r#"[
    {"methods": ["GET"], "path": "/state", "anonymous": true},
    {"methods": ["GET"], "path": "/state/*", "anonymous": true},
    {"methods": ["PUT", "PATCH"], "path": "/state/*", "scopes": ["state:write"]},
    {"methods": ["*"], "path": "/admin/*", "groups": ["Admins", "Support"]}
]"#;

fn context() -> Value {
    json!({
        "signedIn": true, "principal": "00u1", "sub": "alice@example.com", "iss": ISSUER, "clientId": "web",
        "scope": "openid state:write", "groups": "[\"Everyone\"]", "exp": NOW + 3590, "jti": "AT.1",
    })
}

fn policy(principal: &str, effect: &str, resources: &[&str], context: &Value) -> Value {
    let resources: Vec<String> = resources
        .iter()
        .map(|resource| format!("{STAGE}/{resource}"))
        .collect();
    json!({
        "principalId": principal,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": effect, "Resource": resources}],
        },
        "context": context,
    })
}

fn anonymous_policy() -> Value {
    policy(
        "anonymous",
        "Allow",
        &["GET/state", "GET/state/*"],
        &json!({"signedIn": false}),
    )
}

#[track_caller]
fn check(world: &World, event: &Value, expected: &Value) {
    assert_eq!(&wait(world.ask(event)), expected, "{event}");
}

#[test]
fn without_rules_every_valid_token_may_call_everything() {
    let world = World::new(&[]);
    let token = token_with(&json!({}));
    let expected = policy("00u1", "Allow", &["*"], &context());
    check(&world, &token_event(&token), &expected);
    check(
        &world,
        &request_event("GET/state", &bearer(&token)),
        &expected,
    );
    check(
        &world,
        &request_event("GET/state", &json!({})),
        &unauthorized(),
    );
    check(&world, &token_event("x"), &unauthorized());
}

#[test]
fn one_policy_holds_for_every_route() {
    let world = World::new(&[("ACCESS_RULES", RULES)]);
    let token = token_with(&json!({}));
    let granted = ["GET/state", "GET/state/*", "PUT/state/*", "PATCH/state/*"];
    let expected = policy("00u1", "Allow", &granted, &context());
    for route in [
        "GET/state",
        "DELETE/state/1",
        "GET/",
        "GET/admin/*",
        "PUT/state/*?x",
        "GET/..%2fadmin",
    ] {
        check(&world, &request_event(route, &bearer(&token)), &expected);
    }
}

#[test]
fn a_rule_needs_all_of_its_scopes_and_one_of_its_groups() {
    let rules = r#"[
        {"methods": ["GET"], "path": "/both", "scopes": ["a", "b"]},
        {"methods": ["GET"], "path": "/any", "groups": ["g", "h"]},
        {"methods": ["GET"], "path": "/and", "scopes": ["a"], "groups": ["g"]}
    ]"#;
    let world = World::new(&[("ACCESS_RULES", rules)]);
    for (changes, granted) in [
        (json!({"scp": ["a"], "groups": null}), &[][..]),
        (json!({"scp": ["b", "a"], "groups": null}), &["GET/both"]),
        (
            json!({"scp": null, "scope": "b c a", "groups": null}),
            &["GET/both"],
        ),
        (json!({"scp": ["a b"], "groups": null}), &[]),
        (json!({"scp": ["A", "B"], "groups": ["G"]}), &[]),
        (json!({"scp": null, "groups": ["x", "h"]}), &["GET/any"]),
        (json!({"scp": null, "groups": "h"}), &["GET/any"]),
        (
            json!({"scp": ["a"], "groups": ["g"]}),
            &["GET/any", "GET/and"],
        ),
        (json!({"scp": ["a"], "groups": {"g": true}}), &[]),
    ] {
        let answer = wait(world.ask_with(&token_with(&changes)));
        let statement = &answer["policyDocument"]["Statement"][0];
        let expected: Vec<String> = granted
            .iter()
            .map(|route| format!("{STAGE}/{route}"))
            .collect();
        if granted.is_empty() {
            assert_eq!(
                statement,
                &policy("", "Deny", &["*"], &json!({}))["policyDocument"]["Statement"][0],
                "{changes}"
            );
        } else {
            assert_eq!(statement["Resource"], json!(expected), "{changes}");
        }
    }
}

#[test]
fn a_good_token_without_any_grant_is_denied_not_unauthorized() {
    let world = World::new(&[(
        "ACCESS_RULES",
        r#"[{"methods": ["GET"], "path": "/a", "scopes": ["x"]}]"#,
    )]);
    let token = token_with(&json!({}));
    check(
        &world,
        &token_event(&token),
        &policy("00u1", "Deny", &["*"], &context()),
    );
    assert_eq!(world.reason(), "no_rule_met");
    check(
        &world,
        &http_api_event("GET/a", &bearer(&token)),
        &json!({"isAuthorized": false, "context": context()}),
    );
    let no_rules = World::new(&[("ACCESS_RULES", "[]")]);
    check(
        &no_rules,
        &token_event(&token),
        &policy("00u1", "Deny", &["*"], &context()),
    );
}

#[test]
fn an_anonymous_caller_gets_only_the_rules_for_anyone() {
    let world = World::new(&[("ACCESS_RULES", RULES)]);
    for headers in [json!({}), json!(null), json!({"cookie": "session=1"})] {
        check(
            &world,
            &request_event("GET/state", &headers),
            &anonymous_policy(),
        );
        check(
            &world,
            &request_event("PUT/state/1", &headers),
            &anonymous_policy(),
        );
        check(
            &world,
            &http_api_event("GET/state", &headers),
            &json!({"isAuthorized": true, "context": {"signedIn": false}}),
        );
        check(
            &world,
            &http_api_event("PUT/state/1", &headers),
            &json!({"isAuthorized": false}),
        );
    }
    let guarded = World::new(&[]);
    check(
        &guarded,
        &request_event("GET/state", &json!({})),
        &unauthorized(),
    );
    assert_eq!(guarded.reason(), "no_token");
    check(
        &guarded,
        &http_api_event("GET/state", &json!({})),
        &json!({"isAuthorized": false}),
    );
}

#[test]
fn a_bad_token_is_never_treated_as_anonymous() {
    let world = World::new(&[("ACCESS_RULES", RULES)]);
    let expired = token_with(&json!({"exp": NOW - 100}));
    for headers in [
        bearer("x"),
        bearer(&expired),
        json!({"Authorization": ""}),
        json!({"Authorization": "Basic YTpi"}),
        json!({"Authorization": "Bearer"}),
        json!({"Authorization": "Bearer a.b.c", "authorization": "Bearer d.e.f"}),
        json!({"Authorization": "B\u{e9}arer \u{0}"}),
    ] {
        check(
            &world,
            &request_event("GET/state", &headers),
            &unauthorized(),
        );
        check(
            &world,
            &http_api_event("GET/state", &headers),
            &json!({"isAuthorized": false}),
        );
    }
}

#[test]
fn two_authorization_values() {
    let world = World::new(&[]);
    let token = token_with(&json!({}));
    let value = format!("Bearer {token}");
    for event in [
        json!({"type": "TOKEN", "methodArn": format!("{STAGE}/GET/a"), "authorizationToken": format!("{value},{value}")}),
        request_event(
            "GET/a",
            &json!({"Authorization": &value, "authorization": &value}),
        ),
        changed(
            request_event("GET/a", &json!({})),
            &json!({"multiValueHeaders": {"Authorization": [&value, &value]}}),
        ),
        changed(
            request_event("GET/a", &bearer(&token)),
            &json!({"multiValueHeaders": {"Authorization": ["Bearer x"]}}),
        ),
    ] {
        check(&world, &event, &unauthorized());
        assert_eq!(world.reason(), "several_tokens");
    }
    let joined = http_api_event(
        "GET/a",
        &json!({"authorization": format!("{value}, {value}")}),
    );
    check(&world, &joined, &json!({"isAuthorized": false}));
}

#[test]
fn a_token_in_the_query_is_accepted_only_for_websockets() {
    let world = World::new(&[]);
    let token = token_with(&json!({}));
    let query = json!({"queryStringParameters": {"access_token": token}});
    check(
        &world,
        &changed(request_event("GET/a", &json!({})), &query),
        &unauthorized(),
    );
    check(
        &world,
        &changed(http_api_event("GET/a", &json!({})), &query),
        &json!({"isAuthorized": false}),
    );
    let connect = changed(request_event("$connect", &json!({})), &query);
    check(
        &world,
        &connect,
        &policy("00u1", "Allow", &["$connect"], &context()),
    );
    let both = changed(request_event("$connect", &bearer(&token)), &query);
    check(&world, &both, &unauthorized());
}

#[test]
fn a_websocket_opens_if_any_rule_is_met() {
    let world = World::new(&[(
        "ACCESS_RULES",
        r#"[{"methods": ["GET"], "path": "/a", "scopes": ["chat"]}]"#,
    )]);
    let with = |changes: &Value| {
        wait(world.ask(&request_event("$connect", &bearer(&token_with(changes)))))
    };
    let statement = |answer: &Value| answer["policyDocument"]["Statement"][0].clone();
    let granted = with(&json!({"scp": ["chat"]}));
    assert_eq!(
        statement(&granted),
        policy("", "Allow", &["$connect"], &json!({}))["policyDocument"]["Statement"][0]
    );
    let denied = with(&json!({"scp": ["other"]}));
    assert_eq!(
        statement(&denied),
        policy("", "Deny", &["*"], &json!({}))["policyDocument"]["Statement"][0]
    );
}

#[test]
fn http_apis_are_answered_for_the_route_of_the_event() {
    let world = World::new(&[("ACCESS_RULES", RULES)]);
    let token = token_with(&json!({}));
    for (route, granted) in [
        ("GET/state", true),
        ("PUT/state/1", true),
        ("PUT/state", false),
        ("DELETE/state/1", false),
        ("put/state/1", false),
        ("GET/admin/users", false),
        ("GET/", false),
    ] {
        let expected = json!({"isAuthorized": granted, "context": context()});
        check(&world, &http_api_event(route, &bearer(&token)), &expected);
    }
}

#[test]
fn http_apis_can_be_answered_by_policies() {
    let world = World::new(&[("ACCESS_RULES", RULES), ("HTTP_API_RESPONSE", "iam")]);
    let token = token_with(&json!({}));
    let granted = ["GET/state", "GET/state/*", "PUT/state/*", "PATCH/state/*"];
    check(
        &world,
        &http_api_event("GET/x", &bearer(&token)),
        &policy("00u1", "Allow", &granted, &context()),
    );
    check(
        &world,
        &http_api_event("GET/x", &json!({})),
        &anonymous_policy(),
    );
    check(
        &world,
        &http_api_event("GET/x", &bearer("x")),
        &unauthorized(),
    );
}

#[test]
fn a_cached_policy_can_end_with_its_token() {
    let world = World::new(&[("POLICY_EXPIRY", "on"), ("ACCESS_RULES", RULES)]);
    let answer = wait(world.ask_with(&token_with(&json!({"exp": 1_790_003_590.75}))));
    let condition = json!({"DateLessThan": {"aws:CurrentTime": "2026-09-21T15:13:10Z"}});
    assert_eq!(
        answer["policyDocument"]["Statement"][0]["Condition"],
        condition
    );
    assert_eq!(answer["context"]["exp"], 1_790_003_590);
    check(
        &world,
        &request_event("GET/state", &json!({})),
        &anonymous_policy(),
    );
}

/// API Gateway would answer 403 with an expired policy, and clients do not renew a token after a 403.
#[test]
fn an_answer_whose_policy_has_already_expired_is_a_refusal() {
    let on = World::new(&[("POLICY_EXPIRY", "on")]);
    let off = World::new(&[]);
    for (exp, refused) in [
        (json!(NOW - 59), true),
        (json!(NOW), true),
        (json!(NOW as f64 + 0.5), true),
        (json!(NOW + 1), false),
    ] {
        let token = token_with(&json!({"exp": exp}));
        wait(on.ask_with(&token));
        assert_eq!(
            on.reason(),
            if refused { "token_expired" } else { "granted" },
            "{exp}"
        );
        wait(off.ask_with(&token));
        assert_eq!(off.reason(), "granted", "{exp}");
    }
    // A cached token too.
    let token = token_with(&json!({"exp": NOW + 5}));
    wait(on.ask_with(&token));
    on.clock.advance(std::time::Duration::from_secs(5));
    check(&on, &token_event(&token), &unauthorized());
    assert_eq!(on.reason(), "token_expired");
}

#[test]
fn the_context_has_the_configured_claims_and_no_null() {
    let world = World::new(&[(
        "CONTEXT_CLAIMS",
        "email,acr,amr,address,level,verified,absent,nothing,signedIn,clientId",
    )]);
    let token = token_with(&json!({
        "cid": null, "client_id": null, "scp": null, "groups": null, "jti": null, "email": "a@example.com",
        "amr": ["pwd", "mfa"], "address": {"country": "NL"}, "level": 1.5, "verified": true,
        "signedIn": false, "clientId": "forged",
    }));
    let expected = json!({
        "signedIn": true, "principal": "00u1", "sub": "alice@example.com", "iss": ISSUER, "exp": NOW + 3590,
        "email": "a@example.com", "amr": "[\"pwd\",\"mfa\"]", "address": "{\"country\":\"NL\"}", "level": 1.5, "verified": true,
    });
    assert_eq!(wait(world.ask_with(&token))["context"], expected);
}

#[test]
fn the_principal_is_the_first_of_the_claims_that_is_present() {
    let principal = |variables: &[(&str, &str)], changes: &Value| {
        let answer = wait(World::new(variables).ask_with(&token_with(changes)));
        assert_eq!(answer["context"]["principal"], answer["principalId"]);
        answer["principalId"].as_str().unwrap().to_owned()
    };
    assert_eq!(principal(&[], &json!({})), "00u1");
    assert_eq!(principal(&[], &json!({"uid": null})), "alice@example.com");
    assert_eq!(
        principal(&[("PRINCIPAL_CLAIMS", "email,sub")], &json!({"email": "e"})),
        "e"
    );
}

#[test]
fn an_event_of_an_unknown_shape_is_an_error_and_not_an_answer() {
    let world = World::new(&[("ACCESS_RULES", RULES)]);
    let token = token_with(&json!({}));
    for event in [
        json!({}),
        json!([]),
        json!(5),
        json!({"type": "TOKEN", "authorizationToken": format!("Bearer {token}")}),
        json!({"type": "TOKEN", "authorizationToken": format!("Bearer {token}"), "methodArn": "arn:aws:s3:::bucket"}),
        json!({"type": "REQUEST", "methodArn": "arn:aws:execute-api:eu-west-1:1:a/*/GET/x", "headers": bearer(&token)}),
        json!({"version": "2.0", "headers": bearer(&token)}),
    ] {
        let answer = wait(world.ask(&event));
        assert_eq!(answer["errorType"], "UnknownEvent", "{event}");
        assert_ne!(answer["errorMessage"], "Unauthorized");
    }
}

#[test]
fn the_partition_of_the_event_is_kept() {
    let world = World::new(&[]);
    let mut event = token_event(&token_with(&json!({})));
    event["methodArn"] =
        json!("arn:aws-us-gov:execute-api:us-gov-west-1:111122223333:abc/$default/GET/a:b");
    let answer = wait(world.ask(&event));
    let resource = &answer["policyDocument"]["Statement"][0]["Resource"];
    assert_eq!(
        resource,
        &json!(["arn:aws-us-gov:execute-api:us-gov-west-1:111122223333:abc/$default/*"])
    );
}

/// 18 rules and 100 groups: policy and context together are more than API Gateway accepts in one answer.
#[test]
fn an_answer_is_never_larger_than_api_gateway_accepts() {
    let rules: Vec<Value> = (0..18)
        .map(|n| json!({"methods": ["GET"], "path": format!("/route/{n:02}/{}", "x".repeat(110))}))
        .collect();
    let world = World::new(&[
        ("ACCESS_RULES", &json!(rules).to_string()),
        ("CONTEXT_CLAIMS", "email,roles"),
    ]);
    let groups: Vec<String> = (0..100)
        .map(|n| format!("Department \"{n:02}\" readers"))
        .collect();
    let token =
        token_with(&json!({"groups": groups, "roles": vec!["x"; 300], "email": "a@example.com"}));
    for (event, left_out) in [
        (token_event(&token), json!(["groups"])),
        (http_api_event("GET/route/00", &bearer(&token)), json!(null)),
    ] {
        let answer = wait(world.ask(&event));
        let mut expected = context();
        expected["groups"] = json!(json!(groups).to_string());
        expected["roles"] = json!(json!(vec!["x"; 300]).to_string());
        expected["email"] = json!("a@example.com");
        for name in left_out.as_array().into_iter().flatten() {
            expected
                .as_object_mut()
                .unwrap()
                .remove(name.as_str().unwrap());
        }
        assert_eq!(answer["context"], expected);
        assert!(
            answer.to_string().len() <= 8_192,
            "{}",
            answer.to_string().len()
        );
        assert_eq!(
            world
                .log
                .last()
                .get("contextLeftOut")
                .unwrap_or(&Value::Null),
            &left_out
        );
    }
}

#[test]
fn a_principal_that_takes_too_much_of_an_answer_is_a_refusal() {
    let world = World::new(&[]);
    for (uid, fits) in [
        ("u".repeat(510), true),
        ("u".repeat(511), false),
        ("\"".repeat(255), true),
        ("\"".repeat(256), false),
    ] {
        wait(world.ask_with(&token_with(&json!({"uid": uid}))));
        assert_eq!(
            world.reason(),
            if fits {
                "granted"
            } else {
                "principal_too_long"
            }
        );
    }
}
