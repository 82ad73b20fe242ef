//! The fuzz targets. `fuzz/` builds them for libFuzzer, and a test runs them on their seeds.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a target panics if its property does not hold"
)]

mod headers;
mod patches;
mod request;

use testkit::seeds::FuzzTarget;

/// The targets by their names in `fuzz/Cargo.toml`.
pub const TARGETS: [FuzzTarget; 5] = [
    ("cursor", headers::cursor),
    ("entity_tags", headers::entity_tags),
    ("handler_event", request::handler_event),
    ("json_patch", patches::json_patch),
    ("merge_patch", patches::merge_patch),
];

#[cfg(test)]
mod tests {
    #[test]
    fn every_property_holds_for_the_seeds() {
        testkit::seeds::check(&super::TARGETS);
    }
}
