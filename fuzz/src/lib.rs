//! Finds a target by its name. The targets of the authorizer need only what is public, so they are among its tests; those
//! of the other packages are in the packages.

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
