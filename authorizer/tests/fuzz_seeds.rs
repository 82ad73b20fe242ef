//! Runs the fuzz targets on their seeds. `docs/proof.md` says how to fuzz them.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

mod fuzz;
mod support;

#[test]
fn every_property_holds_for_the_seeds() {
    testkit::seeds::check(&fuzz::TARGETS);
}
