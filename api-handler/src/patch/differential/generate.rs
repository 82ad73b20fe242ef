//! Generates documents and patches.

use serde_json::{Map, Value, json};
use testkit::differential::Step;
use testkit::seeded::Seeded;

const NAMES: [&str; 16] = [
    "a", "b", "c", "", "0", "1", "-", "~", "/", "a/b", "m~n", "~1", "\u{e9}", " ", "%41", "\"",
];

/// A random value with at most this many levels.
fn value(random: &mut Seeded, levels: usize) -> Value {
    match random.below(if levels == 0 { 6 } else { 10 }) {
        0 => Value::Null,
        1 => json!(random.one_in(2)),
        2 => json!(random.below(3)),
        3 => json!(1.5),
        4 => json!(*random.pick(&["", "x", "1", "\u{e9}\u{1f600}", "null"])),
        5 => json!(-1),
        6 | 7 => (0..random.below(4))
            .map(|_| value(random, levels - 1))
            .collect(),
        _ => {
            let members = (0..random.below(4))
                .map(|_| ((*random.pick(&NAMES)).to_owned(), value(random, levels - 1)));
            Value::Object(members.collect())
        }
    }
}

pub(super) fn document(random: &mut Seeded) -> Value {
    if random.one_in(20) {
        return value(random, 2);
    }
    let members: Map<String, Value> = NAMES
        .iter()
        .take(5)
        .map(|name| ((*name).to_owned(), value(random, 3)))
        .collect();
    json!({"value": members, "list": [1, [2, 3], {"a": null}], "visibility": "private"})
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Collects every location in a document.
fn locations(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                locations(item, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                locations(member, &format!("{at}/{}", escaped(name)), found);
            }
        }
        _ => {}
    }
}

/// A location that exists, usually not the whole document.
fn existing(document: &Value, random: &mut Seeded) -> String {
    let mut found = Vec::new();
    locations(document, "", &mut found);
    let from = usize::from(found.len() > 1 && !random.one_in(20));
    random.pick(&found[from..]).clone()
}

/// A location to which a value can be added, or sometimes one whose parent does not exist.
fn addable(document: &Value, random: &mut Seeded) -> String {
    let at = existing(document, random);
    match document.pointer(&at) {
        Some(Value::Array(items)) => match random.below(8) {
            0..=2 => format!("{at}/-"),
            3..=6 => format!("{at}/{}", random.below(items.len() + 1)),
            _ => format!("{at}/{}", random.below(9)),
        },
        Some(Value::Object(_)) => format!("{at}/{}", escaped(random.pick::<&str>(&NAMES))),
        _ if random.one_in(10) => format!("{at}/a"),
        _ => at,
    }
}

/// Paths that are malformed or have no location.
const ODD_PATHS: [&str; 24] = [
    "value",
    "value/a",
    "#/value",
    "/value/~",
    "/value/~2",
    "/value/~01",
    "/list/01",
    "/list/00",
    "/list/+1",
    "/list/-1",
    "/list/1.0",
    "/list/1e0",
    "/list/ 1",
    "/list/9",
    "/list/99999999999999999999",
    "/list/-/a",
    "/visibility/0",
    "/visibility/length",
    "/list/length",
    "/__proto__/x",
    "/constructor/prototype/x",
    "/value/__proto__",
    "/list/\u{661}",
    "//",
];

/// Malformed operations with a well-formed path.
fn odd_operations() -> Vec<Value> {
    vec![
        json!(null),
        json!(1),
        json!("add"),
        json!([]),
        json!({}),
        json!({"op": "add"}),
        json!({"path": "/value"}),
        json!({"op": "add", "path": "/value"}),
        json!({"op": "replace", "path": "/value"}),
        json!({"op": "test", "path": "/value"}),
        json!({"op": "remove", "path": null}),
        json!({"op": "remove", "path": 1}),
        json!({"op": "remove", "path": ["value"]}),
        json!({"op": "move", "path": "/value"}),
        json!({"op": "copy", "path": "/value"}),
        json!({"op": "move", "path": "/value", "from": null}),
        json!({"op": "copy", "path": "/x", "from": 1}),
        json!({"op": "Add", "path": "/value", "value": 1}),
        json!({"op": "ADD", "path": "/value", "value": 1}),
        json!({"op": "spam", "path": "/value"}),
        json!({"op": null, "path": "/value"}),
        json!({"op": ["add"], "path": "/value", "value": 1}),
        json!({"op": "_get", "path": "/value"}),
        json!({"op": "_get", "path": "/value", "value": 1}),
        json!({"op": "add", "path": "/value", "value": 1, "extra": 2}),
        json!({"op": "remove", "path": "/value", "value": 1, "from": 5}),
        json!({"op": "add", "path": "/value", "value": null}),
        json!({"op": "test", "path": "/value", "value": null}),
        json!({"op": "add", "path": "/value", "value": 1, "from": "x"}),
        json!({"OP": "remove", "path": "/value"}),
        json!({"op": "remove", "Path": "/value"}),
    ]
}

