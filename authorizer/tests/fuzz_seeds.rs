//! The fuzz targets over their seeds. `docs/proof.md` says how to fuzz them.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test: what goes wrong here is its verdict"
)]

mod fuzz;
mod support;

#[test]
fn every_property_holds_for_the_seeds() {
    testkit::seeds::check(&fuzz::TARGETS);
}
