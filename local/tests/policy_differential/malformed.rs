//! Policies that are malformed.

use serde_json::{Value, json};

use super::draft::{Change, Draft, change, odd_values};

pub(crate) fn all() -> Vec<Change> {
    let mut all = Vec::new();
    for member in [
        "Effect",
        "Action",
        "Resource",
        "NotAction",
        "NotResource",
        "Condition",
        "Sid",
        "Principal",
        "NotPrincipal",
        "Unknown",
    ] {
        all.push(change(
            format!("{member} missing"),
            move |draft: &mut Draft, _| draft.remove(member),
        ));
        for value in odd_values() {
            all.push(change(
                format!("{member} odd: {value}"),
                move |draft: &mut Draft, _| draft.set(member, value.clone()),
            ));
        }
    }
    for effect in ["allow", "ALLOW", "deny", "Allow ", "Permit"] {
        all.push(change(
            format!("Effect odd: {effect}"),
            move |draft: &mut Draft, _| draft.set("Effect", json!(effect)),
        ));
    }
    for sid in ["Sid1", "a b", "a-b"] {
        all.push(change(
            format!("Sid odd: {sid}"),
            move |draft: &mut Draft, _| draft.set("Sid", json!(sid)),
        ));
    }
    for version in [
        json!("2012-10-17"),
        json!("2008-10-17"),
        json!("2020-01-01"),
        json!("x"),
        json!(2012),
        json!(null),
    ] {
        all.push(change(
            format!("Version: {version}"),
            move |draft: &mut Draft, _| {
                if let Value::Object(policy) = &mut draft.policy {
                    policy.insert("Version".to_owned(), version.clone());
                }
            },
        ));
    }
    all.push(change("Version missing", |draft: &mut Draft, _| {
        if let Value::Object(policy) = &mut draft.policy {
            policy.remove("Version");
        }
    }));
    for (member, value) in [
        ("Id", json!("x")),
        ("Id", json!(1)),
        ("Unknown", json!("x")),
        ("version", json!("2012-10-17")),
    ] {
        all.push(change(
            format!("policy {member}: {value}"),
            move |draft: &mut Draft, _| {
                if let Value::Object(policy) = &mut draft.policy {
                    policy.insert(member.to_owned(), value.clone());
                }
            },
        ));
    }
    for value in odd_values() {
        let other = value.clone();
        all.push(change(
            format!("Statement odd: {value}"),
            move |draft: &mut Draft, _| {
                if let Value::Object(policy) = &mut draft.policy {
                    policy.insert("Statement".to_owned(), value.clone());
                }
            },
        ));
        all.push(change(
            format!("policy odd: {other}"),
            move |draft: &mut Draft, _| draft.policy = other.clone(),
        ));
    }
    all.push(change(
        "one statement without a list",
        |draft: &mut Draft, _| {
            let statement = draft.statements.last().cloned().unwrap_or_default();
            if let Value::Object(policy) = &mut draft.policy {
                policy.insert("Statement".to_owned(), statement);
            }
        },
    ));
    all.push(change("no statement", |draft: &mut Draft, _| {
        draft.statements.clear()
    }));
    all
}
