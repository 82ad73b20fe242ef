//! Tokens, key sets and proofs that this project and other libraries judge. `tests/differential/` has the tables of the
//! disagreements and the command for longer runs.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a panic fails the test"
)]

mod differential;
mod support;

use serde_json::{Value, json};
use testkit::differential::{Judge, Opinion, Suite};

use differential::proof::ProofMutations;
use differential::token::TokenMutations;
use support::proof::rest_event_at;
use support::{ISSUER, KEYS_URI, NOW, World, request_event};

/// The settings of the other implementations, equal to those of this one.
fn settings() -> Value {
    json!({"now": NOW, "issuer": ISSUER, "audience": "api://default", "leeway": 60})
}

/// The opinion of an authorizer with this key set and without a token cache.
async fn opinion(input: &Value, event: &Value) -> Opinion {
    let algorithms: Vec<&str> = input["algorithms"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let world = World::new(&[
        ("ALGORITHMS", &algorithms.join(",")),
        ("TOKEN_CACHE_ENTRIES", "0"),
        ("PRINCIPAL_CLAIMS", "sub"),
        ("DPOP", "accept"),
    ]);
    world
        .issuer
        .publish_text(KEYS_URI, input["jwks"].as_str().unwrap());
    world.ask(event).await;
    let reason = world.reason();
    Opinion::accepted_unless(Some(&*reason).filter(|reason| *reason != "granted"))
}

fn opinions(inputs: &[Value], event: fn(&Value) -> Value) -> Vec<Opinion> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let ask = |input| runtime.block_on(opinion(input, &event(input)));
    inputs.iter().map(ask).collect()
}

#[test]
fn tokens_and_key_sets() {
    let mutations = TokenMutations::new();
    Suite {
        name: "tokens",
        plan: &|random| mutations.plan(random),
        build: &|seed, steps| mutations.build(seed, steps),
        here: &|inputs| {
            opinions(inputs, |input| {
                let authorization = format!("Bearer {}", input["token"].as_str().unwrap());
                request_event("GET/state/42", &json!({"Authorization": authorization}))
            })
        },
        settings: settings(),
        judges: vec![
            Judge {
                name: "jose",
                program: "tokens.jose.mjs",
            },
            Judge {
                name: "pyjwt",
                program: "tokens.pyjwt.py",
            },
            Judge {
                name: "oauth4webapi",
                program: "tokens.oauth4webapi.mjs",
            },
        ],
    }
    .run();
}

#[test]
fn proofs() {
    let mutations = ProofMutations::new();
    Suite {
        name: "proofs",
        plan: &|random| mutations.plan(random),
        build: &|seed, steps| mutations.build(seed, steps),
        here: &|inputs| {
            opinions(inputs, |input| {
                let path = input["path"].as_str().unwrap();
                let route = format!(
                    "{}{}",
                    input["method"].as_str().unwrap(),
                    path.strip_prefix("/prod").unwrap()
                );
                let mut event = rest_event_at(&route, path, &json!(null));
                event["multiValueHeaders"] =
                    json!({"Authorization": [input["authorization"]], "DPoP": input["proofs"]});
                event
            })
        },
        settings: settings(),
        judges: vec![Judge {
            name: "oauth4webapi",
            program: "tokens.oauth4webapi.mjs",
        }],
    }
    .run();
}
