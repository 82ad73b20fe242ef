use serde_json::{Value, json};

use super::{apply::StepError, *};
use crate::{
    json::parse,
    state::{MAX_VALUE_BYTES, MAX_VALUE_DEPTH},
};

fn strict(value: &Value) -> Json {
    parse(value.to_string().as_bytes(), MAX_VALUE_DEPTH + 3).unwrap()
}

fn loose(value: &Json) -> Value {
    serde_json::from_str(&value.to_string()).unwrap()
}

fn operations(patch: &Value) -> Result<Value, Problem> {
    operations_on(
        patch,
        &json!({"value": {"a": 1, "b": [1, 2], "~/": null}, "visibility": "private"}),
    )
}

fn operations_on(patch: &Value, document: &Value) -> Result<Value, Problem> {
    let patch = Patch::operations(strict(patch))?;
    Ok(loose(&patch.apply(strict(document))?))
}

fn nest(levels: usize) -> Value {
    (0..levels).fold(json!(0), |inner, _| json!([inner]))
}

#[test]
fn operations_are_applied_as_in_rfc_6902() {
    let check = |patch: Value, value: Value| {
        assert_eq!(operations(&patch).unwrap()["value"], value, "{patch}")
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
        json!([{"op": "add", "path": "", "value": {"value": 5}}]),
        json!(5),
    );
    check(
        json!([{"op": "add", "path": "/value/b/2", "value": 3, "extra": "ignored"}]),
        json!({"a": 1, "b": [1, 2, 3], "~/": null}),
    );
}

#[test]
fn operations_that_do_not_fit_are_a_conflict() {
    let check = |patch: Value, at: &str| match operations(&patch) {
        Err(Problem::Conflict(fault)) => assert_eq!(fault.pointer(), at, "{patch}"),
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
    check(json!([{"op": "remove", "path": ""}]), "#/0");
    check(
        json!([{"op": "move", "from": "", "path": "/value/a"}]),
        "#/0",
    );
    check(json!([{"op": "remove", "path": "/value/b/-"}]), "#/0");
    check(json!([{"op": "remove", "path": "/value/b/2"}]), "#/0");
    check(
        json!([{"op": "replace", "path": "/value/b/2", "value": 1}]),
        "#/0",
    );
    check(
        json!([{"op": "add", "path": "/value/a/x", "value": 1}]),
        "#/0",
    );
    check(
        json!([{"op": "copy", "from": "/value/b/-", "path": "/value/a"}]),
        "#/0",
    );
    check(
        json!([{"op": "copy", "from": "/value/b/+1", "path": "/value/a"}]),
        "#/0",
    );
    check(
        json!([{"op": "test", "path": "/value/b/00", "value": 1}]),
        "#/0",
    );
}

#[test]
fn a_value_cannot_be_moved_into_itself() {
    // Once the first element is removed, the path names a location in the second.
    let document = json!({"value": [{}, {}]});
    let patch = json!([{"op": "move", "from": "/value/0", "path": "/value/0/a"}]);
    let fault = Fault::new("#/0", "a value cannot be moved into itself");
    assert_eq!(
        operations_on(&patch, &document),
        Err(Problem::Conflict(fault))
    );
}

#[test]
fn malformed_patches_are_a_400() {
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
            matches!(operations(&patch), Err(Problem::BadRequest(_))),
            "{patch}"
        );
    }
}

#[test]
fn a_patch_has_at_most_a_thousand_operations() {
    let patch = |count: usize| {
        let operation = json!({"op": "test", "path": "/value/a", "value": 1});
        operations(&Value::Array(vec![operation; count]))
    };
    assert!(patch(1000).is_ok());
    assert!(matches!(patch(1001), Err(Problem::Unprocessable(_))));
}

#[test]
fn copy_and_move_take_at_most_one_mebibyte() {
    // 64 KiB with its quotes, so 16 copies are 1 MiB.
    let check = |document: &Value, operation: &Value, allowed: usize| {
        let patch = |count| Value::Array(vec![operation.clone(); count]);
        assert!(
            operations_on(&patch(allowed), document).is_ok(),
            "{operation}"
        );
        assert_eq!(
            operations_on(&patch(allowed + 1), document),
            Err(Problem::PatchTooLarge(1024 * 1024)),
            "{operation}"
        );
    };
    let text = json!({"value": {"a": "x".repeat(64 * 1024 - 2)}});
    check(
        &text,
        &json!({"op": "copy", "from": "/value/a", "path": "/value/b"}),
        16,
    );
    check(
        &text,
        &json!({"op": "move", "from": "/value/a", "path": "/value/a"}),
        16,
    );
    let array = json!({"value": ["x".repeat(64 * 1024 - 4)]});
    check(
        &array,
        &json!({"op": "copy", "from": "/value", "path": "/other"}),
        16,
    );
}

