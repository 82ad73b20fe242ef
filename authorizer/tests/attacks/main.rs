//! Every attack that the documentation describes, tried on the whole authorizer. The tests compare the whole answer to
//! an event and the reason in the log.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a panic fails the test"
)]

#[path = "../support/mod.rs"]
mod support;

mod allocations;
mod answers;
mod caching;
mod claims;
mod conditions;
mod dpop;
mod keys;
mod observability;
mod promises;
mod published_types;
mod revocation;
mod secrets;
mod structure;
mod vectors;

use support::{World, unauthorized};

/// Checks that a token is refused for this reason, without a request to the issuer.
#[track_caller]
fn refused_cheaply(world: &World, token: &str, reason: &str) {
    let before = world.issuer.fetches();
    refused(world, token, reason);
    assert_eq!(
        world.issuer.fetches(),
        before,
        "{reason}: the token caused a fetch"
    );
}

/// Checks that a token is refused for this reason.
#[track_caller]
fn refused(world: &World, token: &str, reason: &str) {
    let answer = wait(world.ask_with(token));
    assert_eq!(
        (world.reason().as_str(), &answer),
        (reason, &unauthorized())
    );
    let line = world.log.last();
    assert_eq!(line["decision"], "unauthorized");
    // Only the key id of a refused token is logged.
    assert_eq!(line.get("clientId"), None);
    // The separate checks that tools use find the same fault.
    let inspected = wait(world.inspect(token));
    assert!(
        inspected.contains(&reason),
        "{reason} is not in {inspected:?}"
    );
}

/// Checks that a token is accepted.
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
