//! Statements, and the calls that they are evaluated for.

use serde_json::json;
use testkit::differential::{Mutation, mutation};

use super::draft::{ARN, Draft, statement};
use super::values::Kind;

const ACTIONS: Kind = Kind {
    plain: (
        &["Action", "NotAction"],
        &[
            "*",
            "execute-api:*",
            "execute-api:Invoke",
            "EXECUTE-API:INVOKE",
            "execute-api:invoke",
            "Execute-Api:In*",
            "execute-api:*Invoke*",
            "execute-api:Inv?ke",
            "execute-api:I??oke",
            "execute-api:Invoke?",
            "execute-api:ManageConnections",
            "execute-api:InvalidateCache",
            "s3:*",
            "s3:GetObject",
        ],
    ),
    odd: (
        &["Action", "NotAction"],
        &[
            "exec*:Invoke",
            "execute-ap?:Invoke",
            "*:Invoke",
            "execute-api",
            "execute-api:",
            ":Invoke",
            "",
            "execute-api:Invoke ",
        ],
    ),
};

const RESOURCES: Kind = Kind {
    plain: (
        &["Resource", "NotResource"],
        &[
            "*",
            ARN,
            "arn:aws:execute-api:*:*:*",
            "arn:aws:execute-api:*",
            "arn:aws:*",
            "arn:*",
            "arn:aws:execute-api:us-east-1:123456789012:local00000/*",
            "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/*",
            "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/GET/*",
            "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/PUT/*",
            "arn:aws:execute-api:us-east-1:123456789012:local00000/*/GET/state/*",
            "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/*/a",
            "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/get/state/a",
            "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/GET/state/?",
            "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/GET/state/??",
            "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/GET/st*e/a",
            "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/GET/state/a/",
            "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/GET/state/a*",
            "arn:aws:execute-api:us-east-1:*:local00000/prod/GET/state/a",
            "arn:aws:execute-api:*:123456789012:local00000/prod/GET/state/a",
            "arn:aws:execute-api:us-*-1:123456789012:local00000/prod/GET/state/a",
            "arn:aws:execute-api:us-east-?:123456789012:local00000/prod/GET/state/a",
            "arn:*:execute-api:us-east-1:123456789012:local00000/prod/GET/state/a",
            "arn:aws:s3:::bucket/*",
        ],
    ),
    odd: (
        &["Resource", "NotResource"],
        &[
            "**",
            "?",
            "",
            "x",
            "arn:aws:execute-api",
            "arn:aws:*:us-east-1:123456789012:local00000/prod/GET/state/a",
            "arn:aws:execute-api:us-east-1:123456789012*",
            "arn:aws:execute-api:*local00000/prod/GET/state/a",
            "arn:aws:execute-api:us-east-1*/prod/GET/state/a",
            "arn:*/GET/*",
            "*state/a",
            "*/state/*",
            "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/GET/state/${aws:UserAgent}",
            "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/GET/state/${*}",
            "ARN:aws:execute-api:us-east-1:123456789012:local00000/prod/GET/state/a",
            "execute-api:/prod/GET/state/a",
            "arn:aws:execute-api:us-east-1:123456789012:*/prod/GET/state/a",
        ],
    ),
};

const ARNS: [&str; 10] = [
    "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/PUT/state/a",
    "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/GET/",
    "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/GET/state/a:b:c",
    "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/GET/state/a/b/c",
    "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/GET/state/%2A",
    "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/GET/state/a?b",
    "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/GET/state/A",
    "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/GET/state/\u{e9}",
    "arn:aws:execute-api:us-east-1:123456789012:local00000/prod/GET/state/$[a](b)+c^d|e",
    "arn:aws-cn:execute-api:cn-north-1:123456789012:local00000/prod/GET/state/a",
];

pub(crate) fn all() -> Vec<Mutation<Draft>> {
    let mut all = Vec::new();
    for effect in ["Allow", "Deny"] {
        all.push(mutation(
            format!("a statement: {effect}"),
            move |draft: &mut Draft, random| {
                draft
                    .statements
                    .push(statement(effect, random.pick::<&str>(RESOURCES.plain.1)));
            },
        ));
        all.push(mutation(
            format!("Effect: {effect}"),
            move |draft: &mut Draft, _| draft.set("Effect", json!(effect)),
        ));
    }
    for kind in [&ACTIONS, &RESOURCES] {
        for ((members, patterns), mark) in kind.marked() {
            for (member, other) in [(members[0], members[1]), (members[1], members[0])] {
                for pattern in patterns {
                    all.push(mutation(
                        format!("{member}{mark}: {pattern}"),
                        move |draft: &mut Draft, _| {
                            draft.remove(other);
                            draft.set(member, json!(pattern));
                        },
                    ));
                }
                for _ in 0..8 {
                    all.push(mutation(
                        format!("{member}{mark}: several"),
                        move |draft: &mut Draft, random| {
                            let several: Vec<&str> = (0..1 + random.below(3))
                                .map(|_| *random.pick(patterns))
                                .collect();
                            draft.remove(other);
                            draft.set(member, json!(several));
                        },
                    ));
                }
                all.push(mutation(
                    format!("{member} and {other}"),
                    move |draft: &mut Draft, _| draft.set(other, json!("*")),
                ));
            }
        }
    }
    for arn in ARNS {
        all.push(mutation(
            format!("call: {arn}"),
            move |draft: &mut Draft, _| arn.clone_into(&mut draft.arn),
        ));
    }
    all
}