const OPERATIONS: [&str; 6] = ["add", "remove", "replace", "move", "copy", "test"];

pub(super) fn names() -> Vec<String> {
    let mut names: Vec<String> = OPERATIONS
        .iter()
        .flat_map(|op| vec![(*op).to_owned(); if *op == "test" { 10 } else { 60 }])
        .collect();
    names.extend(vec!["test of an existing value".to_owned(); 60]);
    names.extend(
        [
            "move into itself",
            "replace the whole",
            "remove the whole",
            "test numbers",
            "the same twice",
        ]
        .map(str::to_owned),
    );
    names.extend(
        OPERATIONS
            .iter()
            .flat_map(|op| ODD_PATHS.map(|path| format!("{op} at {path}"))),
    );
    names.extend(odd_operations().iter().map(|one| format!("odd: {one}")));
    names.extend(["null", "1", "{}", "\"x\"", "true"].map(|text| format!("patch: {text}")));
    names
}

fn operation(name: &str, document: &Value, random: &mut Seeded) -> Value {
    let (path, from, value) = (
        addable(document, random),
        existing(document, random),
        value(random, 2),
    );
    if let Some(text) = name.strip_prefix("odd: ") {
        return serde_json::from_str(text).unwrap();
    }
    if let Some((op, path)) = name.split_once(" at ") {
        return json!({"op": op, "path": path, "from": if random.one_in(2) { path.to_owned() } else { from }, "value": value});
    }
    match name {
        "test of an existing value" => {
            json!({"op": "test", "path": from, "value": document.pointer(&from)})
        }
        "move into itself" => json!({"op": "move", "from": path, "path": format!("{path}/a")}),
        "replace the whole" => json!({"op": "replace", "path": "", "value": value}),
        "remove the whole" => json!({"op": "remove", "path": ""}),
        "test numbers" => {
            let equal = random
                .pick(&[
                    json!(1),
                    json!(1.0),
                    json!(true),
                    json!("1"),
                    json!(0),
                    json!(-0.0),
                ])
                .clone();
            json!({"op": "test", "path": "/list/0", "value": equal})
        }
        "move" | "copy" => json!({"op": name, "from": from, "path": path}),
        "remove" => json!({"op": name, "path": from}),
        "replace" | "test" => json!({"op": name, "path": from, "value": value}),
        _ => json!({"op": name, "path": path, "value": value}),
    }
}

pub(super) fn patch(document: &Value, steps: &[Step]) -> Value {
    let mut operations = Vec::new();
    for step in steps {
        if let Some(text) = step.name.strip_prefix("patch: ") {
            return serde_json::from_str(text).unwrap();
        }
        if step.name == "the same twice" {
            operations.extend(operations.last().cloned());
            continue;
        }
        operations.push(operation(&step.name, document, &mut Seeded::new(step.seed)));
    }
    Value::Array(operations)
}

/// The steps of a merge patch: the changes that it makes.
pub(super) const MERGES: [&str; 9] = [
    "a member",
    "a member removed",
    "a member in a member",
    "null in an array",
    "a whole object",
    "not an object",
    "a name of a prototype",
    "nothing",
    "a document of another shape",
];

pub(super) fn merge(name: &str, document: &mut Value, patch: &mut Value, random: &mut Seeded) {
    let mut set = |name: &str, value: Value| {
        if let Value::Object(members) = patch {
            members.insert(name.to_owned(), value);
        }
    };
    let member = *random.pick(&["value", "list", "visibility", "new", ""]);
    match name {
        "a member" => set(member, value(random, 3)),
        "a member removed" => set(member, Value::Null),
        "a member in a member" => set(
            "value",
            json!({*random.pick(&NAMES): value(random, 2), *random.pick(&NAMES): null}),
        ),
        "null in an array" => set(member, json!([null, {"a": null}])),
        "a whole object" => *patch = value(random, 4),
        "not an object" => {
            *patch = random
                .pick(&[
                    json!(null),
                    json!(1),
                    json!("x"),
                    json!([1, null]),
                    json!([]),
                    json!({}),
                ])
                .clone()
        }
        "a name of a prototype" => set(
            random.pick::<&str>(&["__proto__", "constructor", "prototype", "toString"]),
            value(random, 2),
        ),
        "a document of another shape" => {
            *document = random
                .pick(&[
                    json!(null),
                    json!(1),
                    json!("x"),
                    json!([1]),
                    json!({}),
                    json!([{"a": 1}]),
                ])
                .clone()
        }
        _ => {}
    }
}
