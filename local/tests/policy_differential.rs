//! Policies of authorizers' answers, evaluated by the local gateway and by an IAM simulator. `tests/differential/` has
//! the table of disagreements and the command for longer runs.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests may fail so"
)]

#[path = "policy_differential/conditions.rs"]
mod conditions;
#[path = "policy_differential/draft.rs"]
mod draft;
#[path = "policy_differential/malformed.rs"]
mod malformed;
#[path = "policy_differential/statements.rs"]
mod statements;
#[path = "policy_differential/values.rs"]
mod values;

use lambda_support::clock::Timestamp;
use local::gateway::condition::Facts;
use local::gateway::policy::{Policy, PolicyVerdict};
use serde_json::{Value, json};
use testkit::differential::{Judge, Mutation, Mutations, Opinion, Suite};

use draft::Draft;

fn changes() -> Vec<Mutation<Draft>> {
    let mut all = statements::all();
    all.extend(malformed::all());
    all.extend(conditions::all());
    all.extend(conditions::facts());
    all
}

fn opinion(input: &Value) -> Opinion {
    let policy = match Policy::read(&input["policy"]) {
        Ok(policy) => policy,
        Err(malformed) => {
            return Opinion {
                outcome: "malformed".to_owned(),
                reason: malformed.to_string(),
            };
        }
    };
    let fact = |name: &str| input["facts"][name].as_str();
    let facts = Facts {
        now: Timestamp::from_secs(fact("aws:EpochTime").unwrap().parse().unwrap()),
        source_ip: fact("aws:SourceIp").unwrap().parse().unwrap(),
        user_agent: fact("aws:UserAgent"),
        referer: fact("aws:Referer"),
    };
    let mut warnings = Vec::new();
    let verdict = policy.verdict(input["arn"].as_str().unwrap(), &facts, &mut |warning| {
        warnings.push(warning)
    });
    Opinion {
        outcome: match verdict {
            PolicyVerdict::Allowed => "allowed",
            PolicyVerdict::NotAllowed => "not allowed",
            PolicyVerdict::Denied => "denied",
        }
        .to_owned(),
        reason: warnings.concat(),
    }
}

#[test]
fn policies() {
    let changes = Mutations::new(changes());
    Suite {
        name: "policies",
        plan: &|random| {
            let count = 1 + random.below(5);
            changes.draw(count, random)
        },
        build: &|seed, steps| {
            let mut draft = Draft::new(seed);
            changes.apply(steps, &mut draft);
            draft.finish()
        },
        here: &|inputs| inputs.iter().map(opinion).collect(),
        settings: json!({}),
        judges: vec![Judge {
            name: "iam-simulate",
            program: "policies.mjs",
        }],
    }
    .run();
}
