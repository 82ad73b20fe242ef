//! The log: one line per decision, with its metrics.

use std::time::Duration;

use serde_json::{Value, json};

use super::support::{NOW, World, changed, http_api_event, token_event, token_with};
use super::wait;

/// The line without the values that differ between runs.
fn line(world: &World) -> Value {
    let mut line = world.log.last();
    let members = line.as_object_mut().unwrap();
    for name in ["DurationMs", "keysMs"] {
        assert!(members.remove(name).unwrap().is_f64());
    }
    line
}

fn directive(dimensions: &Value, names: &[(&str, &str)]) -> Value {
    let metrics: Vec<Value> = names
        .iter()
        .map(|(name, unit)| json!({"Name": name, "Unit": unit}))
        .collect();
    json!({"Namespace": "Authorizer", "Dimensions": dimensions, "Metrics": metrics})
}

fn decision_directive() -> Value {
    let dimensions = json!([
        ["function"],
        ["function", "decision"],
        ["function", "decision", "reason"]
    ]);
    directive(
        &dimensions,
        &[("Decisions", "Count"), ("DurationMs", "Milliseconds")],
    )
}

fn age_directive() -> Value {
    directive(&json!([["function"]]), &[("KeyAgeSeconds", "Seconds")])
}

#[test]
fn the_first_decision_reports_the_cold_start_and_the_fetch() {
    let world = World::new(&[]);
    wait(world.ask(&token_event(&token_with(&json!({})))));
    let events = [
        "KeyFetches",
        "KeyFetchFailures",
        "StaleServed",
        "CooldownHits",
        "ColdStarts",
    ]
    .map(|name| (name, "Count"));
    let expected = json!({
        "timestamp": "2026-09-21T14:13:20.000Z", "level": "INFO", "message": "decision", "decision": "allow",
        "reason": "granted", "requestId": "r-1", "kid": "k1", "clientId": "web", "cache": "miss", "keys": "fetched",
        "function": "authorizer", "Decisions": 1, "KeyAgeSeconds": 0, "KeyFetches": 1, "KeyFetchFailures": 0,
        "StaleServed": 0, "CooldownHits": 0, "ColdStarts": 1,
        "_aws": {"Timestamp": NOW * 1000, "CloudWatchMetrics": [
            decision_directive(), age_directive(), directive(&json!([["function"]]), &events),
        ]},
    });
    assert_eq!(line(&world), expected);
}

#[test]
fn a_later_decision_reports_only_new_key_events() {
    let world = World::new(&[]);
    let token = token_with(&json!({}));
    wait(world.ask(&token_event(&token)));
    world.clock.advance(Duration::from_secs(90));
    let event = changed(
        http_api_event("GET/a", &super::support::bearer(&token)),
        &json!({"requestContext": {"requestId": "a-1"}}),
    );
    wait(world.ask(&event));
    let expected = json!({
        "timestamp": "2026-09-21T14:14:50.000Z", "level": "INFO", "message": "decision", "decision": "allow",
        "reason": "granted", "requestId": "r-1", "apiRequestId": "a-1", "kid": "k1", "clientId": "web", "cache": "hit",
        "keys": "fresh", "function": "authorizer", "Decisions": 1, "KeyAgeSeconds": 90,
        "_aws": {"Timestamp": (NOW + 90) * 1000, "CloudWatchMetrics": [decision_directive(), age_directive()]},
    });
    assert_eq!(line(&world), expected);
}

#[test]
fn a_refusal_says_why_and_a_failure_is_an_error() {
    let world = World::new(&[]);
    wait(world.ask(&token_event(&token_with(&json!({"exp": NOW - 100})))));
    let refused = world.log.last();
    assert_eq!(
        (&refused["level"], &refused["decision"]),
        (&json!("INFO"), &json!("unauthorized"))
    );
    assert_eq!(refused["detail"], "refused: expired 100 s ago");
    world.issuer.go_down();
    wait(world.ask(&token_event(&token_with(&json!({})))));
    let failed = world.log.last();
    assert_eq!(
        (&failed["level"], &failed["decision"]),
        (&json!("ERROR"), &json!("error"))
    );
    assert_eq!(
        (&failed["KeyFetches"], &failed["KeyFetchFailures"]),
        (&json!(1), &json!(1))
    );
}

