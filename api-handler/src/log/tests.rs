use serde_json::json;

use super::*;

#[test]
fn a_line_is_a_metric_and_tells_nothing_of_the_caller() {
    let event = json!({
        "httpMethod": "GET", "resource": "/state/{id}", "path": "/state/secret-id",
        "headers": {"Authorization": "Bearer secret-token"}, "requestContext": {"requestId": "r-1"}
    });
    let request = Request::from_event(event).unwrap();
    let line = Line {
        time: time::macros::datetime!(2026-01-01 00:00:00.5 UTC),
        request: &request,
        route: &Route::State("secret-id".into()),
        status: StatusCode::SERVICE_UNAVAILABLE,
        principal: Some("secret-alice"),
        duration: Duration::from_micros(1234),
        store: Duration::from_micros(1004),
        cold_start: true,
        cause: Some("no answer".into()),
    }
    .to_json();
    assert!(!line.to_string().contains("secret"), "{line}");
    let expected = json!({
        "timestamp": "2026-01-01T00:00:00.500Z", "level": "ERROR", "requestId": "r-1", "method": "GET", "route": "/state/{id}",
        "status": 503, "durationMs": 1.23, "storeMs": 1.0, "coldStart": 1, "fault": 1, "cause": "no answer"
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(line[name], *value, "{name}");
    }
    assert_eq!(line["principal"].as_str().map(str::len), Some(16));
    for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
        .as_array()
        .unwrap()
    {
        assert!(
            line[metric["Name"].as_str().unwrap()].is_number(),
            "{metric}"
        );
    }
    assert_eq!(line["_aws"]["Timestamp"], 1_767_225_600_500_i64);
}
