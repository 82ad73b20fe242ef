//! The steps of a model test in words, so that a person can read a failure.

use std::fmt::{self, Display};

/// The steps so far.
#[derive(Debug, Default)]
pub struct Story(Vec<String>);

impl Story {
    /// Adds a step.
    pub fn step(&mut self, step: impl Display) {
        self.0.push(step.to_string());
    }

    /// Adds the outcome of the last step.
    pub fn outcome(&mut self, outcome: impl Display) {
        if let Some(last) = self.0.last_mut() {
            *last = format!("{last}: {outcome}");
        }
    }

    /// The story, after the fault that ends it.
    pub fn ends_wrong(&self, wrong: impl Display) -> String {
        format!("{wrong}\n{self}")
    }
}

impl Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            writeln!(f, "  {}. {step}", index + 1)?;
        }
        Ok(())
    }
}
