//! The parts of a template that have no effect here.

/// The parts without an effect here, each with its place.
#[derive(Debug, Default)]
pub(super) struct Warnings(pub(super) Vec<String>);

impl Warnings {
    pub(super) fn add(&mut self, place: &str, why: &str) {
        self.0.push(format!("{place}: {why}"));
    }
}
