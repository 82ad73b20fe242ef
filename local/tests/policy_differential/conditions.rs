//! Changes of conditions, and of the facts of a request.

use serde_json::{Value, json};
use testkit::differential::{Mutation, mutation};

use super::draft::Draft;
use super::values::{Kind, OPERATORS};

fn condition(draft: &mut Draft, operator: &str, key: &str, values: Value) {
    let Some(Value::Object(statement)) = draft.statements.last_mut() else {
        return;
    };
    // Most values of this key are not ARNs.
    if operator.contains("Arn") {
        draft
            .facts
            .entry("aws:Referer")
            .or_insert_with(|| json!("arn:aws:iam::123456789012:user/a"));
    }
    let conditions = statement.entry("Condition").or_insert_with(|| json!({}));
    if let Value::Object(conditions) = conditions {
        let keys = conditions.entry(operator).or_insert_with(|| json!({}));
        if let Value::Object(keys) = keys {
            keys.insert(key.to_owned(), values);
        }
    }
}

pub(crate) fn all() -> Vec<Mutation<Draft>> {
    let mut all = Vec::new();
    for (operator, kind) in OPERATORS {
        all.extend(values(operator, kind));
        all.extend(values_of_other_types(operator, kind));
    }
    all.extend(unknown_operators());
    all.extend(unknown_keys());
    all
}

/// One value, and several with each form of the operator.
fn values(operator: &'static str, kind: &'static Kind) -> Vec<Mutation<Draft>> {
    let mut all = Vec::new();
    for ((keys, values), mark) in kind.marked() {
        for value in values {
            all.push(mutation(
                format!("{operator}{mark}: {value}"),
                move |draft: &mut Draft, random| {
                    condition(draft, operator, random.pick::<&str>(keys), json!(value));
                },
            ));
        }
        for (prefix, suffix) in [
            ("", ""),
            ("", "IfExists"),
            ("ForAllValues:", ""),
            ("ForAnyValue:", ""),
            ("ForAllValues:", "IfExists"),
            ("ForAnyValue:", "IfExists"),
        ] {
            let whole = format!("{prefix}{operator}{suffix}");
            for _ in 0..3 {
                let whole = whole.clone();
                all.push(mutation(
                    format!("{whole}{mark}: several"),
                    move |draft: &mut Draft, random| {
                        let several: Vec<&str> =
                            (0..random.below(4)).map(|_| *random.pick(values)).collect();
                        condition(draft, &whole, random.pick::<&str>(keys), json!(several));
                    },
                ));
            }
        }
    }
    all
}

fn values_of_other_types(operator: &'static str, kind: &'static Kind) -> Vec<Mutation<Draft>> {
    let keys = kind.plain.0;
    let values = [
        json!(null),
        json!(true),
        json!(false),
        json!(1),
        json!(1_000_000_000),
        json!(1.5),
        json!({}),
        json!([true]),
        json!([1]),
        json!([null]),
        json!([[]]),
    ];
    let odd = |value: Value| {
        mutation(
            format!("{operator} odd: {value}"),
            move |draft: &mut Draft, random| {
                condition(draft, operator, random.pick::<&str>(keys), value.clone());
            },
        )
    };
    values.map(odd).into()
}

fn unknown_operators() -> Vec<Mutation<Draft>> {
    let operators = [
        "StringMatches",
        "stringequals",
        "STRINGEQUALS",
        "string_equals",
        "StringEqualsIfExist",
        "StringEqualsIfExistsIfExists",
        "ForSomeValues:StringEquals",
        "forallvalues:StringEquals",
        "ForAllValues:",
        "",
        "IfExists",
        "StringEquals ",
        "Numeric",
        "null",
        "ForAllValues:Nul",
        "DateNotLessThan",
        "ArnMatch",
        "BinaryNotEquals",
    ];
    let used = |operator: &'static str| {
        mutation(
            format!("operator: {operator}"),
            move |draft: &mut Draft, _| {
                condition(draft, operator, "aws:UserAgent", json!("curl/8"))
            },
        )
    };
    operators.map(used).into()
}

/// Keys that no request has, and misspelt keys.
fn unknown_keys() -> Vec<Mutation<Draft>> {
    let keys = [
        "aws:PrincipalArn",
        "aws:MultiFactorAuthPresent",
        "execute-api:x",
        "aws:RequestTag/x",
        "unknown",
        "",
        "aws:SourceVpc",
        "aws:UserAgent ",
        "aws:username",
    ];
    let used = |key: &'static str| {
        mutation(format!("key: {key}"), move |draft: &mut Draft, random| {
            let operator = *random.pick(&[
                "StringEquals",
                "StringNotEquals",
                "StringEqualsIfExists",
                "Null",
                "ForAllValues:StringEquals",
            ]);
            condition(
                draft,
                operator,
                key,
                json!(if operator == "Null" { "true" } else { "x" }),
            );
        })
    };
    keys.map(used).into()
}

pub(crate) fn facts() -> Vec<Mutation<Draft>> {
    let mut all = Vec::new();
    for (name, value) in [
        ("aws:UserAgent", json!("arn:aws:iam::123456789012:user/a")),
        ("aws:UserAgent", json!("arn:aws:iam::123456789012:user/a:b")),
        ("aws:UserAgent", json!("")),
        ("aws:UserAgent", json!("true")),
        ("aws:UserAgent", json!("*")),
        ("aws:Referer", json!("https://web.example")),
        ("aws:Referer", json!("arn:aws:iam::123456789012:user/a")),
        ("aws:SourceIp", json!("::1")),
        ("aws:SourceIp", json!("2001:db8::1")),
        ("aws:SourceIp", json!("10.1.2.3")),
        ("aws:SourceIp", json!("::ffff:127.0.0.1")),
    ] {
        all.push(mutation(
            format!("fact {name}: {value}"),
            move |draft: &mut Draft, _| {
                draft.facts.insert(name.to_owned(), value.clone());
            },
        ));
    }
    all.push(mutation(
        "fact aws:UserAgent missing",
        |draft: &mut Draft, _| drop(draft.facts.remove("aws:UserAgent")),
    ));
    all
}
