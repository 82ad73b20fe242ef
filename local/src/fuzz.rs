//! The fuzz targets. `fuzz/` builds them for libFuzzer, and a test runs them over their seeds.

use testkit::seeds::FuzzTarget;

use crate::commands::why::fuzz::why;
use crate::template::fuzz::{open_api, template};

/// Every target by its name in `fuzz/Cargo.toml`.
pub const TARGETS: [FuzzTarget; 3] = [("open_api", open_api), ("template", template), ("why", why)];

#[cfg(test)]
mod tests {
    #[test]
    fn every_property_holds_for_the_seeds() {
        testkit::seeds::check(&super::TARGETS);
    }
}
