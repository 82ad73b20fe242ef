//! Patches that this project and other implementations apply. `tests/differential/` has the tables of the disagreements
//! and the command for longer runs.

mod generate;

use serde_json::{Value, json};
use testkit::differential::{Judge, Opinion, Suite, draw};
use testkit::seeded::Seeded;

use self::generate::{MERGES, document, merge, names, patch};
use super::Patch;
use crate::json::{Json, parse};
use crate::problem::Problem;

fn strict(value: &Value) -> Json {
    parse(value.to_string().as_bytes(), 100).unwrap()
}

/// Writes whole numbers without a fraction, because not every implementation keeps the notation of a number.
fn normal(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(normal).collect(),
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| (name, normal(value)))
                .collect(),
        ),
        #[expect(clippy::cast_possible_truncation, reason = "numbers here are small")]
        Value::Number(number) => match number.as_f64() {
            Some(float) if float.fract() == 0.0 => json!(float as i64),
            _ => Value::Number(number),
        },
        other => other,
    }
}

fn opinion(patched: Result<Json, Problem>) -> Opinion {
    match patched {
        Ok(document) => Opinion {
            outcome: normal(serde_json::from_str(&document.to_string()).unwrap()).to_string(),
            reason: "applied".to_owned(),
        },
        Err(problem) => Opinion {
            outcome: "refused".to_owned(),
            reason: match problem {
                Problem::BadRequest(_) => "malformed",
                Problem::Conflict(_) => "conflict",
                _ => "limit",
            }
            .to_owned(),
        },
    }
}

#[test]
fn json_patches() {
    let names = names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Suite {
        name: "patches",
        plan: &|random| {
            let count = 1 + random.below(4);
            draw(&names, count, random)
        },
        build: &|seed, steps| {
            let document = document(&mut Seeded::new(seed));
            json!({"document": document, "patch": patch(&document, steps)})
        },
        here: &|inputs| {
            let apply = |input: &Value| {
                opinion(
                    Patch::operations(strict(&input["patch"]))
                        .and_then(|patch| patch.apply(strict(&input["document"]))),
                )
            };
            inputs.iter().map(apply).collect()
        },
        settings: json!({}),
        judges: vec![
            Judge {
                name: "fast-json-patch",
                program: "patches.mjs",
            },
            Judge {
                name: "jsonpatch",
                program: "patches.py",
            },
        ],
    }
    .run();
}

#[test]
fn merge_patches() {
    Suite {
        name: "merge-patches",
        plan: &|random| {
            let count = 1 + random.below(4);
            draw(&MERGES, count, random)
        },
        build: &|seed, steps| {
            let (mut document, mut patch) = (document(&mut Seeded::new(seed)), json!({}));
            for step in steps {
                merge(
                    &step.name,
                    &mut document,
                    &mut patch,
                    &mut Seeded::new(step.seed),
                );
            }
            json!({"document": document, "patch": patch})
        },
        here: &|inputs| {
            let apply = |input: &Value| {
                opinion(Patch::Merge(strict(&input["patch"])).apply(strict(&input["document"])))
            };
            inputs.iter().map(apply).collect()
        },
        settings: json!({}),
        judges: vec![
            Judge {
                name: "json-merge-patch (npm)",
                program: "merge-patches.mjs",
            },
            Judge {
                name: "json-merge-patch (PyPI)",
                program: "merge-patches.py",
            },
        ],
    }
    .run();
}
