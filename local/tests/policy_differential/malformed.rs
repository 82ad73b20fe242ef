//! Policies that are malformed.

use serde_json::{Value, json};
use testkit::differential::{Mutation, mutation};

use super::draft::{Draft, odd_values};

pub(crate) fn all() -> Vec<Mutation<Draft>> {
    let mut all = members();
    all.extend(effects_and_ids());
    all.extend(versions());
    all.extend(policy_members());
    all.extend(whole_values());
    all.extend(statement_lists());
    all
}

/// Removes each member of a statement, and gives it values of every type.
fn members() -> Vec<Mutation<Draft>> {
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
        all.push(mutation(
            format!("{member} missing"),
            move |draft: &mut Draft, _| draft.remove(member),
        ));
        for value in odd_values() {
            all.push(mutation(
                format!("{member} odd: {value}"),
                move |draft: &mut Draft, _| draft.set(member, value.clone()),
            ));
        }
    }
    all
}

fn effects_and_ids() -> Vec<Mutation<Draft>> {
    let mut all = Vec::new();
    for effect in ["allow", "ALLOW", "deny", "Allow ", "Permit"] {
        all.push(mutation(
            format!("Effect odd: {effect}"),
            move |draft: &mut Draft, _| draft.set("Effect", json!(effect)),
        ));
    }
    for sid in ["Sid1", "a b", "a-b"] {
        all.push(mutation(
            format!("Sid odd: {sid}"),
            move |draft: &mut Draft, _| draft.set("Sid", json!(sid)),
        ));
    }
    all
}

fn versions() -> Vec<Mutation<Draft>> {
    let mut all = Vec::new();
    for version in [
        json!("2012-10-17"),
        json!("2008-10-17"),
        json!("2020-01-01"),
        json!("x"),
        json!(2012),
        json!(null),
    ] {
        all.push(mutation(
            format!("Version: {version}"),
            move |draft: &mut Draft, _| {
                set_in_policy(draft, "Version", version.clone());
            },
        ));
    }
    all.push(mutation("Version missing", |draft: &mut Draft, _| {
        if let Value::Object(policy) = &mut draft.policy {
            policy.remove("Version");
        }
    }));
    all
}

fn policy_members() -> Vec<Mutation<Draft>> {
    let members = [
        ("Id", json!("x")),
        ("Id", json!(1)),
        ("Unknown", json!("x")),
        ("version", json!("2012-10-17")),
    ];
    let with = |(member, value): (&'static str, Value)| {
        mutation(
            format!("policy {member}: {value}"),
            move |draft: &mut Draft, _| set_in_policy(draft, member, value.clone()),
        )
    };
    members.map(with).into()
}

/// Values of every type for the list of statements, and for the policy.
fn whole_values() -> Vec<Mutation<Draft>> {
    let mut all = Vec::new();
    for value in odd_values() {
        let other = value.clone();
        all.push(mutation(
            format!("Statement odd: {value}"),
            move |draft: &mut Draft, _| set_in_policy(draft, "Statement", value.clone()),
        ));
        all.push(mutation(
            format!("policy odd: {other}"),
            move |draft: &mut Draft, _| draft.policy = other.clone(),
        ));
    }
    all
}

fn statement_lists() -> Vec<Mutation<Draft>> {
    vec![
        mutation("one statement without a list", |draft: &mut Draft, _| {
            let statement = draft.statements.last().cloned().unwrap_or_default();
            set_in_policy(draft, "Statement", statement);
        }),
        mutation("no statement", |draft: &mut Draft, _| {
            draft.statements.clear();
        }),
    ]
}

fn set_in_policy(draft: &mut Draft, member: &str, value: Value) {
    if let Value::Object(policy) = &mut draft.policy {
        policy.insert(member.to_owned(), value);
    }
}
