//! Finds a fuzz target by its name. The authorizer's targets need only public items, so they are among its tests. The
//! targets of the other packages are in those packages.

use testkit::seeds::FuzzTarget;

#[cfg(feature = "authorizer")]
#[path = "../../authorizer/tests/fuzz/mod.rs"]
mod authorizer_targets;

#[cfg(feature = "authorizer")]
#[path = "../../authorizer/tests/support/mod.rs"]
mod support;

/// Checks an input with a target of the authorizer.
#[cfg(feature = "authorizer")]
pub fn authorizer(name: &str, input: &[u8]) {
    check(&authorizer_targets::TARGETS, name, input);
}

/// Checks an input with a target of the handler.
#[cfg(feature = "handler")]
pub fn handler(name: &str, input: &[u8]) {
    check(&api_handler::fuzz::TARGETS, name, input);
}

/// Checks an input with a target of the local tools.
#[cfg(feature = "local")]
pub fn local(name: &str, input: &[u8]) {
    check(&local::fuzz::TARGETS, name, input);
}

fn check(targets: &[FuzzTarget], name: &str, input: &[u8]) {
    let mut targets = targets.iter();
    let (_, target) = targets.find(|(known, _)| *known == name).unwrap();
    target(input);
}
