//! Every attack that the documentation says is refused, through the whole authorizer: an event in, the whole answer out,
//! and the reason in the log.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests may fail so"
)]

mod support;

#[path = "attacks/answers.rs"]
mod answers;
#[path = "attacks/caching.rs"]
mod caching;
#[path = "attacks/claims.rs"]
mod claims;
#[path = "attacks/conditions.rs"]
mod conditions;
#[path = "attacks/dpop.rs"]
mod dpop;
#[path = "attacks/keys.rs"]
mod keys;
#[path = "attacks/observability.rs"]
mod observability;
#[path = "attacks/promises.rs"]
mod promises;
#[path = "attacks/published_types.rs"]
mod published_types;
#[path = "attacks/revocation.rs"]
mod revocation;
#[path = "attacks/secrets.rs"]
mod secrets;
#[path = "attacks/structure.rs"]
mod structure;
#[path = "attacks/vectors.rs"]
mod vectors;

use support::{World, unauthorized};

/// A token that must be refused for this reason, without a request to the issuer.
#[track_caller]
fn refused_cheaply(world: &World, token: &str, reason: &str) {
    let before = world.issuer.fetches();
    refused(world, token, reason);
    assert_eq!(
        world.issuer.fetches(),
        before,
        "{reason}: a bad token caused a fetch"
    );
}

/// A token that must be refused for this reason.
#[track_caller]
fn refused(world: &World, token: &str, reason: &str) {
    let answer = wait(world.ask_with(token));
    assert_eq!(
        (world.reason().as_str(), &answer),
        (reason, &unauthorized())
    );
    let line = world.log.last();
    assert_eq!(line["decision"], "unauthorized");
    // Of a refused token only the key id is logged.
    assert_eq!(line.get("clientId"), None);
    // The checks called one by one, as tools call them, find the same fault.
    let inspected = wait(world.inspect(token));
    assert!(
        inspected.contains(&reason),
        "{reason} is not in {inspected:?}"
    );
}

/// A token that must be accepted.
#[track_caller]
fn accepted(world: &World, token: &str) {
    let answer = wait(world.ask_with(token));
    assert_eq!(world.reason(), "granted", "{answer}");
    assert_eq!(wait(world.inspect(token)), [""; 0], "{answer}");
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future)
}
