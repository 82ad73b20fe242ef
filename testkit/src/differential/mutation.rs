//! Random changes to an input while it is built.

use std::collections::BTreeSet;

use super::{Step, draw};
use crate::seeded::Seeded;

type Apply<D> = dyn Fn(&mut D, &mut Seeded);

/// A named change to a draft of an input.
#[expect(missing_debug_implementations, reason = "holds functions")]
pub struct Mutation<D> {
    name: String,
    apply: Box<Apply<D>>,
}

pub fn mutation<D>(
    name: impl Into<String>,
    apply: impl Fn(&mut D, &mut Seeded) + 'static,
) -> Mutation<D> {
    Mutation {
        name: name.into(),
        apply: Box::new(apply),
    }
}

impl<D: 'static> Mutation<D> {
    /// The same change, applied to a part of a larger draft. `prefix` distinguishes it from changes to other parts.
    pub fn within<E: 'static>(self, prefix: &str, part: fn(&mut E) -> &mut D) -> Mutation<E> {
        let Self { name, apply } = self;
        mutation(format!("{prefix}{name}"), move |whole: &mut E, random| {
            apply(part(whole), random);
        })
    }
}

/// All possible changes to one kind of input.
#[expect(missing_debug_implementations, reason = "holds functions")]
pub struct Mutations<D>(Vec<Mutation<D>>);

impl<D> Mutations<D> {
    /// Keeps the first of several changes with the same name.
    pub fn new(mut all: Vec<Mutation<D>>) -> Self {
        let mut names = BTreeSet::new();
        all.retain(|one| names.insert(one.name.clone()));
        Self(all)
    }

    /// Draws one change for most inputs, two or three for some, and none for one input in fifty.
    pub fn plan(&self, random: &mut Seeded) -> Vec<Step> {
        let count = match random.below(50) {
            0 => 0,
            1..=34 => 1,
            35..=44 => 2,
            _ => 3,
        };
        self.draw(count, random)
    }

    pub fn draw(&self, count: usize, random: &mut Seeded) -> Vec<Step> {
        let names: Vec<&str> = self.0.iter().map(|one| &*one.name).collect();
        draw(&names, count, random)
    }

    pub fn apply(&self, steps: &[Step], draft: &mut D) {
        for step in steps {
            (self.0[step.index].apply)(draft, &mut Seeded::new(step.seed));
        }
    }
}
