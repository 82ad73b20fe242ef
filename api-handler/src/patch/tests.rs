use serde_json::json;

use super::*;

fn operations(patch: Value) -> Result<Value, Problem> {
    Patch::operations(patch)?
        .apply(json!({"value": {"a": 1, "b": [1, 2], "~/": null}, "visibility": "private"}))
}

#[test]
fn operations_of_rfc_6902() {
    let check = |patch: Value, value: Value| {
        assert_eq!(
            operations(patch.clone()).unwrap()["value"],
            value,
            "{patch}"
        )
    };
    check(json!([]), json!({"a": 1, "b": [1, 2], "~/": null}));
    check(
        json!([{"op": "add", "path": "/value/b/-", "value": 3}, {"op": "remove", "path": "/value/a"}]),
        json!({"b": [1, 2, 3], "~/": null}),
    );
    check(
        json!([{"op": "replace", "path": "/value/~0~1", "value": 0}]),
        json!({"a": 1, "b": [1, 2], "~/": 0}),
    );
    check(
        json!([{"op": "move", "from": "/value/b/0", "path": "/value"}]),
        json!(1),
    );
    check(
        json!([{"op": "copy", "from": "/value/b", "path": "/value/a"}]),
        json!({"a": [1, 2], "b": [1, 2], "~/": null}),
    );
    check(
        json!([{"op": "test", "path": "/value/a", "value": 1.0}, {"op": "test", "path": "/value/~0~1", "value": null}]),
        json!({"a": 1, "b": [1, 2], "~/": null}),
    );
    check(
        json!([{"op": "add", "path": "/value/b/2", "value": 3, "extra": "ignored"}]),
        json!({"a": 1, "b": [1, 2, 3], "~/": null}),
    );
}

#[test]
fn operations_that_do_not_fit_are_a_conflict() {
    let check = |patch: Value, at: &str| match operations(patch.clone()) {
        Err(Problem::Conflict(fault)) => assert_eq!(fault.pointer, at, "{patch}"),
        other => panic!("{patch}: {other:?}"),
    };
    check(
        json!([{"op": "test", "path": "/value/a", "value": 2}]),
        "#/0",
    );
    check(
        json!([{"op": "test", "path": "/value/a", "value": "1"}]),
        "#/0",
    );
    check(
        json!([{"op": "test", "path": "/value/none", "value": null}]),
        "#/0",
    );
    check(
        json!([{"op": "remove", "path": "/value/a"}, {"op": "remove", "path": "/value/a"}]),
        "#/1",
    );
    check(
        json!([{"op": "replace", "path": "/value/none", "value": 1}]),
        "#/0",
    );
    check(
        json!([{"op": "add", "path": "/value/none/deeper", "value": 1}]),
        "#/0",
    );
    check(
        json!([{"op": "add", "path": "/value/b/3", "value": 1}]),
        "#/0",
    );
    check(
        json!([{"op": "add", "path": "/value/b/01", "value": 1}]),
        "#/0",
    );
    check(
        json!([{"op": "move", "from": "/value", "path": "/value/a"}]),
        "#/0",
    );
}

#[test]
fn what_is_no_patch_cannot_be_read() {
    for patch in [
        json!({}),
        json!("x"),
        json!([1]),
        json!([{"op": "add"}]),
        json!([{"op": "add", "path": "/value/a"}]),
        json!([{"op": "test", "path": "/value/a"}]),
        json!([{"op": "replace", "path": "/value/a"}]),
        json!([{"op": "increment", "path": "/value/a", "value": 1}]),
        json!([{"op": "remove", "path": "value/a"}]),
        json!([{"op": "remove", "path": "/value/~2"}]),
        json!([{"op": "move", "path": "/value/a"}]),
    ] {
        assert!(
            matches!(operations(patch.clone()), Err(Problem::BadRequest(_))),
            "{patch}"
        );
    }
}

#[test]
fn a_patch_cannot_grow_without_end() {
    let mut steps = vec![json!({"op": "replace", "path": "/value", "value": ["x".repeat(100)]})];
    steps.extend(std::iter::repeat_n(
        json!({"op": "copy", "from": "/value", "path": "/value/0"}),
        60,
    ));
    assert_eq!(
        operations(Value::Array(steps)),
        Err(Problem::ValueTooLarge(MAX_VALUE_BYTES))
    );
    let many = vec![json!({"op": "remove", "path": "/value/a"}); 1001];
    assert!(matches!(
        operations(Value::Array(many)),
        Err(Problem::Unprocessable(_))
    ));
}

#[test]
fn merge_patches_of_rfc_7396() {
    let check = |patch: Value, expected: Value| {
        let document = json!({"value": {"a": 1, "b": {"c": 2}}, "visibility": "private"});
        assert_eq!(
            Patch::Merge(patch.clone()).apply(document).unwrap(),
            expected,
            "{patch}"
        );
    };
    check(
        json!({}),
        json!({"value": {"a": 1, "b": {"c": 2}}, "visibility": "private"}),
    );
    check(
        json!({"value": {"a": null, "b": {"d": [null]}}}),
        json!({"value": {"b": {"c": 2, "d": [null]}}, "visibility": "private"}),
    );
    check(
        json!({"value": [1]}),
        json!({"value": [1], "visibility": "private"}),
    );
    check(
        json!({"value": null, "visibility": "public"}),
        json!({"visibility": "public"}),
    );
    check(json!(null), json!(null));
}