#[test]
fn the_size_limit_holds_after_every_operation() {
    let value = "x".repeat(MAX_VALUE_BYTES / 2);
    let document = json!({"value": {"a": value}, "visibility": "private"});
    let too_large = Err(Problem::ValueTooLarge(MAX_VALUE_BYTES));
    for patch in [
        json!([{"op": "copy", "from": "/value/a", "path": "/value/b"}, {"op": "copy", "from": "/value/a", "path": "/value/c"}, {"op": "remove", "path": "/value"}]),
        json!([{"op": "add", "path": "/value/b", "value": value}, {"op": "add", "path": "/value/c", "value": value}, {"op": "remove", "path": "/value/b"}]),
        json!([{"op": "replace", "path": "/value", "value": "x".repeat(MAX_VALUE_BYTES + 2048)}, {"op": "replace", "path": "/value", "value": 1}]),
        json!([{"op": "replace", "path": "", "value": "x".repeat(MAX_VALUE_BYTES + 2047)}, {"op": "replace", "path": "", "value": 1}]),
    ] {
        assert_eq!(operations_on(&patch, &document), too_large);
    }
    for (path, length) in [
        ("/value", MAX_VALUE_BYTES - 2),
        ("", MAX_VALUE_BYTES + 2046),
    ] {
        let largest = json!([{"op": "replace", "path": path, "value": "x".repeat(length)}]);
        assert!(operations_on(&largest, &document).is_ok(), "{path}");
    }
}

#[test]
fn the_depth_limit_holds_after_every_operation() {
    let check = |patch: Value, at: &str| {
        let document = json!({"value": nest(60), "visibility": "private"});
        match operations_on(&patch, &document) {
            Err(Problem::Unprocessable(faults)) => assert_eq!(faults[0].pointer(), at, "{patch}"),
            other => panic!("{patch}: {other:?}"),
        }
    };
    let deep = |levels: usize| format!("/value{}", "/0".repeat(levels));
    let gone = json!({"op": "replace", "path": "/value", "value": 1});
    check(
        json!([{"op": "copy", "from": "/value", "path": deep(50)}, gone]),
        "#/0",
    );
    check(
        json!([{"op": "add", "path": "/value/-", "value": nest(99)}, {"op": "add", "path": deep(41), "value": nest(60)}, gone]),
        "#/1",
    );
    check(
        json!([{"op": "add", "path": "/b", "value": nest(50)}, {"op": "move", "from": "/b", "path": deep(51)}, gone]),
        "#/1",
    );
    check(
        json!([{"op": "replace", "path": deep(60), "value": nest(41)}, gone]),
        "#/0",
    );
    let document = json!({"value": nest(60)});
    let fits = json!([{"op": "replace", "path": deep(60), "value": nest(40)}]);
    assert_eq!(
        operations_on(&fits, &document).unwrap(),
        json!({"value": nest(100)})
    );
    let whole = json!([{"op": "replace", "path": "", "value": {"value": nest(100)}}]);
    assert_eq!(
        operations_on(&whole, &document).unwrap(),
        json!({"value": nest(100)})
    );
}

#[test]
fn names_of_library_internals_are_treated_as_data() {
    let value = json!({"inner": 1});
    for name in ["RawValue", "Number"] {
        let text = format!(r#"{{"$serde_json::private::{name}": "1"}}"#);
        let document = format!(r#"{{"value": {text}, "visibility": "private"}}"#);
        let patch = format!(
            r#"[{{"op": "test", "path": "/value", "value": {text}}}, {{"op": "add", "path": "/value/b", "value": {text}}}, {{"op": "replace", "path": "/visibility", "value": {value}}}]"#
        );
        let patch = Patch::operations(parse(patch.as_bytes(), 103).unwrap()).unwrap();
        let patched = patch
            .apply(parse(document.as_bytes(), 103).unwrap())
            .unwrap();
        let expected = format!(
            r#"{{"value":{{"$serde_json::private::{name}":"1","b":{{"$serde_json::private::{name}":"1"}}}},"visibility":{{"inner":1}}}}"#
        );
        assert_eq!(patched.to_string(), expected);
    }
}

proptest::proptest! {
    #[test]
    fn the_running_length_equals_the_measured_length(steps in proptest::collection::vec((0..6_usize, 0..9_usize, 0..9_usize), 0..40)) {
        let paths = ["", "/value", "/value/a", "/value/b", "/value/a/0", "/value/a/-", "/value/b/\u{e4}~1\"", "/visibility", "/value/b/0/x"];
        let values = [json!(1), json!([]), json!({}), json!([1, "\n"]), json!({"\"": 1.5}), json!({"0": {"x": null}}), json!("\u{7f}\u{e4}"), json!([[1, 2], {}]), json!({"value": {"a": [0], "b": {}}})];
        let mut applying = Applying::new(strict(&json!({"value": {"a": [1, 2], "b": {}}, "visibility": "private"})));
        for (op, first, second) in steps {
            let op = ["add", "remove", "replace", "move", "copy", "test"][op];
            let step = json!({"op": op, "path": paths[first], "from": paths[second], "value": values[second]});
            let result = applying.step(Operation::parse(strict(&step)).unwrap());
            if result.is_err() {
                return Ok(());
            }
            assert_eq!(applying.len(), applying.document().compact_len(), "{step}");
        }
    }
}

#[test]
fn an_error_points_to_its_operation() {
    let problem = StepError::Conflict("x").into_problem(7);
    assert!(matches!(problem, Problem::Conflict(fault) if fault.pointer() == "#/7"));
}

#[test]
fn merge_patches_are_applied_as_in_rfc_7396() {
    let check = |patch: Value, expected: Value| {
        let document = json!({"value": {"a": 1, "b": {"c": 2}}, "visibility": "private"});
        let patched = Patch::Merge(strict(&patch))
            .apply(strict(&document))
            .unwrap();
        assert_eq!(loose(&patched), expected, "{patch}");
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
    check(
        json!({"value": {"b": 1, "c": {"d": null, "e": {}}}}),
        json!({"value": {"a": 1, "b": 1, "c": {"e": {}}}, "visibility": "private"}),
    );
    check(json!(null), json!(null));
}
