//! Mutations of tokens, key sets and proofs.

pub(crate) mod claims;
pub(crate) mod encoding;
pub(crate) mod header;
pub(crate) mod json_text;
pub(crate) mod jws;
pub(crate) mod key_set;
pub(crate) mod key_set_document;
pub(crate) mod keys;
pub(crate) mod numbers;
pub(crate) mod proof;
pub(crate) mod proof_claims;
pub(crate) mod proof_url;
pub(crate) mod signature;
pub(crate) mod token;

use std::collections::BTreeSet;

use testkit::differential::{Step, draw};
use testkit::seeded::Seeded;

/// What a change does.
type Apply<D> = dyn Fn(&mut D, &mut Seeded);

/// A named change to an input under construction.
pub(crate) struct Mutation<D> {
    pub(crate) name: String,
    apply: Box<Apply<D>>,
}

pub(crate) fn mutation<D>(
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
    pub(crate) fn within<E: 'static>(
        self,
        prefix: &str,
        part: fn(&mut E) -> &mut D,
    ) -> Mutation<E> {
        let Self { name, apply } = self;
        mutation(format!("{prefix}{name}"), move |whole: &mut E, random| {
            apply(part(whole), random);
        })
    }
}

/// Every possible change of a kind of input.
pub(crate) struct Mutations<D>(Vec<Mutation<D>>);

impl<D> Mutations<D> {
    /// Two lists may have the same change.
    pub(crate) fn new(mut all: Vec<Mutation<D>>) -> Self {
        let mut names = BTreeSet::new();
        all.retain(|one| names.insert(one.name.clone()));
        Self(all)
    }

    /// Mostly one change, sometimes two or three, and one in fifty inputs stays good.
    pub(crate) fn plan(&self, random: &mut Seeded) -> Vec<Step> {
        let count = match random.below(50) {
            0 => 0,
            1..=34 => 1,
            35..=44 => 2,
            _ => 3,
        };
        let names: Vec<&str> = self.0.iter().map(|one| &*one.name).collect();
        draw(&names, count, random)
    }

    pub(crate) fn apply(&self, steps: &[Step], draft: &mut D) {
        for step in steps {
            (self.0[step.index].apply)(draft, &mut Seeded::new(step.seed));
        }
    }
}