/// The levels of the lines of a decision, a refusal and a failure, with this `LOG_LEVEL`. `None`: there is no line.
fn levels_at(setting: &str) -> [Option<String>; 4] {
    let world = World::new(&[("LOG_LEVEL", setting)]);
    let good = token_event(&token_with(&json!({})));
    let events = [
        // This call causes the fetch of the keys.
        good.clone(),
        good,
        token_event(&token_with(&json!({"exp": NOW - 100}))),
        json!({}),
    ];
    let mut lines = 0;
    events.map(|event| {
        wait(world.ask(&event));
        let before = std::mem::replace(&mut lines, world.log.text().lines().count());
        (lines > before).then(|| world.log.last()["level"].as_str().unwrap().to_owned())
    })
}

#[test]
fn every_log_level_keeps_the_lines_that_alarms_need() {
    for (setting, expected) in [
        ("error", [Some("ERROR"), None, Some("ERROR"), Some("ERROR")]),
        ("warn", [Some("WARN"), None, Some("WARN"), Some("ERROR")]),
        (
            "info",
            [Some("INFO"), Some("INFO"), Some("INFO"), Some("ERROR")],
        ),
        (
            "trace",
            [Some("INFO"), Some("INFO"), Some("INFO"), Some("ERROR")],
        ),
    ] {
        let expected = expected.map(|level| level.map(str::to_owned));
        assert_eq!(levels_at(setting), expected, "LOG_LEVEL={setting}");
    }
}

/// An HTTP API applies a cached simple answer to every route, unless the route key is an identity source.
#[test]
fn simple_answers_with_rules_that_differ_by_route_cause_one_warning() {
    let by_route = r#"[{"methods": ["*"], "path": "/*", "scopes": ["a"]}, {"methods": ["GET"], "path": "/*"}]"#;
    let alike =
        r#"[{"methods": ["*"], "path": "/*", "scopes": ["a"]}, {"methods": ["*"], "path": "/*"}]"#;
    for (rules, form, warnings) in [
        (by_route, "simple", 1),
        (by_route, "iam", 0),
        (alike, "simple", 0),
        ("[]", "simple", 0),
    ] {
        let world = World::new(&[("ACCESS_RULES", rules), ("HTTP_API_RESPONSE", form)]);
        wait(world.ask_with(&token_with(&json!({}))));
        assert!(
            !world.log.text().contains("routeKey"),
            "a policy needs no warning"
        );
        for _ in 0..3 {
            wait(world.ask(&http_api_event("GET/a", &json!({}))));
        }
        let log = world.log.text();
        assert_eq!(
            log.matches("$context.routeKey").count(),
            warnings,
            "{rules} {form}"
        );
    }
}

/// A simple answer has no condition, so the setting cannot end a cached one.
#[test]
fn simple_answers_with_policy_expiry_cause_one_warning() {
    for (expiry, form, warnings) in [("on", "simple", 1), ("on", "iam", 0), ("off", "simple", 0)] {
        let world = World::new(&[("POLICY_EXPIRY", expiry), ("HTTP_API_RESPONSE", form)]);
        wait(world.ask_with(&token_with(&json!({}))));
        assert!(
            !world
                .log
                .text()
                .contains("POLICY_EXPIRY has no effect on a cached simple answer")
        );
        for _ in 0..3 {
            wait(world.ask(&http_api_event("GET/a", &json!({}))));
        }
        let log = world.log.text();
        let found = log
            .matches("POLICY_EXPIRY has no effect on a cached simple answer")
            .count();
        assert_eq!(found, warnings, "{expiry} {form}");
    }
}
