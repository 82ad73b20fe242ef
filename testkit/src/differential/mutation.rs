//! Changes to inputs under construction.

use std::collections::BTreeSet;

use super::{Step, draw};
use crate::seeded::Seeded;

/// What a change does.
type Apply<D> = dyn Fn(&mut D, &mut Seeded);

/// A named change to an input under construction.
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
    /// The same change to a part of something larger. `prefix` distinguishes it from those of other parts.
    pub fn within<E: 'static>(self, prefix: &str, part: fn(&mut E) -> &mut D) -> Mutation<E> {
        let Self { name, apply } = self;
        mutation(format!("{prefix}{name}"), move |whole: &mut E, random| {
            apply(part(whole), random);
        })
    }
}

/// Every possible change of a kind of input.
#[expect(missing_debug_implementations, reason = "holds functions")]
pub struct Mutations<D>(Vec<Mutation<D>>);

impl<D> Mutations<D> {
    /// Two lists may have the same change.
    pub fn new(mut all: Vec<Mutation<D>>) -> Self {
        let mut names = BTreeSet::new();
        all.retain(|one| names.insert(one.name.clone()));
        Self(all)
    }

    /// Mostly one change, sometimes two or three, and one in fifty inputs stays good.
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
