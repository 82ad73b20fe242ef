//! Every attack that the documentation says is refused, through the whole authorizer: an event in, the whole answer out,
//! and the reason in the log.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests may fail so"
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
