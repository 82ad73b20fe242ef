use std::sync::Arc;

use lambda_support::log::Lines;
use serde_json::{Value, json};

use super::*;

/// The line of a request to `/state/secret-id`, or without a status of an unknown event.
fn line(level: Level, status: Option<u16>) -> Value {
    let event = json!({
        "httpMethod": "GET", "resource": "/state/{id}", "path": "/state/secret-id",
        "headers": {"Authorization": "Bearer secret-token"}, "requestContext": {"requestId": "a-1"}
    });
    let request = Request::from_event(&event.to_string()).unwrap();
    let route = Route::State("secret-id".into());
    let lines = Arc::new(Lines::default());
    Invoked {
        time: Timestamp::from_millis(1_767_225_600_500),
        request_id: "r-1",
        function: "stack-handler",
        request: status.map(|_| (&request, &route)),
        status: status.map(|status| StatusCode::from_u16(status).unwrap()),
        principal: status.map(|_| "secret-alice"),
        duration: Duration::from_micros(1234),
        store: Duration::from_micros(1004),
        cold_start: true,
        cause: Some("no answer".into()),
    }
    .write(&Log::new(level, lines.clone()));
    assert!(!lines.text().contains("secret"), "{}", lines.text());
    lines.last()
}

fn expected(level: &str, changes: Value) -> Value {
    let mut line = json!({
        "timestamp": "2026-01-01T00:00:00.500Z", "level": level, "message": "request", "requestId": "r-1",
        "function": "stack-handler", "cause": "no answer",
        "DurationMs": 1.234, "StoreMs": 1.004, "ColdStarts": 1, "Faults": 1,
        "_aws": {"Timestamp": 1_767_225_600_500_u64, "CloudWatchMetrics": [{
            "Namespace": "StateApi",
            "Dimensions": [["function"], ["function", "route"]],
            "Metrics": [
                {"Name": "DurationMs", "Unit": "Milliseconds"}, {"Name": "StoreMs", "Unit": "Milliseconds"},
                {"Name": "ColdStarts", "Unit": "Count"}, {"Name": "Faults", "Unit": "Count"},
            ],
        }]},
    });
    if let (Value::Object(line), Value::Object(changes)) = (&mut line, changes) {
        line.extend(changes);
    }
    line
}

#[test]
fn a_line_has_metrics_but_no_caller_and_no_resource() {
    let request = json!({
        "apiRequestId": "a-1", "method": "GET", "route": "/state/{id}", "principal": hash("secret-alice"),
        "status": 503,
    });
    assert_eq!(line(Level::Info, Some(503)), expected("ERROR", request));
    assert_eq!(hash("secret-alice").len(), 16);
}

#[test]
fn an_unknown_event_is_logged_as_a_fault() {
    let none = expected("ERROR", json!({"route": "none"}));
    assert_eq!(line(Level::Info, None), none);
}

#[test]
fn faults_are_logged_at_every_level_and_other_requests_at_info() {
    for (level, status, expected) in [
        (Level::Error, Some(200), json!(null)),
        (Level::Warn, Some(403), json!(null)),
        (Level::Info, Some(200), json!("INFO")),
        (Level::Trace, Some(404), json!("INFO")),
        (Level::Error, Some(500), json!("ERROR")),
        (Level::Error, None, json!("ERROR")),
    ] {
        assert_eq!(
            line(level, status)["level"],
            expected,
            "{status:?} at {level:?}"
        );
    }
}
